"""Files with one kind of fault each, made elsewhere: every one with what its README states."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from geoclip_core.photo.decode import Photo, open_photo
from geoclip_core.photo.exif import ExifRecord, read_exif
from geoclip_core.serve.photo_list import list_photos

PARIS, ARICA, SYDNEY = (48.8584, 2.2945), (-18.545425, -70.331222), (-33.856667, 151.215)


@pytest.fixture
def cases(shared_data: Path) -> Path:
    folder = shared_data / "metadata_cases"
    if not folder.is_dir():
        pytest.skip("the files with odd metadata are not on this machine")
    return folder


def read(path: Path) -> tuple[Photo, ExifRecord]:
    photo = open_photo(path)
    return photo, read_exif(photo)


@pytest.mark.parametrize(
    ("name", "latlon"),
    [
        ("xmp_only.jpg", PARIS),
        ("xmp_only_elem.jpg", ARICA),
        ("xmp_dji_only.jpg", (23.2349, 113.4206)),
        ("c_heic_xmp.heic", PARIS),
        ("c_png_xmp.png", PARIS),
        ("c_no_eoi.jpg", ARICA),
        ("blk_gps_in_exififd.jpg", PARIS),
        ("error_5m.jpg", (41.7, -101.5)),
        ("pair_a.jpg", PARIS),
        ("pair_b_500km.jpg", (53.3550, 2.2945)),
        ("pair_c_5km.jpg", (48.9034, 2.2945)),
        ("folder/c_hif.HIF", ARICA),
        ("folder/c_jfif.jfif", ARICA),
        ("folder/c_jpe.jpe", ARICA),
        ("folder/c_mpo_ext.mpo", ARICA),
        ("folder/ref_south.jpg", SYDNEY),
        ("folder/~WRL0001.jpg", SYDNEY),
    ],
)
def test_positions(cases: Path, name: str, latlon: tuple[float, float]) -> None:
    photo, record = read(cases / name)
    assert record.latlon == pytest.approx(latlon, abs=3e-4)
    assert (photo.notes, record.problems) == ((), ())


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("ref_missing.jpg", "which hemisphere"),
        ("gps_status_void.jpg", "void"),
        ("num_whole_deg.jpg", "whole degrees"),
        ("xmp_conflict.jpg", "16,964 km apart"),
    ],
)
def test_what_is_doubtful_is_said(cases: Path, name: str, told: str) -> None:
    _, record = read(cases / name)
    assert told in " ".join(record.warnings)


def test_errors_and_alternatives(cases: Path) -> None:
    assert read(cases / "error_5m.jpg")[1].error_m == pytest.approx(5)
    assert read(cases / "error_5km.jpg")[1].error_m == pytest.approx(5000)
    assert ARICA in [pytest.approx(p, abs=1e-5) for p in read(cases / "ref_missing.jpg")[1].positions[0].points]
    assert len(read(cases / "xmp_conflict.jpg")[1].positions) == 2


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("t_digitized.jpg", datetime(2003, 9, 10, 20, 59, 18)),
        ("t_orig_blank.jpg", datetime(2003, 9, 10, 20, 59, 18)),
        ("t_offset.jpg", datetime(2025, 11, 30, 16, 43, 51, tzinfo=timezone(timedelta(hours=9)))),
        ("t_gps_only.jpg", datetime(2020, 2, 13, 10, 36, 13, tzinfo=UTC)),
    ],
)
def test_times(cases: Path, name: str, taken: datetime) -> None:
    _, record = read(cases / name)
    assert record.taken_at == taken
    assert record.taken_at.tzinfo == taken.tzinfo


def test_words_directions_and_heights(cases: Path) -> None:
    assert read(cases / "iptc_location_text.jpg")[1].place == "Caprile, Veneto, Italy"
    panorama = read(cases / "xmp_gpano.jpg")[1]
    assert (panorama.heading_deg, panorama.projection) == (225.0, "equirectangular")
    assert read(cases / "gps_alt_ref_ascii.jpg")[1].altitude_m == pytest.approx(-10.1)


def test_pixels(cases: Path) -> None:
    photo, record = read(cases / "c_truncated.jpg")
    assert photo.size == (600, 400)
    assert "cut short" in photo.notes[0]
    assert record.latlon == pytest.approx(ARICA, abs=1e-5)
    assert read(cases / "o6_heic.heic")[0].size == (64, 96)


def test_the_photos_of_a_folder(cases: Path) -> None:
    names = {Path(item.path).name for item in list_photos(cases / "folder")}
    assert names == {"c_hif.HIF", "c_jfif.jfif", "c_jpe.jpe", "c_mpo_ext.mpo", "ref_south.jpg", "~WRL0001.jpg"}

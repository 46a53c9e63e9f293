"""Files beside a photo: of photo editors and of Google Takeout."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from geoclip_core.photo.decode import open_photo
from geoclip_core.photo.exif import ExifRecord, read_exif
from tests.photo.containers import encoded, exif_block, gps_entries, packet

LISBON, SYDNEY = (38.7139, -9.1394), (-33.8568, 151.2153)


def takeout(latlon: tuple[float, float] = LISBON, **further: Any) -> str:
    lat, lon = latlon
    return json.dumps(
        {
            "title": "a.jpg",
            "description": "A tram",
            "photoTakenTime": {"timestamp": "1563100200", "formatted": "14 Jul 2019"},
            "geoData": {"latitude": lat, "longitude": lon, "altitude": 12.5, "latitudeSpan": 0.0},
            **further,
        }
    )


def beside(
    folder: Path, name: str, content: str | bytes, photo: str = "a.jpg", data: bytes | None = None
) -> ExifRecord:
    """What is known of a photo with one file beside it."""
    (folder / photo).write_bytes(data or encoded())
    (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return read_exif(open_photo(folder / photo))


@pytest.mark.parametrize(
    ("photo", "name"),
    [
        ("a.jpg", "a.jpg.json"),
        ("a.jpg", "a.json"),
        ("a.jpg", "a.jpg.supplemental-metadata.json"),
        ("a(1).jpg", "a.jpg(1).json"),
        ("a(1).jpg", "a.jpg.supplemental-metadata(1).json"),
        ("a-edited.jpg", "a.jpg.json"),
        ("a_name_of_thirty_letters_so_long.jpg", "a_name_of_thirty_letters_so_long.jpg.supplemen.json"),
    ],
)
def test_takeout_is_read_under_each_of_its_names(tmp_path: Path, photo: str, name: str) -> None:
    record = beside(tmp_path, name, takeout(), photo)
    assert record.latlon == pytest.approx(LISBON)
    assert (record.taken_at, record.altitude_m) == (datetime(2019, 7, 14, 10, 30, tzinfo=UTC), 12.5)
    assert record.caption == "A tram"
    assert record.claims[0].source == f"the file {name}"


@pytest.mark.parametrize("name", ["a.xmp", "a.jpg.xmp"])
def test_the_packet_of_a_photo_editor_is_read(tmp_path: Path, name: str) -> None:
    record = beside(tmp_path, name, packet('exif:GPSLatitude="38,42.834N" exif:GPSLongitude="9,8.364W"'))
    assert record.latlon == pytest.approx(LISBON)


@pytest.mark.parametrize(
    "content", ["{", "[]", '{"latitude": 3}', "null", b"\xff\xfe\x00", '{"geoData": 3}', "9" * 5000]
)
def test_a_file_about_something_else_says_nothing(tmp_path: Path, content: str | bytes) -> None:
    assert beside(tmp_path, "a.json", content) == ExifRecord()


def test_zeros_stand_for_no_position_in_takeout(tmp_path: Path) -> None:
    record = beside(tmp_path, "a.jpg.json", takeout((0.0, 0.0)))
    assert (record.latlon, record.problems) == (None, ())


def test_a_file_beside_a_photo_that_contradicts_it_is_told(tmp_path: Path) -> None:
    inside = encoded(exif=b"Exif\0\0" + exif_block(gps_entries(*SYDNEY)))
    record = beside(tmp_path, "a.jpg.json", takeout(), data=inside)
    assert record.latlon == pytest.approx(SYDNEY)
    assert "the file a.jpg.json says 38.71390, -9.13940" in record.warnings[0]


def test_bytes_have_nothing_beside_them(tmp_path: Path) -> None:
    beside(tmp_path, "a.jpg.json", takeout())
    assert read_exif(open_photo((tmp_path / "a.jpg").read_bytes())) == ExifRecord()

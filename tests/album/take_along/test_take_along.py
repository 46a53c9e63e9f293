"""What is taken along is read back by independent readers, and originals keep every byte."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import geopandas
import gpxpy
import numpy as np
import pytest
from PIL import ExifTags, Image

from geoclip_core.album.album import AlbumPhoto
from geoclip_core.album.entry import Entry
from geoclip_core.album.take_along.pack import write_zip
from geoclip_core.album.take_along.positions import placed_copy, xmp_sidecar
from geoclip_core.album.take_along.tables import ALBUM_FORMATS
from geoclip_core.errors import PhotoError, QueryError
from geoclip_core.photo.decode import open_photo
from geoclip_core.photo.exif import read_exif
from tests.album.entries import LISBON, answered, several, unanswered
from tests.photo_files import jpeg, told_photo


def written(name: str) -> bytes:
    return ALBUM_FORMATS[name].write(several())


def test_geoparquet_is_read_by_geopandas() -> None:
    table = geopandas.read_parquet(io.BytesIO(written("parquet")))
    assert table.crs == "OGC:CRS84"
    assert (table.geometry[0].y, table.geometry[0].x) == LISBON
    assert table.geometry[2].coords[0] == (-9.4, 38.8), "a person's pin is the position to use"
    assert (table.model_latitude[2], table.person_said[2]) == (38.8029, "moved")
    assert table.geometry[3] is None


def test_csv_runs_no_formula_and_begins_with_a_mark() -> None:
    text = written("csv")
    assert text.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(text.decode("utf-8-sig"), newline="")))
    assert [row["status"] for row in rows] == ["answered", "no_evidence", "answered", "failed"]
    assert rows[0]["camera"] == "'=cmd|x"
    assert float(rows[0]["latitude"]) == LISBON[0]


def test_geojson_and_kml_are_read_by_gdal(tmp_path: Path) -> None:
    features = json.loads(written("geojson"))["features"]
    assert [feature["geometry"] is None for feature in features] == [False, True, False, True]
    for name, count in (("geojson", 4), ("kml", 2)):
        path = tmp_path / ALBUM_FORMATS[name].file
        path.write_bytes(written(name))
        table = geopandas.read_file(path)
        assert len(table) == count
        assert (table.geometry.iloc[0].y, table.geometry.iloc[0].x) == pytest.approx(LISBON)


def test_gpx_is_read_by_a_gpx_reader_in_the_order_of_time() -> None:
    read = gpxpy.parse(written("gpx").decode())
    assert [point.name for point in read.waypoints] == ["IMG_1.jpg", "IMG_3.jpg"]
    assert [point.name for point in read.tracks[0].segments[0].points] == ["IMG_1.jpg", "IMG_3.jpg"]
    assert read.waypoints[0].time is None, "the zone is unknown, and GPX times are UTC"


@pytest.mark.parametrize("latlon", [(48.8584, 2.2945), (-33.8568, 151.2153), (0.00001, -179.99999), (-89.5, -0.5)])
def test_a_sidecar_and_a_copy_state_the_position(latlon: tuple[float, float], tmp_path: Path) -> None:
    entry = answered(0, "a.jpg", (1.0, 1.0), "x").moved(latlon)
    (tmp_path / "a.jpg").write_bytes(jpeg())
    (tmp_path / "a.jpg.xmp").write_bytes(xmp_sidecar(entry))
    assert read_exif(open_photo(tmp_path / "a.jpg")).latlon == pytest.approx(latlon, abs=1e-7)
    assert read_exif(open_photo(placed_copy(jpeg(), entry))).latlon == pytest.approx(latlon, abs=1e-7)


def test_a_copy_keeps_the_picture_and_the_rest_of_what_the_file_says() -> None:
    original = told_photo()
    copy = placed_copy(original, answered(0, "a.jpg", LISBON, "Lisbon", radius_km=2.0))
    with Image.open(io.BytesIO(original)) as one, Image.open(io.BytesIO(copy)) as other:
        assert np.array_equal(np.asarray(one), np.asarray(other))
        gps = other.getexif().get_ifd(ExifTags.IFD.GPSInfo)
    assert b"ESTIMATED FROM THE PHOTO" in gps[ExifTags.GPS.GPSProcessingMethod]
    said, before = read_exif(open_photo(copy)), read_exif(open_photo(original))
    assert said.latlon == pytest.approx(LISBON, abs=1e-6)
    assert said.error_m == pytest.approx(2000)
    assert (said.taken_at, said.camera, said.altitude_m) == (before.taken_at, before.camera, before.altitude_m)


def test_a_copy_keeps_no_pointer_to_where_an_old_position_was() -> None:
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif).update({ExifTags.Base.DateTimeOriginal: "2019:07:14 10:30:00", 0x8825: 26})
    copy = placed_copy(jpeg(exif=exif), answered(0, "a.jpg", LISBON, "Lisbon"))
    with Image.open(io.BytesIO(copy)) as picture:
        assert ExifTags.IFD.GPSInfo not in picture.getexif().get_ifd(ExifTags.IFD.Exif)
    assert read_exif(open_photo(copy)).latlon == pytest.approx(LISBON, abs=1e-6)


def test_what_cannot_be_placed_says_why() -> None:
    with pytest.raises(QueryError):
        xmp_sidecar(unanswered(0, "a.jpg"))
    png = io.BytesIO()
    Image.new("RGB", (4, 4)).save(png, "PNG")
    for data in (png.getvalue(), b"\xff\xd8\xff\xe1\xff\xff", b""):
        with pytest.raises(PhotoError):
            placed_copy(data, answered(0, "a.png", LISBON, "Lisbon"))


def test_one_zip_holds_all_and_originals_keep_their_bytes(tmp_path: Path) -> None:
    originals = []
    for number in range(4):
        path = tmp_path / f"{number}.jpg"
        path.write_bytes(told_photo() if number != 2 else b"no photo")
        originals.append(path)
    before = [path.read_bytes() for path in originals]
    entries: list[Entry] = [replace(entry, name="../same.jpg") for entry in several()]
    seen: list[tuple[int, int]] = []
    problems = write_zip(
        entries,
        tmp_path / "all.zip",
        formats=list(ALBUM_FORMATS),
        sidecars=True,
        photos=[AlbumPhoto.of(path) for path in originals],
        progress=lambda done, total: seen.append((done, total)),
    )
    assert len(problems) == 1
    assert [path.read_bytes() for path in originals] == before
    assert seen == [(n, 9) for n in range(1, 10)]
    with zipfile.ZipFile(tmp_path / "all.zip") as file:
        names = file.namelist()
        assert file.testzip() is None
        assert read_exif(open_photo(file.read("photos/_same.jpg"))).latlon == pytest.approx(LISBON, abs=1e-6)
    assert set(names) >= {form.file for form in ALBUM_FORMATS.values()}
    assert [n for n in names if n.startswith("sidecars/")] == ["sidecars/_same.jpg.xmp", "sidecars/_same.jpg (2).xmp"]


def test_a_cancelled_zip_leaves_nothing(tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_zip(several(), tmp_path / "all.zip", formats=["csv"], progress=stop)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(QueryError):
        write_zip(several(), tmp_path / "all.zip", formats=["docx"])

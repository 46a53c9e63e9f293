from __future__ import annotations

import csv
import io
import re
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import ExifTags, Image
from PIL.TiffImagePlugin import IFDRational

from geoclip_core.photo.decode import Photo, open_photo
from geoclip_core.photo.exif import ExifRecord, read_exif, summed_up
from geoclip_core.photo.metadata.exif_block import read_block
from geoclip_core.photo.metadata.positions import HEMISPHERE
from geoclip_core.photo.metadata.tiff import Directories

GPS, BASE = ExifTags.GPS, ExifTags.Base
PARIS: dict[int, Any] = {
    GPS.GPSLatitudeRef: "N",
    GPS.GPSLatitude: (48.0, 51.0, 30.24),
    GPS.GPSLongitudeRef: "E",
    GPS.GPSLongitude: (2.0, 17.0, 40.2),
}


def block(gps: dict[int, Any] | None = None, base: dict[int, Any] | None = None) -> Photo:
    """A photo with such an EXIF block, written and read again."""
    exif = Image.Exif()
    exif.update(base or {})
    if gps is not None:
        exif.get_ifd(ExifTags.IFD.GPSInfo).update(gps)
    stream = io.BytesIO()
    Image.new("RGB", (8, 8)).save(stream, "JPEG", exif=exif)
    return open_photo(stream.getvalue())


def raw(gps: dict[int, Any]) -> ExifRecord:
    """What a block says whose values Pillow would not write."""
    return summed_up([read_block(Directories(gps=gps))])


def test_a_position_is_read() -> None:
    record = read_exif(block(PARIS))
    assert record.latlon == pytest.approx((48.8584, 2.2945))
    assert record.problems == ()


@pytest.mark.parametrize(("north", "east", "signs"), [("S", "E", (-1, 1)), ("N", "W", (1, -1)), ("S", "W", (-1, -1))])
def test_the_hemispheres_give_the_signs(north: str, east: str, signs: tuple[int, int]) -> None:
    record = read_exif(block(PARIS | {GPS.GPSLatitudeRef: north, GPS.GPSLongitudeRef: east}))
    assert record.latlon == pytest.approx((48.8584 * signs[0], 2.2945 * signs[1]))


def test_a_sign_beside_the_letter_does_not_turn_it_round() -> None:
    gps = {1: "S", 2: (-33.5, 0.0, 0.0), 3: "W", 4: (-70.5, 0.0, 0.0)}
    assert raw(gps).latlon == (-33.5, -70.5)


@pytest.mark.parametrize(
    ("latitude", "expected"),
    [
        ((48.8584,), 48.8584),
        (48.8584, 48.8584),
        ((48.0, 51.504), 48.8584),
        ((48.0, 51.504, IFDRational(0, 0)), 48.8584),  # decimal minutes, and no seconds
        ((0.0, 30.0, 0.0), 0.5),
    ],
)
def test_degrees_come_in_one_two_or_three_parts(latitude: Any, expected: float) -> None:
    record = raw(PARIS | {GPS.GPSLatitude: latitude})
    assert record.latlon is not None
    assert record.latlon[0] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("given", "signs"),
    [
        ({}, [(1, 1), (1, -1), (-1, 1), (-1, -1)]),
        ({GPS.GPSLatitudeRef: "S"}, [(-1, 1), (-1, -1)]),
        ({GPS.GPSLongitudeRef: "W"}, [(1, -1), (-1, -1)]),
        ({GPS.GPSLatitudeRef: "?", GPS.GPSLongitudeRef: "E"}, [(1, 1), (-1, 1)]),
    ],
)
def test_without_a_letter_every_hemisphere_is_possible_and_said(
    given: dict[int, Any], signs: list[tuple[int, int]]
) -> None:
    gps: dict[int, Any] = {key: value for key, value in PARIS.items() if key in (GPS.GPSLatitude, GPS.GPSLongitude)}
    record = read_exif(block(gps | given))
    (claim,) = record.positions
    np.testing.assert_allclose(claim.points, [(48.8584 * a, 2.2945 * b) for a, b in signs], atol=1e-9)
    assert record.problems == record.warnings == (HEMISPHERE,)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({GPS.GPSLatitude: (IFDRational(48, 0), 51.0, 30.0)}, "divides by zero"),
        ({GPS.GPSLatitude: (48.0, IFDRational(51, 0), 30.0)}, "divides by zero"),
        ({GPS.GPSLongitude: (IFDRational(0, 0),) * 3}, "divides by zero"),
        ({GPS.GPSLatitude: None}, "incomplete"),
        ({GPS.GPSLongitude: ()}, "incomplete"),
        ({GPS.GPSLatitude: "somewhere"}, "incomplete"),
        ({GPS.GPSLatitude: (float("inf"), 0.0, 0.0)}, "incomplete"),
        ({GPS.GPSLatitude: (90.0, 0.0, 1.0)}, r"latitude of 90\.0003 degrees, beyond 90"),
        ({GPS.GPSLongitude: (359.0, 0.0, 0.0)}, r"longitude of 359\.0000 degrees, beyond 180"),
        ({GPS.GPSLatitude: (0.0, 0.0, 0.0), GPS.GPSLongitude: (0.0, 0.0, 0.0)}, "exactly 0, 0.*no fix"),
    ],
)
def test_a_position_that_makes_no_sense_is_not_used_and_the_reason_is_given(
    change: dict[int, Any], problem: str
) -> None:
    record = raw(PARIS | change)
    assert record.latlon is None
    (said,) = record.problems
    assert re.search(problem, said)


def test_the_edges_of_the_earth_are_on_it() -> None:
    gps = {1: "S", 2: (90.0, 0.0, 0.0), 3: "E", 4: (180.0, 0.0, 0.0)}
    assert raw(gps).latlon == (-90.0, -180.0)
    null_island_street = {1: "N", 2: (0.0, 0.0, 0.0), 3: "E", 4: (6.0, 30.0, 0.0)}
    assert raw(null_island_street).latlon == (0.0, 6.5)


def test_what_is_absent_is_none() -> None:
    assert read_exif(open_photo(Image.new("RGB", (8, 8)))) == ExifRecord()
    assert read_exif(block({}, {})) == ExifRecord()


def test_altitude_heading_and_error() -> None:
    gps = PARIS | {GPS.GPSAltitude: 35.5, GPS.GPSImgDirection: 271.25, GPS.GPSHPositioningError: 4.75}
    record = read_exif(block(gps))
    assert (record.altitude_m, record.heading_deg, record.heading_from) == (35.5, 271.25, "true")
    assert record.error_m == pytest.approx(4.75)
    assert read_exif(block(gps | {GPS.GPSAltitudeRef: b"\x01"})).altitude_m == -35.5
    assert read_exif(block(gps | {GPS.GPSImgDirection: 360.0})).heading_deg == 0.0
    broken: dict[int, Any] = dict.fromkeys(
        (GPS.GPSAltitude, GPS.GPSImgDirection, GPS.GPSHPositioningError), IFDRational(1, 0)
    )
    assert raw(PARIS | broken) == raw(PARIS)
    assert raw(PARIS).altitude_m is None
    assert raw(PARIS | {GPS.GPSHPositioningError: 0}).error_m is None


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ({BASE.DateTimeOriginal: "2019:07:14 10:30:00"}, datetime(2019, 7, 14, 10, 30)),
        ({BASE.DateTime: "2019:07:14 10:30:00"}, None),
        ({BASE.DateTimeOriginal: "2001:01:01 00:00:00", BASE.DateTime: "2019:07:14 10:30:00"}, datetime(2001, 1, 1)),
        (
            {BASE.DateTimeOriginal: "2019:07:14 10:30:00", BASE.OffsetTimeOriginal: "+05:30"},
            datetime(2019, 7, 14, 10, 30, tzinfo=timezone(timedelta(hours=5, minutes=30))),
        ),
        ({BASE.DateTimeOriginal: "2019:07:14 10:30:00", BASE.OffsetTimeOriginal: "?"}, datetime(2019, 7, 14, 10, 30)),
        ({BASE.DateTimeOriginal: "0000:00:00 00:00:00"}, None),
        ({BASE.DateTimeOriginal: "    "}, None),
    ],
)
def test_the_time_is_read(base: dict[int, Any], expected: datetime | None) -> None:
    record = read_exif(block(base=base))
    assert record.taken_at == expected
    assert record.problems == ()


def test_a_time_that_cannot_be_read_is_said() -> None:
    record = read_exif(block(base={BASE.DateTimeOriginal: "yesterday at noon"}))
    assert (record.taken_at, record.problems) == (
        None,
        ("The file gives a time that cannot be read ('yesterday at noon').",),
    )


@pytest.mark.parametrize(
    ("maker", "model", "expected"),
    [
        ("Apple", "iPhone 4", "Apple iPhone 4"),
        ("Canon", "Canon EOS 5D", "Canon EOS 5D"),
        ("", "X100", "X100"),
        ("Nikon\0\0  ", "", "Nikon"),
        ("\0", "", None),
        ("M" * 500, "", "M" * 80),
    ],
)
def test_the_camera_is_named_once(maker: str, model: str, expected: str | None) -> None:
    assert read_exif(block(base={BASE.Make: maker, BASE.Model: model})).camera == expected


def test_a_damaged_block_is_said_to_be_damaged() -> None:
    stream = io.BytesIO()
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.GPSInfo).update(PARIS)
    Image.new("RGB", (8, 8)).save(stream, "JPEG", exif=exif)
    data = stream.getvalue()
    start = data.index(b"Exif\0\0") + 6
    size = int.from_bytes(data[start - 8 : start - 6], "big")
    kept = 90  # of the block's bytes: the table of the position is there, its numbers are not
    header = (kept + 8).to_bytes(2, "big")
    cut = data[: start - 8] + header + data[start - 6 : start + kept] + data[start - 8 + size :]
    record = read_exif(open_photo(cut))
    assert record.latlon is None
    assert "damaged" in " ".join(record.problems)


def test_positions_of_real_cameras_are_read(shared_data: Path) -> None:
    with (shared_data / "exif" / "photos.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) > 20
    for row in rows:
        record = read_exif(open_photo(shared_data / "exif" / "photos" / row["image"]))
        expected = (float(row["latitude"]), float(row["longitude"]))
        assert record.latlon == pytest.approx(expected, abs=1e-5), row["image"]

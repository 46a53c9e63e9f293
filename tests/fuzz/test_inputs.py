"""Made-up input of every kind: an answer or an error of this package, never another exception, and never for long."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from geoclip_core.earth.points import read_points
from geoclip_core.earth.regions import LONGEST_TEXT, parse_region
from geoclip_core.errors import GeoclipError, NoEvidenceError
from geoclip_core.photo.decode import open_photo
from geoclip_core.photo.exif import read_exif
from tests.conftest import FUZZ
from tests.photo.containers import encoded, exif_block, gps_entries, packet

MOST_SECONDS = 5.0
"""Of the processor: far more than any input needs; what takes longer hangs."""
CASES = 1500 * FUZZ
"""Made-up cases of each test but that of texts, which takes a hundred times as long for each."""

pytestmark = pytest.mark.slow
few = settings(
    max_examples=CASES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
)

WORDS = ("FR", "EU", "!FR", "-DE", "continent:", "Texas", "US-TX", "km", "🇫🇷", "nan", "inf", "1e999", "-91", "180", "٣")
POINTS = np.array([[48.85, 2.35], [0.0, 0.0], [-90.0, 180.0 - 1e-9], [89.9, -180.0]])


def survives(ask: Callable[[], Any]) -> Any:
    """What it returns, or None where it refuses; anything else fails the test, and so does taking long."""
    began = time.process_time()
    try:
        return ask()
    except GeoclipError as error:
        refused = str(error)
    finally:
        assert time.process_time() - began < MOST_SECONDS, "it hangs"
    assert len(refused) < 2_000
    return None


regions = st.one_of(
    st.text(max_size=40),
    st.lists(st.sampled_from(WORDS), max_size=6).map(",".join),
    st.lists(st.floats(width=32).map(str), max_size=6).map(",".join),
    st.lists(st.text("0123456789.,-; kmiKMI°NSEW", max_size=20), max_size=4).map(";".join),
)


@few
@given(regions)
@example("1.2.3,4,5 km")
@example(";" * 50)
@example("0,0,1" + "0" * 400)
@example("x" * (LONGEST_TEXT + 1))
def test_regions(text: str) -> None:
    region = survives(lambda: parse_region(text))
    if region is not None:
        south, west, north, east = region.bounds
        assert -90 <= south <= north <= 90
        assert all(np.isfinite([south, west, north, east]))
        assert region.contains(POINTS).shape == (4,)
        assert region.label


@few
@given(st.binary(max_size=300))
@example(b"\x89PNG\r\n\x1a\n")
@example(b"RIFF\0\0\0\0WEBPVP8 ")
@example(b"\0\0\0\x18ftypheic")
@example(b"II*\0\x08\0\0\0\xff\xff")
@example(b"GIF89a\xff\xff\xff\xff\x80\0\0")
@example(b"\xff\xd8\xff\xe1\xff\xffExif\0\0")
def test_bytes_that_may_be_photos(data: bytes) -> None:
    photo = survives(lambda: open_photo(data, pixels_needed=False))
    if photo is not None:
        read_exif(photo)


@few
@given(st.binary(max_size=400), st.binary(max_size=200))
def test_metadata_blocks_inside_a_whole_photo(exif: bytes, xmp: bytes) -> None:
    data = encoded(exif=b"Exif\0\0" + exif, xmp=xmp)
    record = survives(lambda: read_exif(open_photo(data, pixels_needed=False)))
    assert record is not None
    assert all(abs(lat) <= 90 and -180 <= lon < 180 for c in record.positions for lat, lon in c.points)


@few
@given(st.data())
def test_a_gps_block_with_changed_bytes(data: st.DataObject) -> None:
    block = bytearray(exif_block(gps_entries(-33.8568, 151.2153)))
    for _ in range(data.draw(st.integers(1, 6))):
        block[data.draw(st.integers(0, len(block) - 1))] = data.draw(st.integers(0, 255))
    assert survives(lambda: read_exif(open_photo(encoded(exif=b"Exif\0\0" + bytes(block)), pixels_needed=False)))


def bomb(entity: str) -> bytes:
    """Ten levels of entities of ten references each: ten thousand million words where they are expanded."""
    levels = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 11))
    text = packet(f'photoshop:City="{entity}"').decode()
    return f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e0 "Sydney">{levels}]>{text}'.encode()


@pytest.mark.parametrize("xmp", [bomb("&e10;"), b"<x>" * 100_000, b"<a b='" + b"x" * 1_000_000 + b"'/>"])
def test_packets_that_would_grow_or_nest_do_neither(xmp: bytes) -> None:
    data = with_packet(xmp)
    record = survives(lambda: read_exif(open_photo(data, pixels_needed=False)))
    assert record is not None
    assert len(record.place or "") < 1000


def with_packet(xmp: bytes) -> bytes:
    """A PNG, which holds packets of any length."""
    from PIL import Image, PngImagePlugin

    stream, told = io.BytesIO(), PngImagePlugin.PngInfo()
    told.add_itxt("XML:com.adobe.xmp", xmp.decode())
    Image.new("RGB", (8, 8)).save(stream, "PNG", pnginfo=told)
    return stream.getvalue()


def test_a_directory_that_leads_to_itself_ends() -> None:
    block = bytearray(exif_block(gps_entries(-33.8568, 151.2153)))
    loop = b"II*\0\x08\0\0\0" + b"\x01\0" + b"\x69\x87\x04\0\x01\0\0\0\x08\0\0\0" + b"\x08\0\0\0"
    for data in (loop, loop + bytes(block), loop * 200):
        survives(lambda data=data: read_exif(open_photo(encoded(exif=b"Exif\0\0" + data), pixels_needed=False)))


@few
@given(st.one_of(st.text(max_size=200), st.lists(st.text("lat,on.\n\r\"'-0159;=\t\0", max_size=20)).map("\n".join)))
@example("latitude,longitude\n1,2\n3")
@example("latitude,longitude\n=1+1,2")
@example("lat,lon\nnan,inf")
def test_tables_of_points(tmp_path: Path, text: str) -> None:
    table = tmp_path / "points.csv"
    table.write_bytes(text.encode("utf-8", "surrogatepass"))
    points = survives(lambda: read_points(table))
    if points is not None:
        assert np.isfinite(points).all()


@pytest.fixture(scope="module")
def warm_locator(embedded_locator: Any) -> Any:
    """The model with all its tables loaded."""
    for text in ("Giza", "snow on a wide empty plain"):
        with suppress(NoEvidenceError):  # the second one loads the model of meanings, whatever it finds
            embedded_locator.locate(text=text)
    return embedded_locator


PIECES = ("Paris", "20 km", "north of", "between", "not in", "and", "48.85", "°", "N", ",", "富士山", "u4pruy")
texts = st.one_of(st.text(max_size=80), st.lists(st.sampled_from(PIECES)).map(" ".join))


@settings(few, max_examples=CASES // 60)
@given(texts)
@example("Springfield, " * 150)
@example("A" * 2000)
@example("﷽" * 600)
@example("((((" * 400)
@example("<a " * 600)
@example("-" * 2000)
@example("1 " * 999)
def test_texts(warm_locator: Any, text: str) -> None:
    survives(lambda: warm_locator.locate(text=text, top_k=2))

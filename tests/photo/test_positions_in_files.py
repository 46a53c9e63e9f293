"""Positions written into every container and read back, wherever writers put them."""

from __future__ import annotations

import binascii
import random

import numpy as np
import pytest

from geoclip_core.errors import PhotoError
from geoclip_core.photo.decode import open_photo
from geoclip_core.photo.exif import ExifRecord, read_exif
from tests.photo.containers import (
    KINDS,
    encoded,
    exif_block,
    gps_entries,
    packet,
    with_exif,
    with_png_chunk,
    with_segment,
    with_xmp,
)

SYDNEY, PARIS = (-33.8568, 151.2153), (48.8584, 2.2945)


def read(data: bytes) -> ExifRecord:
    return read_exif(open_photo(data))


def chance_points() -> list[tuple[float, float]]:
    """Five points of chance in every quadrant of the Earth."""
    chance = random.Random(48)
    return [
        (a * chance.uniform(0.001, 89.9), b * chance.uniform(0.001, 179.9))
        for a in (1, -1)
        for b in (1, -1)
        for _ in range(5)
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_positions_in_exif_come_back(kind: str) -> None:
    for point in chance_points():
        record = read(with_exif(kind, exif_block(gps_entries(*point))))
        np.testing.assert_allclose(record.latlon, point, atol=1e-6)
        assert record.problems == ()


def xmp_forms(lat: float, lon: float) -> list[bytes]:
    """A position in the ways in which programs write it into a packet."""
    south_north, east_west = "NS"[lat < 0], "EW"[lon < 0]

    def minutes(value: float) -> str:
        return f"{int(abs(value))},{abs(value) % 1 * 60:.7f}"

    def seconds(value: float) -> str:
        whole, rest = divmod(abs(value) % 1 * 3600, 60)
        return f"{int(abs(value))},{int(whole)},{rest:.6f}"

    return [
        packet(f'exif:GPSLatitude="{minutes(lat)}{south_north}" exif:GPSLongitude="{minutes(lon)}{east_west}"'),
        packet(
            elements=f"<exif:GPSLatitude>{seconds(lat)}{south_north}</exif:GPSLatitude>"
            f"<exif:GPSLongitude>{seconds(lon)}{east_west}</exif:GPSLongitude>"
        ),
        packet(f'exif:GPSLatitude="{lat:.8f}" exif:GPSLongitude="{lon:.8f}"'),
        packet(
            f'exif:GPSLatitude="{minutes(lat)}" exif:GPSLatitudeRef="{south_north}" '
            f'exif:GPSLongitude="{minutes(lon)}" exif:GPSLongitudeRef="{east_west}"'
        ),
        packet(f'drone-dji:GpsLatitude="{lat:+.8f}" drone-dji:GpsLongitude="{lon:+.8f}"'),
        packet(f'drone-dji:GpsLatitude="{lat:+.8f}" drone-dji:GpsLongtitude="{lon:+.8f}"'),
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_positions_in_xmp_come_back(kind: str) -> None:
    for number, point in enumerate(chance_points()):
        forms = xmp_forms(*point)
        for form in forms if number % 5 == 0 else forms[:1]:
            record = read(with_xmp(kind, form))
            np.testing.assert_allclose(record.latlon, point, atol=1e-6, err_msg=form.decode())
            assert record.problems == ()


def test_minutes_without_a_letter_leave_the_hemisphere_open() -> None:
    record = read(with_xmp("JPEG", packet('exif:GPSLatitude="33,51.408" exif:GPSLongitude="151,12.918"')))
    assert len(record.positions[0].points) == 4
    assert len(record.warnings) == 1


def test_a_position_is_found_in_odd_places() -> None:
    block = exif_block(gps_entries(*SYDNEY))
    exif = b"Exif\0\0" + block
    first = encoded(exif=b"Exif\0\0" + b"II*\0\x08\0\0\0\0\0\0\0\0\0")
    profile = b"\nexif\n" + f"{len(exif):8d}\n".encode() + binascii.hexlify(exif) + b"\n"
    files = {
        "in the directory of the picture's taking": with_exif(
            "JPEG", exif_block(gps_entries(*SYDNEY), inside_exif=True)
        ),
        "in a second block": with_segment(first, 0xE1, exif),
        "in a raw profile of PNG": with_png_chunk(encoded("PNG"), b"tEXt", b"Raw profile type exif\0" + profile),
        "in a raw profile called APP1": with_png_chunk(encoded("PNG"), b"tEXt", b"Raw profile type APP1\0" + profile),
        "in WebP with the name of JPEG's segment": encoded("WEBP", exif=exif),
        "behind rubbish between segments": (j := with_exif("JPEG", block))[:2] + b"\0\0\0" + j[2:],
    }
    for where, data in files.items():
        record = read_exif(open_photo(data, pixels_needed=False))
        assert record.latlon == pytest.approx(SYDNEY), where


def test_two_blocks_that_disagree_are_told() -> None:
    data = with_exif("JPEG", exif_block(gps_entries(*PARIS)))
    record = read(with_segment(data, 0xE1, b"Exif\0\0" + exif_block(gps_entries(*SYDNEY))))
    assert [claim.points[0] for claim in record.positions] == [pytest.approx(SYDNEY), pytest.approx(PARIS)]
    assert "16,9" in record.warnings[0]
    assert "EXIF block 2 says 48.85840, 2.29450" in record.warnings[0]


def test_blocks_that_agree_are_one_place_and_settle_the_hemisphere() -> None:
    lettered = packet('exif:GPSLatitude="33,51.408S" exif:GPSLongitude="151,12.918E"')
    unlettered = [entry for entry in gps_entries(*SYDNEY) if entry[0] in (2, 4)]
    record = read(encoded(exif=b"Exif\0\0" + exif_block(unlettered), xmp=lettered))
    (claim,) = record.positions
    assert claim.points == (pytest.approx(SYDNEY),)
    assert record.problems == ()


@pytest.mark.parametrize(
    ("kind", "what", "instead"),
    [
        ("PNG", b"IDAT", b"IDXX"),
        ("WEBP", b"VP8", b"XXX"),
        ("HEIF", b"hvcC", b"xxxx"),
        ("AVIF", b"av1C", b"xxxx"),
        ("TIFF", b"\x03\x01\x03\0\x01\0\0\0\x01", b"\x03\x01\x03\0\x01\0\0\0\x63"),  # a packing that is none
        ("JPEG", b"\xff\xdb", b"\xff\xd9"),
    ],
)
def test_a_file_without_readable_pixels_still_says_where_it_was_taken(kind: str, what: bytes, instead: bytes) -> None:
    data = with_exif(kind, exif_block(gps_entries(*SYDNEY)))
    assert what in data
    broken = data.replace(what, instead)
    with pytest.raises(PhotoError, match="damaged"):
        open_photo(broken)
    photo = open_photo(broken, pixels_needed=False)
    assert photo.pixels is None
    assert "only what the file says of itself" in photo.notes[0]
    assert read_exif(photo).latlon == pytest.approx(SYDNEY)
    with pytest.raises(PhotoError, match="damaged"):
        _ = photo.image
    with pytest.raises(PhotoError, match="damaged"):  # and where it says nothing, it is refused as before
        open_photo(encoded(kind).replace(what, instead), pixels_needed=False)


def test_a_packet_that_declares_entities_is_not_parsed() -> None:
    bomb = packet('exif:GPSLatitude="1,2N" exif:GPSLongitude="1,2E"')
    bomb = bomb.replace(b"<rdf:RDF", b'<!DOCTYPE a [<!ENTITY b "c">]><rdf:RDF', 1)
    record = read(with_xmp("JPEG", bomb))
    assert (record.latlon, record.problems) == (None, ("The XMP packet is damaged and was not read.",))

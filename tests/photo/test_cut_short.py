"""WebP, HEIC and AVIF files, compressed TIFF files and progressive JPEG files that are cut short."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from PIL import Image

from geoclip_core.errors import PhotoError
from geoclip_core.photo.cut_short import missing_bytes
from geoclip_core.photo.decode import open_photo
from geoclip_core.photo.exif import read_exif
from tests.photo.containers import encoded, exif_block, gps_entries

CUT = "The file is cut short: the rest of the picture is missing, and is grey here."
SYDNEY = (-33.8568, 151.2153)


def noisy(width: int = 128, height: int = 112) -> Image.Image:
    return Image.effect_noise((width, height), 60).convert("RGB")


@pytest.mark.parametrize(
    ("kind", "settings"),
    [("WEBP", {"lossless": True}), ("WEBP", {"quality": 80}), ("HEIF", {}), ("AVIF", {})],
)
def test_the_upper_part_is_shown_and_the_rest_is_grey(kind: str, settings: dict[str, object]) -> None:
    stream = io.BytesIO()
    noisy().save(stream, kind, **settings)
    data = stream.getvalue()
    share = 0.8
    photo = open_photo(data[: int(share * len(data))])
    assert (photo.format, photo.notes) == (kind, (CUT,))
    shown, whole = np.asarray(photo.image), np.asarray(open_photo(data).image)
    rows = int(np.flatnonzero(np.ptp(shown, axis=(1, 2)) > 0)[-1]) + 1
    assert 0.25 * len(whole) < rows < len(whole)
    np.testing.assert_array_equal(shown[:rows], whole[:rows])
    assert (shown[rows:] == 128).all()


def test_a_turned_picture_loses_another_side() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encoded("HEIF", noisy(), exif=exif.tobytes())  # pillow_heif then writes irot
    photo = open_photo(data[: int(0.7 * len(data))])
    shown, whole = np.asarray(photo.image), np.asarray(open_photo(data).image)
    assert photo.size == (112, 128)
    known = np.flatnonzero(np.ptp(shown, axis=(0, 2)) > 0)
    assert 20 < len(known) < 112
    np.testing.assert_array_equal(shown[:, known], whole[:, known])


@pytest.mark.parametrize("kind", ["WEBP", "HEIF", "AVIF"])
def test_whole_files_lack_nothing(kind: str) -> None:
    data = encoded(kind, noisy(64, 48))
    assert missing_bytes(data) == 0
    assert missing_bytes(data[:-20]) == 20
    assert open_photo(data).notes == ()


def test_where_no_decoder_makes_anything_of_it_the_claims_stay() -> None:
    block = b"Exif\0\0" + exif_block(gps_entries(*SYDNEY))
    data = encoded("HEIF", noisy(), exif=block)
    start = data.index(b"mdat")
    head = data[: data.index(block[6:], start) + len(block)] if block[6:] in data[start:] else data[: start + 400]
    with pytest.raises(PhotoError, match="damaged or cut short"):
        open_photo(head[: start + 200])
    photo = open_photo(head, pixels_needed=False)
    assert read_exif(photo).latlon == pytest.approx(SYDNEY)


def test_a_size_that_no_file_has_is_not_believed() -> None:
    data = bytearray(encoded("WEBP", noisy(64, 48)))
    data[4:8] = struct.pack("<I", 0xFFFFFFF0)
    assert missing_bytes(bytes(data)) == 0


def test_a_progressive_jpeg_that_is_cut_short_is_coarser() -> None:
    data = encoded(image=noisy(), progressive=True)
    photo = open_photo(data[: int(0.6 * len(data))])
    assert photo.notes == ("The file is cut short: the finer parts of the picture are missing.",)
    assert np.ptp(np.asarray(photo.image)[-8:]) > 0


def test_a_compressed_tiff_with_its_directory_in_front_shows_its_upper_part() -> None:
    whole = encoded("TIFF", noisy(), compression="tiff_adobe_deflate", tiffinfo={278: 16})
    photo = open_photo(directory_first(whole)[: int(0.7 * len(whole))])
    assert photo.notes == ("The file is cut short: the rest of the picture is missing, and is blank here.",)
    np.testing.assert_array_equal(np.asarray(photo.image)[:64], np.asarray(open_photo(whole).image)[:64])


def directory_first(tiff: bytes) -> bytes:
    """The same picture with the table of its parts in front of them, as most cameras and programs write it."""
    start = struct.unpack_from("<I", tiff, 4)[0]
    entries = struct.unpack_from("<H", tiff, start)[0]
    size = len(tiff) - start
    table = bytearray(tiff[start:])
    for i in range(entries):
        at = 2 + 12 * i
        tag, kind, count = struct.unpack_from("<HHI", table, at)
        long = count * {1: 1, 2: 1, 3: 2, 4: 4, 5: 8}[kind] > 4
        place = struct.unpack_from("<I", table, at + 8)[0]
        if tag == 273:  # where the strips are
            for k in range(count):
                struct.pack_into(
                    "<I", table, place - start + 4 * k, struct.unpack_from("<I", tiff, place + 4 * k)[0] + size
                )
        if long:
            struct.pack_into("<I", table, at + 8, place - start + 8 if place >= start else place + size)
    return tiff[:4] + struct.pack("<I", 8) + bytes(table) + tiff[8:start]

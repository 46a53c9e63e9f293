"""Pictures that are not whole, too large, turned, or raw: what there is of them is shown, and said."""

from __future__ import annotations

import io
import struct
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from geoclip_core.errors import PhotoError
from geoclip_core.photo import pixels
from geoclip_core.photo.budget import PixelBudget
from geoclip_core.photo.decode import open_photo
from geoclip_core.photo.exif import read_exif
from tests.photo.containers import directory, encoded, exif_block, gps_entries
from tests.photo.test_decode import smooth

SYDNEY = (-33.8568, 151.2153)
CUT = "The file is cut short: the rest of the picture is missing, and is grey here."


def noisy(width: int = 200, height: int = 160) -> Image.Image:
    return Image.effect_noise((width, height), 60).convert("RGB")


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_without_its_last_bytes_is_shown_whole(progressive: bool) -> None:
    data = encoded(image=noisy(), progressive=progressive)
    photo = open_photo(data[:-2])
    assert photo.notes == ()
    np.testing.assert_array_equal(np.asarray(photo.image), np.asarray(open_photo(data).image))


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_of_a_jpeg_that_is_cut_short_there_is_what_there_is(share: float) -> None:
    data = encoded(image=noisy())
    photo = open_photo(data[: int(share * len(data))])
    assert photo.notes == (CUT,)
    shown, whole = np.asarray(photo.image), np.asarray(open_photo(data).image)
    rows = int((share - 0.1) * len(whole))
    np.testing.assert_array_equal(shown[:rows], whole[:rows])
    assert np.ptp(shown[-8:, -8:]) == 0


def test_a_jpeg_of_which_nothing_is_left_is_refused() -> None:
    data = encoded(image=noisy())
    with pytest.raises(PhotoError, match="nothing of the picture is there"):
        open_photo(data[: data.index(b"\xff\xda") + 16])


def test_a_very_large_jpeg_is_read_at_a_reduced_scale(monkeypatch: pytest.MonkeyPatch) -> None:
    large = noisy(403, 301)
    monkeypatch.setattr(pixels, "MAX_PIXELS", 300 * 300)
    photo = open_photo(encoded(image=large))
    assert photo.size == (202, 151)
    assert photo.notes == ("The photo has 0 million pixels; it was read at 1/2 scale.",)
    for data in (encoded("PNG", large), encoded(image=large, progressive=True)):
        with pytest.raises(PhotoError, match="403 x 301"):
            open_photo(data)
    monkeypatch.setattr(pixels, "MAX_REDUCED_PIXELS", 300 * 400)
    with pytest.raises(PhotoError, match="403 x 301"):
        open_photo(encoded(image=large))


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("PNG", {}),
        ("TIFF", {}),
        ("TIFF", {"compression": "raw", "tiffinfo": {278: 8}}),
    ],
)
def test_of_other_files_that_are_cut_short_there_is_what_there_is(kind: str, settings: dict[str, object]) -> None:
    data = encoded(kind, noisy(), **settings)
    photo = open_photo(data[: int(0.6 * len(data))])
    assert "The file is cut short: the rest of the picture is missing, and is blank here." in photo.notes
    shown, whole = np.asarray(photo.image), np.asarray(open_photo(data).image)
    np.testing.assert_array_equal(shown[:64], whole[:64])
    assert not shown[-16:].any()


def test_a_bmp_file_that_is_cut_short_shows_its_lower_part() -> None:
    data = encoded("BMP", noisy())
    photo = open_photo(data[: int(0.6 * len(data))])
    assert photo.notes == ("The file is cut short: the rest of the picture is missing, and is blank here.",)
    np.testing.assert_array_equal(np.asarray(photo.image)[-64:], np.asarray(open_photo(data).image)[-64:])


def test_a_png_of_which_nothing_is_left_is_refused() -> None:
    data = encoded("PNG", noisy())
    with pytest.raises(PhotoError, match="nothing of the picture is there"):
        open_photo(data[: data.index(b"IDAT") + 4])


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "1", "RGBA", "I;16", "F"])
def test_other_very_large_pictures_are_reduced_after_decoding(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    large = smooth(1204, 604).convert("L").convert(mode) if mode != "RGB" else smooth(1204, 604)
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encoded("TIFF" if mode == "F" else "PNG", large, **({} if mode == "F" else {"exif": exif}))
    whole = open_photo(data)
    monkeypatch.setattr(pixels, "REDUCED_FROM_PIXELS", 500_000)
    monkeypatch.setattr(pixels, "REDUCED_SIDE", 150)
    photo = open_photo(data)
    assert photo.size == ((301, 151) if mode == "F" else (151, 301))
    assert photo.notes[0] == "The photo has 1 million pixels; it was read at 1/4 scale."
    shown, expected = (
        np.asarray(p, np.float64) for p in (photo.image, whole.image.resize(photo.size, Image.Resampling.BOX))
    )
    assert np.abs(shown - expected).mean() < 6


def test_ordinary_photos_are_never_reduced() -> None:
    assert pixels._scale((8192, 6144), (8, 4, 2)) == 1
    assert pixels._scale((12_000, 9_000), (8, 4, 2)) == 4
    assert pixels._scale((15_000, 10_000), (8, 4, 2)) == 4
    assert pixels._scale((40_000, 3_000), (8, 4, 2)) == 1  # a panorama


def test_no_more_is_decoded_at_a_time_than_the_budget_allows() -> None:
    budget, together, most, lock = PixelBudget(100, 3), [0], [0], threading.Lock()

    def decode(pixels: int) -> None:
        with budget.take(pixels):
            with lock:
                together[0] += min(pixels, 100)
                most[0] = max(most[0], together[0])
            time.sleep(0.001)
            with lock:
                together[0] -= min(pixels, 100)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(decode, [10, 60, 70, 1000, 5, 40] * 8))
    assert 60 <= most[0] <= 100
    with budget.take(100):
        pass


@pytest.mark.slow
def test_a_photo_of_two_hundred_million_pixels_is_read() -> None:
    photo = open_photo(encoded(image=Image.new("RGB", (16_320, 12_240), (90, 120, 40))))
    assert photo.size == (4080, 3060)
    assert photo.notes == ("The photo has 200 million pixels; it was read at 1/4 scale.",)


def test_heic_is_turned_once_whether_the_container_or_only_exif_says_so() -> None:
    picture = smooth(96, 64)
    seen = []
    for itself, as_bytes in ((False, False), (True, True)):
        exif = Image.Exif()
        exif[0x0112] = 6
        data = encoded("HEIF", picture, exif=exif.tobytes() if as_bytes else exif)
        assert (b"irot" in data) == itself  # pillow_heif writes the one or the other
        seen.append(np.asarray(open_photo(data).image, np.float64))
    expected = np.asarray(picture.transpose(Image.Transpose.ROTATE_270), np.float64)
    for shown in seen:
        assert np.abs(shown - expected).max() < 20


def test_avif_is_turned_as_its_container_says() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encoded("AVIF", smooth(96, 64), exif=exif)
    assert b"irot" in data
    expected = np.asarray(smooth(96, 64).transpose(Image.Transpose.ROTATE_270), np.float64)
    assert np.abs(np.asarray(open_photo(data).image, np.float64) - expected).max() < 20


def raw_file(preview: bytes, entries: list[tuple[int, int, int, bytes]]) -> bytes:
    """A TIFF file with these tags, a position, and a preview somewhere behind."""
    return exif_block(gps_entries(*SYDNEY), sorted(entries)) + bytes(100) + preview


@pytest.mark.parametrize(
    ("entries", "kind"),
    [
        ([(0xC612, 1, 4, b"\1\4\0\0")], "DNG"),
        ([(0x010F, 2, 6, b"NIKON\0"), (0x0103, 3, 1, struct.pack("<H", 34713))], "NIKON raw"),
        ([(0x0106, 3, 1, struct.pack("<H", 32803))], "raw"),
    ],
)
def test_raw_files_are_named_and_shown_by_their_largest_preview(
    entries: list[tuple[int, int, int, bytes]], kind: str
) -> None:
    small, large = encoded(image=noisy(16, 12)), encoded(image=noisy(64, 48))
    photo = open_photo(raw_file(small + large, entries))
    assert (photo.size, photo.format) == ((64, 48), "RAW")
    assert photo.notes == (f"It is a raw file ({kind}); its embedded preview of 64 x 48 pixels was used.",)
    assert read_exif(photo).latlon == pytest.approx(SYDNEY)


def test_a_raw_file_without_a_preview_still_says_where_it_was_taken() -> None:
    data = raw_file(b"", [(0xC612, 1, 4, b"\1\4\0\0")])
    with pytest.raises(PhotoError, match=r"raw file \(DNG\) without a preview.*export it as JPEG"):
        open_photo(data)
    assert read_exif(open_photo(data, pixels_needed=False)).latlon == pytest.approx(SYDNEY)


def test_the_blocks_of_a_cr3_file_are_read() -> None:
    camera = b"II*\0\x08\0\0\0" + directory([(0x010F, 2, 6, b"Canon\0")], 8)
    position = b"II*\0\x08\0\0\0" + directory([(0, 1, 4, b"\2\3\0\0"), *gps_entries(*SYDNEY)], 8)
    boxes = [(b"CMT1", camera), (b"CMT4", position)]
    data = struct.pack(">I", 16) + b"ftypcrx \0\0\0\1"
    data += b"".join(struct.pack(">I", 8 + len(content)) + name + content for name, content in boxes)
    photo = open_photo(data + encoded(image=noisy(64, 48)))
    record = read_exif(photo)
    assert (photo.size, record.camera) == ((64, 48), "Canon")
    assert record.latlon == pytest.approx(SYDNEY)


def test_the_turning_of_a_raw_file_is_that_of_its_preview() -> None:
    turned = [(0x0112, 3, 1, b"\6\0"), (0xC612, 1, 4, b"\1\4\0\0")]
    assert open_photo(raw_file(encoded(image=noisy(64, 48)), turned)).size == (48, 64)


def test_a_file_may_begin_with_a_tilde(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "~WRL0001.jpg").write_bytes(encoded())
    (tmp_path / "~x").mkdir()
    (tmp_path / "~x" / "a.jpg").write_bytes(encoded())
    for path in ("~WRL0001.jpg", "~x/a.jpg", "~/~WRL0001.jpg"):
        assert open_photo(path).size == (64, 48)


def test_a_directory_that_leads_into_itself_ends() -> None:
    loop = b"II*\0\x08\0\0\0" + directory([(0x8769, 4, 1, struct.pack("<I", 8))], 8)[:-4] + struct.pack("<I", 8)
    assert read_exif(open_photo(encoded(exif=b"Exif\0\0" + loop))).latlon is None


def test_pictures_of_pillow_keep_what_their_file_says() -> None:
    data = encoded(exif=b"Exif\0\0" + exif_block(gps_entries(*SYDNEY)))
    assert read_exif(open_photo(Image.open(io.BytesIO(data)))).latlon == pytest.approx(SYDNEY)

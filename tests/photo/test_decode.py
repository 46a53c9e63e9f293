from __future__ import annotations

import io
import os
import random
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from geoclip_core.errors import PhotoError
from geoclip_core.photo import decode
from geoclip_core.photo.decode import open_photo
from geoclip_core.photo.exif import read_exif
from geoclip_core.photo.limits import FORMATS

LOSSLESS = {"PNG": {}, "WEBP": {"lossless": True}, "TIFF": {}, "BMP": {}}
LOSSY = {"JPEG": {"quality": 95}, "HEIF": {"quality": 95}, "AVIF": {"quality": 95}}


def smooth(width: int = 60, height: int = 40) -> Image.Image:
    """Red grows to the right and green downwards, so every corner has its own colour."""
    y, x = np.mgrid[0:height, 0:width]
    red, green = 255 * x / (width - 1), 255 * y / (height - 1)
    return Image.fromarray(np.stack([red, green, np.full_like(red, 60)], axis=-1).round().astype(np.uint8))


def encoded(image: Image.Image, kind: str, **settings: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **settings)
    return stream.getvalue()


def difference(a: Image.Image, b: Image.Image) -> float:
    return float(np.abs(np.asarray(a, np.float64) - np.asarray(b, np.float64)).max())


def png(width: int, height: int) -> bytes:
    """A PNG that promises any size without holding it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", LOSSLESS)
def test_lossless_formats_come_back_exactly(kind: str) -> None:
    photo = open_photo(encoded(smooth(), kind, **LOSSLESS[kind]))
    assert (photo.image.mode, photo.format, photo.size, photo.notes) == ("RGB", kind, (60, 40), ())
    assert difference(photo.image, smooth()) == 0


@pytest.mark.parametrize("kind", LOSSY)
def test_lossy_formats_come_back_nearly(kind: str) -> None:
    photo = open_photo(encoded(smooth(), kind, **LOSSY[kind]))
    assert (photo.image.mode, photo.format, photo.size, photo.notes) == ("RGB", kind, (60, 40), ())
    assert difference(photo.image, smooth()) < 20


def test_every_accepted_format_is_tested() -> None:
    assert set(FORMATS) == {*LOSSLESS, *LOSSY, "GIF"}


def test_a_photo_comes_from_a_path_a_file_bytes_or_pillow(tmp_path: Path) -> None:
    data = encoded(smooth(), "PNG")
    path = tmp_path / "Łódź at night.png"
    path.write_bytes(data)
    with path.open("rb") as stream, Image.open(path) as lazy:
        for source in (str(path), path, data, bytearray(data), io.BytesIO(data), stream, lazy, smooth()):
            assert difference(open_photo(source).image, smooth()) == 0
    assert open_photo(smooth()).format == "memory"


def test_a_picture_of_the_caller_is_not_changed() -> None:
    given = smooth().convert("RGBA")
    given.putalpha(128)
    given.getexif()[0x0112] = 6
    before = given.tobytes()
    open_photo(given).image.paste((0, 0, 0), (0, 0, 10, 10))
    assert (given.mode, given.size, given.tobytes()) == ("RGBA", (60, 40), before)
    plain = smooth()
    open_photo(plain).image.paste((0, 0, 0), (0, 0, 10, 10))
    assert difference(plain, smooth()) == 0


# What the viewer must do with the stored pixels, by the value of the EXIF orientation tag.
TURNS = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,  # stored turned left, so that showing turns it right
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", TURNS)
def test_photos_that_the_camera_turned_are_shown_upright(kind: str, orientation: int) -> None:
    turn = TURNS[orientation]
    stored = smooth() if turn is None else smooth().transpose(turn)
    exif = Image.Exif()
    exif[0x0112] = orientation
    settings = LOSSLESS.get(kind) or LOSSY.get(kind) or {}
    photo = open_photo(encoded(stored, kind, exif=exif, **settings))
    assert photo.size == (60, 40)
    assert difference(photo.image, smooth()) < 20


def test_a_wrong_orientation_value_changes_nothing() -> None:
    exif = Image.Exif()
    exif[0x0112] = 99
    assert difference(open_photo(encoded(smooth(), "PNG", exif=exif)).image, smooth()) == 0


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF"])
def test_of_an_animation_the_first_frame_is_used_and_said_so(kind: str) -> None:
    frames = [Image.new("RGB", (30, 20), colour) for colour in ((200, 0, 0), (0, 200, 0), (0, 0, 200))]
    settings = {"lossless": True} if kind == "WEBP" else {}
    photo = open_photo(encoded(frames[0], kind, save_all=True, append_images=frames[1:], **settings))
    assert photo.notes == ("The file holds several frames or pages; the first was used.",)
    assert difference(photo.image, frames[0]) == 0


def test_the_second_picture_of_a_stereo_camera_is_no_animation() -> None:
    photo = open_photo(encoded(smooth(), "MPO", save_all=True, append_images=[Image.new("RGB", (60, 40))]))
    assert (photo.format, photo.notes) == ("MPO", ())
    assert difference(photo.image, smooth()) < 30


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_cmyk_is_turned_into_rgb(kind: str) -> None:
    colours = Image.new("CMYK", (16, 16), (0, 255, 255, 0))  # magenta and yellow ink make red
    red = np.asarray(open_photo(encoded(colours, kind, quality=95)).image)[8, 8]
    assert red[0] > 220
    assert max(red[1:]) < 40


def test_palettes_and_two_colours_are_turned_into_rgb() -> None:
    few = smooth().quantize(16)
    for kind in ("PNG", "GIF", "BMP", "TIFF"):
        assert difference(open_photo(encoded(few, kind)).image, few.convert("RGB")) == 0
    bits = smooth().convert("1")
    assert difference(open_photo(encoded(bits, "PNG")).image, bits.convert("RGB")) == 0


def test_transparent_parts_are_laid_on_white() -> None:
    image = smooth().convert("RGBA")
    image.paste((0, 0, 0, 0), (0, 0, 30, 40))
    photo = open_photo(encoded(image, "PNG"))
    assert photo.notes == ("Transparent parts were laid on white.",)
    assert photo.image.getpixel((10, 10)) == (255, 255, 255)
    assert photo.image.getpixel((50, 10)) == smooth().getpixel((50, 10))
    assert open_photo(encoded(smooth().convert("RGBA"), "PNG")).notes == ()
    see_through = Image.new("P", (4, 4), 0)
    see_through.putpalette([10, 20, 30, 200, 200, 200])
    assert open_photo(encoded(see_through, "GIF", transparency=0)).image.getpixel((1, 1)) == (255, 255, 255)


@pytest.mark.parametrize(
    ("dtype", "values"),
    [
        ("uint16", [0, 32768, 65535]),
        ("uint16", [0, 100, 200]),  # sixteen bits, taken in the dark
        ("int32", [0, 128, 255]),
        ("int32", [0, 32768, 65535]),
        ("int32", [0, 1_000_000, 2_000_000]),
        ("float32", [0.0, 0.5, 1.0]),
        ("float32", [0.0, 127.5, 255.0]),
        ("float32", [0.0, 0.5, np.nan]),
    ],
)
def test_deep_grey_is_scaled_to_eight_bits(dtype: str, values: list[float]) -> None:
    grey = Image.fromarray(np.tile(np.array(values, dtype=dtype), (5, 1)))
    photo = open_photo(encoded(grey, "TIFF"))
    dark = dtype == "uint16" and values[-1] == 200
    expected = [0, 0, 1] if dark else [0, 128, 0 if np.isnan(values[-1]) else 255]
    assert np.abs(np.asarray(photo.image)[2, :, 0] - np.array(expected, float)).max() <= 1
    assert photo.notes == ("High-depth grey values were scaled to 8 bits.",)


def test_sixteen_bit_png_is_read() -> None:
    grey = Image.fromarray(np.tile(np.linspace(0, 65535, 30).astype(np.uint16), (20, 1)))
    values = np.asarray(open_photo(encoded(grey, "PNG")).image)[5, :, 1]
    assert np.abs(values - np.linspace(0, 255, 30)).max() <= 1


@pytest.mark.parametrize("data", [b"", bytearray(), io.BytesIO(b"")])
def test_an_empty_photo_is_said_to_be_empty(data: Any) -> None:
    with pytest.raises(PhotoError, match=r"is empty \(0 bytes\).*Allowed: JPEG.*choose another file"):
        open_photo(data)


@pytest.mark.parametrize(
    "data", [b"hello", b"%PDF-1.7 ...", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\0" * 5000, b"\xff\xd8"]
)
def test_what_is_no_photo_is_said_to_be_none(data: bytes) -> None:
    with pytest.raises(PhotoError, match=r"is not an image that can be read \(it begins with b.*export it as JPEG"):
        open_photo(data)


def test_formats_that_are_not_listed_never_reach_a_decoder() -> None:
    for kind in ("EPS", "PPM", "ICO"):
        with pytest.raises(PhotoError, match="is not an image that can be read"):
            open_photo(encoded(smooth(), kind))


@pytest.mark.parametrize("kind", ["WEBP", "HEIF", "AVIF"])
def test_a_truncated_photo_is_said_to_be_cut_short(kind: str) -> None:
    data = encoded(Image.effect_noise((200, 200), 80).convert("RGB"), kind)
    (note,) = open_photo(data[: len(data) // 2]).notes
    assert note == "The file is cut short: the rest of the picture is missing, and is grey here."
    with pytest.raises(PhotoError, match=r"damaged or cut short|is not an image that can be read"):
        open_photo(data[:40])


@pytest.mark.parametrize(("width", "height"), [(20_000, 20_000), (13_500, 13_500), (2**31 - 1, 2**31 - 1)])
def test_a_decompression_bomb_is_refused_before_it_unpacks(width: int, height: int) -> None:
    with pytest.raises(PhotoError, match=r"million pixels.*up to 256 MiB and 178 million pixels.*scale it down"):
        open_photo(png(width, height))


def test_a_bomb_is_refused_where_the_limit_of_pillow_is_lifted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    bomb = png(20_000, 20_000)
    for source in (bomb, Image.open(io.BytesIO(bomb))):
        with pytest.raises(PhotoError, match="20000 x 20000 = 400 million pixels"):
            open_photo(source)


def test_a_picture_opened_by_the_caller_may_be_damaged() -> None:
    data = encoded(Image.effect_noise((200, 200), 80), "PNG")
    with pytest.raises(PhotoError, match="damaged or cut short"):
        open_photo(Image.open(io.BytesIO(data[:9000])))
    closed = Image.open(io.BytesIO(data))
    closed.close()
    with pytest.raises(PhotoError, match="damaged or cut short"):
        open_photo(closed)


def test_strips_and_pictures_without_pixels_are_refused() -> None:
    # Resizing the short side of one pixel to 224 would make the long one millions of pixels long.
    assert open_photo(Image.new("RGB", (3, 300))).size == (3, 300)
    for size in ((1, 101), (65_000, 1), (0, 5), (0, 0)):
        with pytest.raises(PhotoError, match=rf"a strip of {size[0]} x {size[1]} pixels"):
            open_photo(Image.new("RGB", size))


def test_a_file_with_too_many_bytes_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decode, "MAX_BYTES", 1 << 20)
    path = tmp_path / "large.jpg"
    with path.open("wb") as stream:
        stream.truncate(1 << 40)  # a terabyte of holes
    for source in (path, bytes((1 << 20) + 1), io.BytesIO(bytes((1 << 20) + 1))):
        with pytest.raises(PhotoError, match="has more than 1 MiB"):
            open_photo(source)


def test_paths_that_lead_nowhere_are_named(tmp_path: Path) -> None:
    file = tmp_path / "a.png"
    file.write_bytes(encoded(smooth(), "PNG"))
    for path, words in (
        (tmp_path / "none.jpg", "There is no file .*none.jpg.*check the path"),
        (tmp_path, "is a folder.*name a file inside it"),
        (file / "b.jpg", "cannot be read"),
        ("x" * 5000, "cannot be read"),
        ("a\0b.jpg", "cannot be read"),
        ("~nobody-of-this-name/a.jpg", "There is no file ~nobody-of-this-name/a.jpg"),
    ):
        with pytest.raises(PhotoError, match=words):
            open_photo(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(PhotoError, match="is a device or a pipe"):
        open_photo(tmp_path / "pipe.jpg")


def test_sources_of_other_kinds_are_named() -> None:
    closed = io.BytesIO(b"x")
    closed.close()
    for source, words in (
        (12, "cannot be read from int"),
        (None, "cannot be read from NoneType"),
        (np.zeros((4, 4, 3)), "cannot be read from ndarray"),
        (io.StringIO("text"), "cannot be read from StringIO.*opened in binary mode"),
        (closed, "I/O operation on closed file"),
    ):
        with pytest.raises(PhotoError, match=words):
            open_photo(source)  # type: ignore[arg-type]


def test_damage_of_any_kind_ends_in_an_answer_or_a_clear_error() -> None:
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    exif.get_ifd(0x8825).update({1: "N", 2: (48.0, 51.0, 30.0), 3: "E", 4: (2.0, 17.0, 40.0)})
    picture = smooth(30, 20)
    frames = {"save_all": True, "append_images": [picture.transpose(Image.Transpose.ROTATE_180)]}
    seeds = [encoded(picture, kind, exif=exif) for kind in ("JPEG", "PNG", "WEBP", "HEIF", "AVIF", "TIFF")]
    seeds += [encoded(picture, kind, **frames) for kind in ("GIF", "PNG", "WEBP", "TIFF", "MPO")]
    chance = random.Random(8)
    answered = 0
    for seed in seeds:
        assert open_photo(seed).size == (30, 20)
        for _ in range(60):
            data = bytearray(seed)
            where = chance.randrange(len(data))
            match chance.randrange(3):
                case 0:
                    del data[where:]
                case 1:
                    del data[where : where + chance.randrange(1, 30)]
                case 2:
                    for _ in range(chance.choice([1, 5, 20])):
                        data[chance.randrange(min(len(data), 600))] = chance.randrange(256)
            try:
                photo = open_photo(bytes(data))
            except PhotoError:
                continue
            assert photo.image.mode == "RGB"
            read_exif(photo)
            answered += 1
    assert 50 < answered < 600

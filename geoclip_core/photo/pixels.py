"""From the bytes of a file to one upright RGB image, as much of it as there is."""

from __future__ import annotations

import contextlib
import io
import struct
import warnings
import zlib
from dataclasses import dataclass

import numpy as np
import pillow_heif
from PIL import Image, JpegImagePlugin, UnidentifiedImageError

from geoclip_core.errors import PhotoError
from geoclip_core.photo.limits import (
    FORMATS,
    FORMATS_TEXT,
    MAX_ASPECT,
    MAX_BYTES,
    MAX_PIXELS,
    MAX_REDUCED_PIXELS,
    begins_as_photo,
)
from geoclip_core.photo.metadata import heif_items
from geoclip_core.photo.metadata.blocks import Blocks
from geoclip_core.photo.raw import preview, raw_kind

# What Pillow's decoders raise on files that are cut short or made to harm; they have no one base class.
_DAMAGED = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    KeyError,
    TypeError,
    AttributeError,
    RuntimeError,
    OverflowError,
    MemoryError,
    struct.error,
    zlib.error,
)

SCALE_DOWN = "scale it down first; the model looks at 224 x 224 pixels anyway"

_END = b"\xff\xd9"  # of a JPEG file
_CHANCE = b"\x55\xa3\x17\x6c" * 64  # bytes that change a picture which is not whole
_BLOCK = 16  # rows of pixels that a JPEG file packs together at most, of the usual kinds
_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

pillow_heif.register_heif_opener()


@dataclass(frozen=True)
class Pixels:
    """A decoded picture.

    Attributes:
        image: RGB, 8 bits, upright.
        format: Pillow's name of the file format, or ``"memory"``.
        notes: Plain sentences on what was done to the pixels.
    """

    image: Image.Image
    format: str
    notes: tuple[str, ...] = ()


def allowed() -> str:
    """What is taken, for messages."""
    return f"{FORMATS_TEXT}, up to {MAX_BYTES // 2**20} MiB and {MAX_PIXELS // 10**6} million pixels"


def decode(name: str, source: bytes | Image.Image, blocks: Blocks) -> Pixels:
    """Decode a picture.

    Args:
        name: What to call it in messages.
        source: The bytes of a file, or a picture that may still have to be read.
        blocks: What the file says of itself; its orientation is applied.

    Raises:
        PhotoError: It is no picture of a known format, too large, too thin, or so damaged that nothing can be seen.
    """
    with warnings.catch_warnings():
        # Pillow warns from half its hard limit on; the limit below is the hard one, and it refuses instead.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        # Metadata that is cut short is reported by photo/exif; it does not spoil the pixels.
        warnings.simplefilter("ignore", UserWarning)
        try:
            if isinstance(source, Image.Image):
                _check_size(name, source.size, MAX_PIXELS)
                source.load()
                return _finish(source.copy(), source.format or "memory", _orientation(source, b"", blocks))
            kind = raw_kind(source)
            return _raw(name, kind, source, blocks) if kind else _file(name, source, blocks)
        except UnidentifiedImageError as error:
            assert not isinstance(source, Image.Image)
            if begins_as_photo(source[:16]):
                raise _damaged(name, "its head cannot be read") from error
            raise PhotoError(
                f"{name} is not an image that can be read (it begins with {source[:8]!r})",
                allowed=allowed(),
                hint="export it as JPEG or PNG",
            ) from error
        except Image.DecompressionBombError as error:
            raise PhotoError(
                f"{name} unpacks to more than {MAX_PIXELS / 1e6:.0f} million pixels",
                allowed=allowed(),
                hint=SCALE_DOWN,
            ) from error
        except PhotoError:
            raise
        except _DAMAGED as error:
            raise _damaged(name, str(error)) from error


def _damaged(name: str, why: str) -> PhotoError:
    return PhotoError(f"{name} is damaged or cut short ({why})", allowed="a whole file", hint="copy the file again")


def _raw(name: str, kind: str, data: bytes, blocks: Blocks) -> Pixels:
    jpeg = preview(data)
    if not jpeg:
        raise PhotoError(
            f"{name} is a raw file ({kind}) without a preview that can be read",
            allowed=allowed(),
            hint="develop it and export it as JPEG",
        )
    seen = _file(name, jpeg, blocks)
    width, height = seen.image.size
    note = f"It is a raw file ({kind}); its embedded preview of {width} x {height} pixels was used."
    return Pixels(seen.image, "RAW", (note, *seen.notes))


def _file(name: str, data: bytes, blocks: Blocks) -> Pixels:
    image, notes = _opened(name, data)
    kind = image.format or "memory"
    if getattr(image, "is_animated", False) and kind not in ("MPO", "HEIF"):
        notes.append("The file holds several frames or pages; the first was used.")
    try:
        image.load()
    except _DAMAGED:
        if kind not in ("JPEG", "MPO"):
            raise
        image = _mended(name, data, notes)
    seen = _finish(image, kind, _orientation(image, data, blocks))
    return Pixels(seen.image, kind, (*notes, *seen.notes))


def _opened(name: str, data: bytes) -> tuple[Image.Image, list[str]]:
    """The picture before its pixels are read, of a very large JPEG at a reduced scale, and notes."""
    notes: list[str] = []
    if data[:3] == b"\xff\xd8\xff" and (jpeg := _jpeg(data)) is not None:
        width, height = jpeg.size
        if MAX_PIXELS < width * height <= MAX_REDUCED_PIXELS and not jpeg.info.get("progressive"):
            _check_size(name, jpeg.size, MAX_REDUCED_PIXELS)
            scale = next(s for s in (2, 4, 8) if width * height <= MAX_PIXELS * s * s)
            jpeg.draft(jpeg.mode, (width // scale, height // scale))
            notes.append(f"The photo has {width * height / 1e6:.0f} million pixels; it was read at 1/{scale} scale.")
            return jpeg, notes
    image = Image.open(io.BytesIO(data), formats=FORMATS)
    _check_size(name, image.size, MAX_PIXELS)
    return image, notes


def _jpeg(data: bytes) -> JpegImagePlugin.JpegImageFile | None:
    """A JPEG file whatever its size, which ``Image.open`` would refuse; None where its head cannot be read."""
    try:
        return JpegImagePlugin.JpegImageFile(io.BytesIO(data))
    except _DAMAGED:
        return None


def _mended(name: str, data: bytes, notes: list[str]) -> Image.Image:
    """A JPEG picture that is cut short: what there is of it, the rest grey.

    With an end put behind the bytes the decoder fills up what is missing; Pillow's own way to that is a setting which
    all threads share. If other bytes put there change the picture, it was not whole.
    """

    def ended(filling: bytes, small: bool = False) -> Image.Image:
        image = _jpeg(data + filling + _END)
        if image is None:
            raise OSError("its head cannot be read")
        _check_size(name, image.size, MAX_REDUCED_PIXELS)
        width, height = image.size
        if small or width * height > MAX_PIXELS:
            image.draft(image.mode, (max(1, width // 8), max(1, height // 8)))
        image.load()
        return image

    image = ended(b"")
    if ended(b"", small=True).tobytes() != ended(_CHANCE, small=True).tobytes():
        # The first block may be chance; where all behind it is one grey, there was nothing else.
        rest = np.asarray(image.convert("RGB"))[_BLOCK:]
        if rest.size and (rest == rest[0, 0]).all():
            raise OSError("nothing of the picture is there")
        notes.append("The file is cut short: the rest of the picture is missing, and is grey here.")
    return image


def _check_size(name: str, size: tuple[int, int], most: int) -> None:
    width, height = size
    if width * height > most:
        raise PhotoError(
            f"{name} has {width} x {height} = {width * height / 1e6:.0f} million pixels",
            allowed=allowed(),
            hint=SCALE_DOWN,
        )
    if not min(size) or max(size) > MAX_ASPECT * min(size):
        raise PhotoError(
            f"{name} is a strip of {width} x {height} pixels",
            allowed=f"a longer side of at most {MAX_ASPECT} times the shorter one",
            hint="cut out the part that shows the place",
        )


def _orientation(image: Image.Image, data: bytes, blocks: Blocks) -> int:
    """How the picture has to be turned, as EXIF numbers it; 1 for not at all."""
    stated = next((tags.main[_ORIENTATION] for tags in blocks.directories() if _ORIENTATION in tags.main), 1)
    kind = image.format
    if kind in ("HEIF", "AVIF") and data:
        # These may say themselves how they are turned. pillow_heif then turns them; Pillow passes on what AVIF says.
        if heif_items.turns_itself(data):
            stated = 1 if kind == "HEIF" else image.getexif().get(_ORIENTATION, 1)
    elif kind == "TIFF":  # Pillow has turned it already
        stated = 1
    else:
        with contextlib.suppress(*_DAMAGED):
            stated = image.getexif().get(_ORIENTATION, stated)
    return stated if isinstance(stated, int) else 1


def _finish(image: Image.Image, kind: str, orientation: int) -> Pixels:
    turn = _TURNS.get(orientation)
    rgb, note = _to_rgb(image if turn is None else image.transpose(turn))
    return Pixels(rgb, kind, (note,) if note else ())


def _to_rgb(image: Image.Image) -> tuple[Image.Image, str]:
    """Eight-bit RGB of an image in any of Pillow's modes, and a note where information was dropped."""
    mode = image.mode
    if mode == "RGB":
        return image, ""
    if mode.startswith("I") or mode == "F":
        values = np.nan_to_num(np.asarray(image, dtype=np.float32), nan=0.0, posinf=0.0, neginf=0.0)
        # Wider modes do not say what white is: the smallest usual depth that holds the brightest value.
        peak = float(values.max(initial=0))
        depths = {"F": (1.0, 255.0, 65535.0), "I": (255.0, 65535.0)}.get(mode, (65535.0,))
        full = next((depth for depth in depths if peak <= depth), peak)
        grey = np.clip(values * (255.0 / full), 0, 255).round().astype(np.uint8)
        return Image.fromarray(grey).convert("RGB"), "High-depth grey values were scaled to 8 bits."
    if image.has_transparency_data:
        layered = image.convert("RGBA")
        if layered.getchannel("A").getextrema() != (255, 255):
            white = Image.new("RGBA", layered.size, (255, 255, 255, 255))
            return Image.alpha_composite(white, layered).convert("RGB"), "Transparent parts were laid on white."
        return layered.convert("RGB"), ""
    return image.convert("RGB"), ""

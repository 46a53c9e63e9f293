"""From any picture a person may have to one upright RGB image, safely.

Nothing here touches the network, and nothing of a photo's content is logged or kept.
"""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pillow_heif
from PIL import Image, ImageOps, UnidentifiedImageError

from geoclip_core.errors import PhotoError

FORMATS = ("JPEG", "MPO", "PNG", "WEBP", "HEIF", "AVIF", "TIFF", "GIF", "BMP")
"""Formats that are decoded, by Pillow's names; everything else is refused before any decoder runs."""

MAX_BYTES = 256 * 1024 * 1024
MAX_PIXELS = 178_956_970
"""Pixels of the largest photo that is decoded: Pillow's own hard limit, 0.5 GB as RGB."""

# What Pillow's decoders raise on files that are cut short or made to harm; Pillow has no one base class.
_DAMAGED = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    KeyError,
    TypeError,
    struct.error,
    zlib.error,
)

PhotoSource = str | Path | bytes | bytearray | BinaryIO | Image.Image

pillow_heif.register_heif_opener()


@dataclass(frozen=True)
class Photo:
    """A decoded photo.

    Attributes:
        image: RGB, 8 bits, upright (the EXIF rotation has been applied).
        exif: The raw EXIF block of the file, possibly empty.
        format: Pillow's name of the file format, or ``"memory"``.
        size: Width and height in pixels as shown upright.
        notes: Plain sentences on what was done to the pixels that a careful reader should know.
    """

    image: Image.Image
    exif: Image.Exif
    format: str
    size: tuple[int, int]
    notes: tuple[str, ...] = ()


def open_photo(source: PhotoSource) -> Photo:
    """Decode a photo.

    Args:
        source: A path, the bytes of a file, an open binary file, or a PIL image.

    Returns:
        The photo, upright and RGB. Of an animation it is the first frame; transparency is laid on white;
        16-bit images are scaled to 8 bits.

    Raises:
        PhotoError: The source is missing, empty, too large, not an image of a known format, or damaged.
    """
    if isinstance(source, Image.Image):
        return _finish(source, source.format or "memory")
    name, data = _read(source)
    if not data:
        raise PhotoError(f"{name} is empty (0 bytes)", allowed=_allowed(), way_out="choose another file")
    with warnings.catch_warnings():
        # Pillow warns from half its hard limit on; the limit below is the hard one, and it refuses instead.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        # Metadata that is cut short is reported by photo/exif; it does not spoil the pixels.
        warnings.simplefilter("ignore", UserWarning)
        try:
            image = Image.open(io.BytesIO(data), formats=FORMATS)
            _check_size(name, image.size)
            image.load()
        except UnidentifiedImageError as error:
            raise PhotoError(
                f"{name} is not an image that can be read (it begins with {data[:8]!r})",
                allowed=_allowed(),
                way_out="export it as JPEG or PNG",
            ) from error
        except Image.DecompressionBombError as error:
            raise PhotoError(
                f"{name} unpacks to more than {MAX_PIXELS / 1e6:.0f} million pixels",
                allowed=_allowed(),
                way_out="scale it down first; the model looks at 224 x 224 pixels anyway",
            ) from error
        except PhotoError:
            raise
        except _DAMAGED as error:
            raise PhotoError(
                f"{name} is damaged or cut short ({error})",
                allowed="a whole file",
                way_out="copy the file again",
            ) from error
        return _finish(image, image.format or "unknown")


def _allowed() -> str:
    kinds = "JPEG, PNG, WebP, HEIC, AVIF, TIFF, GIF or BMP"
    return f"{kinds}, up to {MAX_BYTES // 2**20} MiB and {MAX_PIXELS // 10**6} million pixels"


def _read(source: str | Path | bytes | bytearray | BinaryIO) -> tuple[str, bytes]:
    if isinstance(source, bytes | bytearray):
        name, size, data = "The photo", len(source), bytes(source)
    elif isinstance(source, str | Path):
        path = Path(source).expanduser()
        name = f"The file {path}"
        try:
            size = path.stat().st_size
            if path.is_dir():
                raise PhotoError(f"{path} is a folder", allowed="one photo", way_out="name a file inside it")
            data = path.read_bytes() if size <= MAX_BYTES else b""
        except FileNotFoundError as error:
            raise PhotoError(f"There is no file {path}", way_out="check the path") from error
        except (OSError, ValueError) as error:
            raise PhotoError(f"The file {path} cannot be read ({error})", way_out="check its permissions") from error
    elif hasattr(source, "read"):
        name = "The photo"
        data = source.read(MAX_BYTES + 1)
        size = len(data)
    else:
        raise PhotoError(
            f"A photo cannot be read from {type(source).__name__}",
            allowed="a path, bytes, an open binary file, or a PIL image",
        )
    if size > MAX_BYTES:
        raise PhotoError(f"{name} has more than {MAX_BYTES // 2**20} MiB", allowed=_allowed(), way_out="scale it down")
    return name, data


def _check_size(name: str, size: tuple[int, int]) -> None:
    width, height = size
    if width * height > MAX_PIXELS:
        raise PhotoError(
            f"{name} has {width} x {height} = {width * height / 1e6:.0f} million pixels",
            allowed=_allowed(),
            way_out="scale it down first; the model looks at 224 x 224 pixels anyway",
        )


def _finish(image: Image.Image, kind: str) -> Photo:
    notes = []
    if getattr(image, "is_animated", False) and kind not in ("MPO", "HEIF"):
        notes.append(f"The file is an animation of {getattr(image, 'n_frames', 'several')} frames; the first was used.")
    try:
        exif = image.getexif()
        upright = ImageOps.exif_transpose(image)
    except _DAMAGED:
        exif, upright = Image.Exif(), image
        notes.append("The EXIF block is damaged and was not read.")
    rgb, note = _to_rgb(upright)
    if note:
        notes.append(note)
    return Photo(rgb, exif, kind, rgb.size, tuple(notes))


def _to_rgb(image: Image.Image) -> tuple[Image.Image, str]:
    """Eight-bit RGB of an image in any of Pillow's modes, and a note where information was dropped."""
    mode = image.mode
    if mode == "RGB":
        return image, ""
    if mode.startswith("I") or mode == "F":
        values = np.asarray(image, dtype=np.float64)
        values = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
        top = 65535.0 if mode.startswith("I") and values.max(initial=0) > 255 else max(255.0, values.max(initial=0))
        grey = np.clip(values * (255.0 / top), 0, 255).round().astype(np.uint8)
        return Image.fromarray(grey).convert("RGB"), "High-depth grey values were scaled to 8 bits."
    if "A" in mode or "a" in mode or "transparency" in image.info:
        layered = image.convert("RGBA")
        if layered.getchannel("A").getextrema() != (255, 255):
            white = Image.new("RGBA", layered.size, (255, 255, 255, 255))
            return Image.alpha_composite(white, layered).convert("RGB"), "Transparent parts were laid on white."
        return layered.convert("RGB"), ""
    return image.convert("RGB"), ""

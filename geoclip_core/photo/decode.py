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
from geoclip_core.photo.limits import FORMATS, FORMATS_TEXT, MAX_ASPECT, MAX_BYTES, MAX_PIXELS

# What Pillow's decoders raise on files that are cut short or made to harm; they have no one base class.
_DAMAGED = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    KeyError,
    TypeError,
    RuntimeError,
    OverflowError,
    struct.error,
    zlib.error,
)

_SCALE_DOWN = "scale it down first; the model looks at 224 x 224 pixels anyway"

PhotoSource = str | Path | bytes | bytearray | BinaryIO | Image.Image

pillow_heif.register_heif_opener()


@dataclass(frozen=True, eq=False)
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
        PhotoError: The source is missing, empty, too large, a strip thinner than 1 : ``MAX_ASPECT``, not an
            image of a known format, or damaged.
    """
    if isinstance(source, Image.Image):
        name, data = "The picture", b""
    else:
        name, data = _read(source)
        if not data:
            raise PhotoError(f"{name} is empty (0 bytes)", allowed=_allowed(), hint="choose another file")
    with warnings.catch_warnings():
        # Pillow warns from half its hard limit on; the limit below is the hard one, and it refuses instead.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        # Metadata that is cut short is reported by photo/exif; it does not spoil the pixels.
        warnings.simplefilter("ignore", UserWarning)
        try:
            image = source if isinstance(source, Image.Image) else Image.open(io.BytesIO(data), formats=FORMATS)
            _check_size(name, image.size)
            image.load()
            return _finish(image)
        except UnidentifiedImageError as error:
            raise PhotoError(
                f"{name} is not an image that can be read (it begins with {data[:8]!r})",
                allowed=_allowed(),
                hint="export it as JPEG or PNG",
            ) from error
        except Image.DecompressionBombError as error:
            raise PhotoError(
                f"{name} unpacks to more than {MAX_PIXELS / 1e6:.0f} million pixels",
                allowed=_allowed(),
                hint=_SCALE_DOWN,
            ) from error
        except PhotoError:
            raise
        except _DAMAGED as error:
            raise PhotoError(
                f"{name} is damaged or cut short ({error})",
                allowed="a whole file",
                hint="copy the file again",
            ) from error


def _allowed() -> str:
    return f"{FORMATS_TEXT}, up to {MAX_BYTES // 2**20} MiB and {MAX_PIXELS // 10**6} million pixels"


def _read(source: str | Path | bytes | bytearray | BinaryIO) -> tuple[str, bytes]:
    """A name for messages and the bytes of the file, at most ``MAX_BYTES`` of them."""
    name = "The photo"
    data: object = None
    try:
        if isinstance(source, bytes | bytearray):
            data = bytes(source)
        elif isinstance(source, str | Path):
            name = f"The file {source}"
            path = Path(source).expanduser()
            if path.is_dir():
                raise PhotoError(f"{path} is a folder", allowed="one photo", hint="name a file inside it")
            if path.exists() and not path.is_file():
                raise PhotoError(f"{path} is a device or a pipe", allowed="a file", hint="copy it to a file")
            with path.open("rb") as stream:
                data = stream.read(MAX_BYTES + 1)
        elif hasattr(source, "read"):
            data = source.read(MAX_BYTES + 1)
    except PhotoError:
        raise
    except FileNotFoundError as error:
        raise PhotoError(f"There is no file {source!s}", hint="check the path") from error
    except (OSError, ValueError, RuntimeError) as error:  # RuntimeError: a ~user without a home
        raise PhotoError(f"{name} cannot be read ({error})", hint="check the path and its permissions") from error
    if not isinstance(data, bytes):
        raise PhotoError(
            f"A photo cannot be read from {type(source).__name__}",
            allowed="a path, bytes, a file opened in binary mode, or a PIL image",
        )
    if len(data) > MAX_BYTES:
        raise PhotoError(f"{name} has more than {MAX_BYTES // 2**20} MiB", allowed=_allowed(), hint=_SCALE_DOWN)
    return name, data


def _check_size(name: str, size: tuple[int, int]) -> None:
    width, height = size
    if width * height > MAX_PIXELS:
        raise PhotoError(
            f"{name} has {width} x {height} = {width * height / 1e6:.0f} million pixels",
            allowed=_allowed(),
            hint=_SCALE_DOWN,
        )
    if not min(size) or max(size) > MAX_ASPECT * min(size):
        raise PhotoError(
            f"{name} is a strip of {width} x {height} pixels",
            allowed=f"a longer side of at most {MAX_ASPECT} times the shorter one",
            hint="cut out the part that shows the place",
        )


def _finish(image: Image.Image) -> Photo:
    kind = image.format or "memory"
    notes = []
    if getattr(image, "is_animated", False) and kind not in ("MPO", "HEIF"):
        notes.append("The file holds several frames or pages; the first was used.")
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

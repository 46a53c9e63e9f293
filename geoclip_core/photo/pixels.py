"""From the bytes of a file to one upright RGB image, as much of it as there is."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pillow_heif
from PIL import Image, JpegImagePlugin, UnidentifiedImageError

from geoclip_core.errors import PhotoError
from geoclip_core.photo.budget import DECODING
from geoclip_core.photo.cut_short import DAMAGED, REST_IS_GREY, known_part, missing_bytes
from geoclip_core.photo.limits import (
    FORMATS,
    FORMATS_TEXT,
    MAX_ASPECT,
    MAX_BYTES,
    MAX_PIXELS,
    MAX_REDUCED_PIXELS,
    REDUCED_FROM_PIXELS,
    REDUCED_SIDE,
    begins_as_photo,
)
from geoclip_core.photo.metadata import heif_items
from geoclip_core.photo.metadata.blocks import Blocks
from geoclip_core.photo.quiet import without_warnings
from geoclip_core.photo.raw import preview, raw_kind

SCALE_DOWN = "scale it down first; the model looks at 224 x 224 pixels anyway"

_END = b"\xff\xd9"  # of a JPEG file
_CHANCE = b"\x55\xa3\x17\x6c" * 64  # bytes that change a picture which is not whole
_BLOCK = 16  # rows of pixels that a JPEG file packs together at most, of the usual kinds
_WEBP_COPIES = 4  # of the whole picture that its decoder holds
_BAND = 64  # rows of a reduced picture that are made at a time
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
    with without_warnings():
        try:
            if isinstance(source, Image.Image):
                _check_size(name, source.size, MAX_PIXELS)
                with DECODING.take(source.width * source.height):
                    source.load()
                    return _finish(source.copy(), source.format or "memory", _orientation(source, b"", blocks))
            kind = raw_kind(source)
            return _raw(name, kind, source, blocks) if kind else _file(name, source, blocks)
        except UnidentifiedImageError as error:
            assert not isinstance(source, Image.Image)
            if begins_as_photo(source[:16]):
                raise _damaged(name, "its head cannot be read") from error
            raise PhotoError(
                f"{name} is not an image that can be read (it begins with bytes {source[:4].hex(' ')})",
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
        except DAMAGED as error:
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
    missing = missing_bytes(data)
    image, notes = _opened(name, data + bytes(missing) if missing else data)
    kind = image.format or "memory"
    if getattr(image, "is_animated", False) and kind not in ("MPO", "HEIF"):
        notes.append("The file holds several frames or pages; the first was used.")
    with DECODING.take(image.width * image.height * (_WEBP_COPIES if kind == "WEBP" else 1)):
        try:
            if missing:
                image, cut = known_part(data, missing, lambda filled: _opened(name, filled)[0])
                notes += [REST_IS_GREY] if cut else []
            image.load()
        except DAMAGED:
            if missing:
                raise
            image = _mended(name, data, notes) if kind in ("JPEG", "MPO") else _upper_part(image, notes)
        seen = _finish(image, kind, _orientation(image, data, blocks))
    return Pixels(seen.image, kind, (*notes, *seen.notes))


def _opened(name: str, data: bytes) -> tuple[Image.Image, list[str]]:
    """The picture before its pixels are read, of a very large JPEG at a reduced scale, and notes."""
    notes: list[str] = []
    if data[:3] == b"\xff\xd8\xff" and (jpeg := _jpeg(data)) is not None:
        width, height = jpeg.size
        too_large = width * height > MAX_PIXELS
        scale = _scale(jpeg.size, (8, 4, 2))
        if scale > 1 and not (too_large and jpeg.info.get("progressive")) and width * height <= MAX_REDUCED_PIXELS:
            _check_size(name, jpeg.size, MAX_REDUCED_PIXELS)
            jpeg.draft(jpeg.mode, (width // scale, height // scale))
            notes.append(_reduced_note((width, height), scale))
            return jpeg, notes
    image = Image.open(io.BytesIO(data), formats=FORMATS)
    _check_size(name, image.size, MAX_PIXELS)
    return image, notes


def _scale(size: tuple[int, int], scales: Sequence[int]) -> int:
    """By how much a very large picture is reduced: as far as its short side stays large enough; 1 for the others.

    Args:
        size: Width and height in pixels.
        scales: What is possible, largest first.
    """
    pixels = size[0] * size[1]
    if pixels > REDUCED_FROM_PIXELS:
        for scale in scales:
            if min(size) >= scale * REDUCED_SIDE:
                return scale
    fitting = [scale for scale in reversed(scales) if pixels <= MAX_PIXELS * scale**2]
    return fitting[0] if pixels > MAX_PIXELS and fitting else 1


def _reduced_note(size: tuple[int, int], scale: int) -> str:
    return f"The photo has {size[0] * size[1] / 1e6:.0f} million pixels; it was read at 1/{scale} scale."


def _jpeg(data: bytes) -> JpegImagePlugin.JpegImageFile | None:
    """A JPEG file whatever its size, which ``Image.open`` would refuse; None where its head cannot be read."""
    try:
        return JpegImagePlugin.JpegImageFile(io.BytesIO(data))
    except DAMAGED:
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
        notes.append(REST_IS_GREY)
    elif image.info.get("progressive") and image.tobytes() != ended(_CHANCE).tobytes():
        notes.append("The file is cut short: the finer parts of the picture are missing.")
    return image


def _upper_part(image: Image.Image, notes: list[str]) -> Image.Image:
    """What a decoder other than that of JPEG made of a file before its bytes ended, the rest black.

    Raises:
        OSError: Nothing.
    """
    image.tile = []  # type: ignore[attr-defined] # of every picture from a file: nothing more is read, and what there is becomes the picture
    image.load()
    seen = image.convert("RGB").getbbox()
    if seen is None:
        raise OSError("nothing of the picture is there")
    if seen[3] < image.height or seen[1] > 0:  # BMP files begin with the lowest row
        notes.append("The file is cut short: the rest of the picture is missing, and is blank here.")
    else:
        notes.append("The file is damaged: parts of the picture may be missing.")
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
        with contextlib.suppress(*DAMAGED):
            stated = image.getexif().get(_ORIENTATION, stated)
    return stated if isinstance(stated, int) else 1


def _finish(image: Image.Image, kind: str, orientation: int) -> Pixels:
    turn = _TURNS.get(orientation)
    scale = _scale(image.size, range(8, 1, -1))
    if scale > 1:
        notes = [_reduced_note(image.size, scale)]
        rgb, note = _reduced(image, scale)
        rgb = rgb if turn is None else rgb.transpose(turn)
    else:
        notes = []
        rgb, note = _to_rgb(image if turn is None else image.transpose(turn))
    return Pixels(rgb, kind, (*notes, note) if note else tuple(notes))


def _reduced(image: Image.Image, scale: int) -> tuple[Image.Image, str]:
    """RGB at a reduced scale, band by band, so that no second picture of the full size is made; and a note."""
    if image.mode.startswith("I") or image.mode == "F":  # their white is known when all of them is seen
        rgb, note = _to_rgb(image)
        return rgb.reduce(scale), note
    width, height = image.size
    small = Image.new("RGB", (-(-width // scale), -(-height // scale)))
    notes: set[str] = set()
    for top in range(0, height, _BAND * scale):
        band, note = _to_rgb(image.crop((0, top, width, min(height, top + _BAND * scale))))
        small.paste(band.reduce(scale), (0, top // scale))
        notes.add(note)
    return small, max(notes)


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

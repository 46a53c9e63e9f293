"""WebP, HEIC and AVIF files that are cut short: what there is of the picture, the rest grey.

Their decoders want every byte that the file says it has. With other bytes put in place of the missing ones they decode
the picture, and what depends on a missing byte then depends on what was put there: where two fillings give the same
pixels, the pixels are those of the file.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from PIL import Image

from geoclip_core.photo.limits import MAX_BYTES

DAMAGED = (
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
"""What Pillow's decoders raise on files that are cut short or made to harm; they have no one base class."""

REST_IS_GREY = "The file is cut short: the rest of the picture is missing, and is grey here."

_FILLINGS = (b"\0", b"\x55\xa3\x17\x6c", b"\xff", b"\x80\x01")
_MARGIN = 8  # rows above the first difference that may agree by chance
_GREY = 128


def missing_bytes(data: bytes) -> int:
    """How many bytes a WebP, HEIC or AVIF file lacks of those that it says it has; 0 for other files."""
    end = 0
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        end = 8 + int.from_bytes(data[4:8], "little")
    elif data[4:8] == b"ftyp":
        end = _end_of_boxes(data)
    return end - len(data) if len(data) < end <= MAX_BYTES else 0


def _end_of_boxes(data: bytes) -> int:
    """Where the last box ends that has begun (ISO/IEC 14496-12, section 4.2)."""
    at = 0
    while at + 16 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        if size == 1:
            size = int.from_bytes(data[at + 8 : at + 16], "big")
        if size < 8:  # to the end of the file, or damaged
            return 0
        at += size
    return at


def known_part(data: bytes, missing: int, opened: Callable[[bytes], Image.Image]) -> tuple[Image.Image, bool]:
    """Decode what there is of a file that is cut short.

    Args:
        data: What there is of the file.
        missing: From :func:`missing_bytes`, above 0.
        opened: Opens the bytes of a file, without reading its pixels.

    Returns:
        The picture, grey where the bytes do not tell it; and whether any of it is.

    Raises:
        OSError: No decoder makes anything of it, or nothing of the picture is there.
    """
    decoded: list[Image.Image] = []
    for filling in _FILLINGS:
        try:
            image = opened(data + (filling * (missing // len(filling) + 1))[:missing])
            image.load()
        except DAMAGED:
            continue
        if not decoded or (image.size, image.mode) == (decoded[0].size, decoded[0].mode):
            decoded.append(image)
        if len(decoded) > 1:
            break
    if len(decoded) < 2 or decoded[0].mode not in ("L", "RGB", "RGBA"):
        raise OSError("what is left of it cannot be decoded")
    image = decoded[0]
    unknown = _unknown(np.asarray(image), np.asarray(decoded[1]), upright=image.format != "HEIF")
    if unknown.all():
        raise OSError("nothing of the picture is there")
    if unknown.any():
        grey = Image.new("L", image.size, _GREY).convert(image.mode)
        image.paste(grey, mask=Image.fromarray(unknown))
    return image, bool(unknown.any())


def _unknown(first: npt.NDArray[np.uint8], second: npt.NDArray[np.uint8], *, upright: bool) -> npt.NDArray[np.bool_]:
    """Which pixels are not told by the file: from the first row on in which two decodings differ, in coding order.

    A decoder that turns the picture puts the first row at one of the four sides: the one from which most is known.
    """
    height, width = first.shape[:2]
    differ = (first != second).reshape(height, width, -1).any(axis=2)
    best = np.ones((height, width), bool)
    for turns in range(1 if upright else 4):
        rows = np.rot90(differ, turns).any(axis=1)
        known = max(0, int(rows.argmax()) - _MARGIN) if rows.any() else len(rows)
        unknown = np.zeros_like(np.rot90(differ, turns))
        unknown[known:] = True
        if unknown.sum() < best.sum():
            best = np.rot90(unknown, -turns)
    return np.ascontiguousarray(best)

"""Directories of tags: the structure of an EXIF block, of a TIFF file, and of most raw files of cameras.

Pillow reads them too, but looks for each directory in one place only, warns through a setting that threads share, and
gives up at the first damaged entry. Here an entry that points outside the block is left out and counted.
TIFF 6.0, section 2; EXIF 3.0 (CIPA DC-008-2023), section 4.6.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass, field
from typing import Any

Tags = dict[int, Any]
"""Values by tag: bytes, text, a number, or a tuple of numbers; a rational is a float, NaN where it divides by zero."""

EXIF_POINTER, GPS_POINTER, SUB_POINTER = 0x8769, 0x8825, 0x014A
_GPS_VERSION, _LATITUDE = 0, 2  # of the directory of position

_HEADERS = {
    b"II*\0": "<",
    b"MM\0*": ">",
    b"IIU\0": "<",  # Panasonic RW2
    b"IIRO": "<",  # Olympus ORF
    b"IIRS": "<",
    b"MMOR": ">",
}
_FORMATS = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 11: "f", 12: "d", 13: "I"}
_BYTES, _TEXT, _RATIONAL, _SIGNED_RATIONAL, _UTF8 = 7, 2, 5, 10, 129
_MOST_ENTRIES, _MOST_DIRECTORIES, _MOST_VALUES = 2000, 32, 4096


@dataclass
class Directories:
    """What the directories of one block hold.

    Attributes:
        main: The first directory: maker, model, orientation, date of the last change.
        exif: Tags of the picture's taking.
        gps: Tags of position.
        others: Further ones: of thumbnails, of pictures in a raw file.
        order: ``"<"`` for little-endian, ``">"`` for big-endian.
        damaged: Whether something pointed outside the block or could not be read.
    """

    main: Tags = field(default_factory=dict)
    exif: Tags = field(default_factory=dict)
    gps: Tags = field(default_factory=dict)
    others: list[Tags] = field(default_factory=list)
    order: str = "<"
    damaged: bool = False


def is_tiff(data: bytes) -> bool:
    """Whether a block begins as TIFF does, or as those raw formats that differ in their first bytes only."""
    return data[:4] in _HEADERS


def read_directories(data: bytes) -> Directories:
    """Read the tags of an EXIF block or a TIFF file.

    Args:
        data: The block, from its byte order mark on.

    Returns:
        What could be read; nothing raises.
    """
    order = _HEADERS.get(data[:4])
    if order is None or len(data) < 8:
        return Directories(damaged=bool(data))
    reader = _Reader(data, order)
    chain: list[Tags] = []
    offset = reader.number("I", 4)
    while offset and len(chain) < _MOST_DIRECTORIES and offset not in reader.visited:
        tags, offset = reader.directory(offset)
        chain.append(tags)
    main = chain[0] if chain else {}
    exif = reader.pointed(main.get(EXIF_POINTER))
    # Some writers put the pointer to the position into the directory of the picture's taking.
    gps = reader.pointed(main.get(GPS_POINTER)) or reader.pointed(exif.get(GPS_POINTER))
    if not gps and _GPS_VERSION in main and _LATITUDE in main:  # Canon's CR3 keeps each directory as a block of its own
        gps = main
    others = chain[1:] + [reader.pointed(offset) for tags in chain for offset in _listed(tags.get(SUB_POINTER))]
    return Directories(main, exif, gps, others, order, reader.damaged)


def _listed(value: object) -> tuple[object, ...]:
    return value if isinstance(value, tuple) else (value,)


class _Reader:
    def __init__(self, data: bytes, order: str) -> None:
        self.data = data
        self.order = order
        self.visited: set[int] = set()
        self.damaged = False

    def number(self, form: str, offset: int) -> int:
        """An integer at an offset; 0 beyond the end."""
        try:
            return int(struct.unpack_from(self.order + form, self.data, offset)[0])
        except struct.error:
            self.damaged = True
            return 0

    def pointed(self, offset: object) -> Tags:
        """The directory at an offset; empty where that is no offset, or was read before."""
        if not isinstance(offset, int) or offset <= 0 or offset in self.visited:
            return {}
        if len(self.visited) >= _MOST_DIRECTORIES:
            return {}
        return self.directory(offset)[0]

    def directory(self, offset: int) -> tuple[Tags, int]:
        """The tags of a directory, and the offset of the next."""
        self.visited.add(offset)
        count = self.number("H", offset)
        if count > _MOST_ENTRIES:
            self.damaged = True
            return {}, 0
        tags: Tags = {}
        for entry in range(offset + 2, offset + 2 + 12 * count, 12):
            if entry + 12 > len(self.data):
                self.damaged = True
                return tags, 0
            tag, kind = self.number("H", entry), self.number("H", entry + 2)
            value = self._value(kind, self.number("I", entry + 4), entry + 8)
            if value is not None:
                tags.setdefault(tag, value)
        end = offset + 2 + 12 * count
        return tags, self.number("I", end) if end + 4 <= len(self.data) else 0

    def _value(self, kind: int, count: int, inline: int) -> Any:
        """A value; None where it is empty or cannot be read."""
        rational = kind in (_RATIONAL, _SIGNED_RATIONAL)
        form = _FORMATS.get(kind)
        if form is None and not rational and kind not in (_BYTES, _TEXT, _UTF8):
            self.damaged = True
            return None
        width = 8 if rational else struct.calcsize(form) if form else 1
        start = inline if width * count <= 4 else self.number("I", inline)
        if start + width * count > len(self.data):
            self.damaged = True
            return None
        if not count:
            return None
        if kind in (_BYTES, _TEXT, _UTF8) or kind == 1:
            held = self.data[start : start + count]
            return as_text(held) if kind in (_TEXT, _UTF8) else held
        if count > _MOST_VALUES:  # tables of a raw picture's strips; none of them says anything about the photo
            return None
        if rational:
            parts = struct.unpack_from(f"{self.order}{2 * count}{'I' if kind == _RATIONAL else 'i'}", self.data, start)
            values = tuple(a / b if b else math.nan for a, b in zip(parts[::2], parts[1::2], strict=True))
        else:
            values = struct.unpack_from(f"{self.order}{count}{form}", self.data, start)
        return values[0] if count == 1 else values


def as_text(held: bytes) -> str:
    """Text up to its first zero byte: UTF-8 as most writers have it, else Latin-1, which takes any bytes."""
    held = held.split(b"\0")[0]
    try:
        return held.decode("utf-8")
    except UnicodeDecodeError:
        return held.decode("latin-1")

"""EXIF, XMP and the turning of the picture in HEIC, HEIF and AVIF files, read from their table of items.

ISO/IEC 14496-12, section 8.11 (boxes ``iinf``, ``iloc``), and ISO/IEC 23008-12, section 6.5 (``irot``, ``imir``),
Annex A (EXIF items). The pixels are not looked at, so this works for files that are cut short.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

_CONTAINERS = {b"iprp", b"ipco"}
_MOST_ITEMS, _MOST_BYTES = 4096, 1 << 24


def metadata(data: bytes) -> tuple[list[bytes], list[bytes]]:
    """EXIF blocks and XMP packets.

    Args:
        data: The file, or what there is of it.

    Returns:
        The blocks from their byte order mark on, and the packets; empty where there are none or the table is damaged.
    """
    exif: list[bytes] = []
    xmp: list[bytes] = []
    try:
        meta = _meta(data)
        places = _locations(meta, data)
        for item, kind, content_type in _items(meta):
            content = places.get(item, b"")
            if kind == b"Exif" and len(content) > 8:
                start = 4 + int.from_bytes(content[:4], "big")
                exif.append(content[start:].removeprefix(b"Exif\0\0"))
            elif kind == b"mime" and content_type == b"application/rdf+xml":
                xmp.append(content)
    except (struct.error, IndexError, ValueError):
        pass
    return exif, xmp


def turns_itself(data: bytes) -> bool:
    """Whether the container says by itself how the picture is turned or mirrored; EXIF then does not count."""
    try:
        return any(name in (b"irot", b"imir") for name, _ in _boxes(_meta(data), deep=True))
    except (struct.error, IndexError, ValueError):
        return False


def _meta(data: bytes) -> bytes:
    """Content of the box of metadata, without its version."""
    return next((content[4:] for name, content in _boxes(data) if name == b"meta"), b"")


def _boxes(data: bytes, deep: bool = False) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + 8 <= len(data):
        size, name = struct.unpack_from(">I4s", data, at)
        head = 8
        if size == 1:
            size, head = struct.unpack_from(">Q", data, at + 8)[0], 16
        elif size == 0:
            size = len(data) - at
        if size < head:
            return
        content = data[at + head : at + size]
        yield name, content
        if deep and name in _CONTAINERS:
            yield from _boxes(content, deep)
        at += size


def _box(meta: bytes, wanted: bytes) -> bytes:
    return next((content for name, content in _boxes(meta) if name == wanted), b"")


def _items(meta: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Number, kind, and media type where there is one, of each item."""
    table = _box(meta, b"iinf")
    if not table:
        return
    for name, entry in _boxes(table[6 if table[0] == 0 else 8 :]):
        if name != b"infe" or entry[0] < 2:
            continue
        wide = entry[0] == 3
        number = int.from_bytes(entry[4 : 8 if wide else 6], "big")
        at = 10 if wide else 8
        names = entry[at + 4 :].split(b"\0")
        yield number, entry[at : at + 4], names[1] if len(names) > 1 else b""


def _locations(meta: bytes, data: bytes) -> dict[int, bytes]:
    """The bytes of each item, by its number."""
    table = _box(meta, b"iloc")
    if not table:
        return {}
    version, sizes, base_sizes = table[0], table[4], table[5]
    offset_size, length_size = sizes >> 4, sizes & 15
    base_size, index_size = base_sizes >> 4, base_sizes & 15 if version in (1, 2) else 0
    inside = _box(meta, b"idat")
    at = 6

    def take(size: int) -> int:
        nonlocal at
        at += size
        if at > len(table):
            raise ValueError("the table of items is cut short")
        return int.from_bytes(table[at - size : at], "big")

    found: dict[int, bytes] = {}
    for _ in range(min(take(4 if version == 2 else 2), _MOST_ITEMS)):
        number = take(4 if version == 2 else 2)
        method = take(2) & 15 if version in (1, 2) else 0
        take(2)  # the file that holds the data; 0 is this one
        base, content = take(base_size), b""
        for _ in range(min(take(2), _MOST_ITEMS)):
            take(index_size)
            start, length = base + take(offset_size), take(length_size)
            source = data if method == 0 else inside if method == 1 else b""
            if len(content) < _MOST_BYTES:
                content += source[start : start + min(length, _MOST_BYTES)]
        found[number] = content
    return found

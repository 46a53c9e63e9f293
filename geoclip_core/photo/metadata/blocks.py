"""Where a file keeps what it says of itself: EXIF, XMP and IPTC blocks in every container, found without its pixels.

Containers are walked by their own tables, so that a picture that cannot be decoded still says where it was taken.
Where that finds nothing, the bytes are searched for what such blocks begin with.
"""

from __future__ import annotations

import binascii
import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from geoclip_core.photo.metadata import heif_items
from geoclip_core.photo.metadata.tiff import Directories, is_tiff, read_directories

_XMP_NAME, _XMP_MORE = b"http://ns.adobe.com/xap/1.0/\0", b"http://ns.adobe.com/xmp/extension/\0"
_EXIF_START = re.compile(rb"Exif\0[\0\xff](?=II\*\0|MM\0\*)")
_XMP_START, _XMP_END = b"<x:xmpmeta", b"</x:xmpmeta>"
_LONGEST_EXIF = 1 << 16
_CR3_BOXES, _CR3_REACH = (b"CMT1", b"CMT2", b"CMT4"), 1 << 20
_XMP_TAG, _IPTC_TAG, _PHOTOSHOP_TAG = 700, 33723, 34377
_IPTC_RESOURCE = 0x0404
_MOST_BYTES = 1 << 24  # of one unpacked text of a PNG file
_SEARCHED_BYTES = 1 << 26


@dataclass
class Blocks:
    """The blocks of a file, each as it is written there.

    Attributes:
        exif: From their byte order mark on.
        xmp: Packets of XML.
        iptc: Records (IIM).
        sidecars: Names and contents of files beside the photo that speak of it.
    """

    exif: list[bytes] = field(default_factory=list)
    xmp: list[bytes] = field(default_factory=list)
    iptc: list[bytes] = field(default_factory=list)
    sidecars: list[tuple[str, bytes]] = field(default_factory=list)

    def directories(self) -> list[Directories]:
        """The tags of every EXIF block."""
        return [read_directories(block) for block in self.exif]


def find_blocks(data: bytes) -> Blocks:
    """All blocks of a file; nothing raises, and what is damaged is left out.

    Args:
        data: The whole file, or what there is of it.
    """
    found = Blocks()
    if data[:2] == b"\xff\xd8":
        _jpeg(data, found)
    elif data[:8] == b"\x89PNG\r\n\x1a\n":
        _png(data, found)
    elif data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        for name, content in _chunks(data, 12, "<", after=0):
            if name == b"EXIF":
                found.exif.append(content.removeprefix(b"Exif\0\0"))
            elif name == b"XMP ":
                found.xmp.append(content)
    elif is_tiff(data):
        _tiff(data, found)
    elif data[4:12] == b"ftypcrx ":
        starts = [at for name in _CR3_BOXES if (at := data.find(name, 0, _CR3_REACH)) >= 4]
        found.exif += [data[at + 4 : at - 4 + int.from_bytes(data[at - 4 : at], "big")] for at in starts]
    elif data[4:8] == b"ftyp":
        exif, xmp = heif_items.metadata(data)
        found.exif += exif
        found.xmp += xmp
    searched = data[:_SEARCHED_BYTES]
    if not found.exif:
        starts = [match.end() for match in islice(_EXIF_START.finditer(searched), 2)]
        found.exif += [searched[start : start + _LONGEST_EXIF] for start in starts]
    if not found.xmp and (end := searched.find(_XMP_END, start := max(searched.find(_XMP_START), 0))) > start:
        found.xmp.append(searched[start : end + len(_XMP_END)])
    found.exif = [block for block in dict.fromkeys(found.exif) if is_tiff(block)]
    found.xmp = list(dict.fromkeys(found.xmp))
    return found


def _jpeg(data: bytes, found: Blocks) -> None:
    more: dict[bytes, list[tuple[int, bytes]]] = {}
    photoshop = b""
    for marker, content in _segments(data):
        if marker == 0xE1 and content[:4] == b"Exif":
            found.exif.append(content[6:])
        elif marker == 0xE1 and content.startswith(_XMP_NAME):
            found.xmp.append(content[len(_XMP_NAME) :])
        elif marker == 0xE1 and content.startswith(_XMP_MORE):
            rest = content[len(_XMP_MORE) :]
            more.setdefault(rest[:32], []).append((int.from_bytes(rest[36:40], "big"), rest[40:]))
        elif marker == 0xED and content.startswith(b"Photoshop 3.0\0"):
            photoshop += content[14:]
    found.exif = _joined(found.exif)
    # A packet too long for one segment goes on in others (XMP part 3, section 1.1.3.1).
    found.xmp += [b"".join(part for _, part in sorted(parts)) for parts in more.values()]
    found.iptc += _resources(photoshop)


def _joined(blocks: list[bytes]) -> list[bytes]:
    """EXIF blocks; what does not begin as one goes on with the one before it."""
    whole: list[bytes] = []
    for block in blocks:
        if whole and not is_tiff(block):
            whole[-1] += block
        else:
            whole.append(block)
    return whole


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Marker and content of the segments of a JPEG file before its pixels."""
    at = 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:  # filling that some writers leave between segments
            at = data.find(b"\xff", at)
            if at < 0:
                return
            continue
        marker = data[at + 1]
        if marker in (0xFF, 0x00, 0x01) or 0xD0 <= marker <= 0xD8:
            at += 1 if marker == 0xFF else 2
            continue
        if marker in (0xDA, 0xD9):
            return
        size = int.from_bytes(data[at + 2 : at + 4], "big")
        yield marker, data[at + 4 : at + 2 + size]
        at += 2 + max(size, 2)


def _resources(photoshop: bytes) -> list[bytes]:
    """IPTC records among Photoshop's image resources (Photoshop file formats, "Image Resource Blocks")."""
    found, at = [], 0
    while photoshop[at : at + 4] == b"8BIM" and at + 12 <= len(photoshop):
        kind = int.from_bytes(photoshop[at + 4 : at + 6], "big")
        name = photoshop[at + 6] + 1
        at += 6 + name + name % 2
        size = int.from_bytes(photoshop[at : at + 4], "big")
        if kind == _IPTC_RESOURCE:
            found.append(photoshop[at + 4 : at + 4 + size])
        at += 4 + size + size % 2
    return found


def _png(data: bytes, found: Blocks) -> None:
    for name, content in _chunks(data, 8, ">", after=4):
        if name == b"eXIf":
            found.exif.append(content.removeprefix(b"Exif\0\0"))
        elif name in (b"tEXt", b"zTXt", b"iTXt"):
            key, _, rest = content.partition(b"\0")
            text = _png_text(name, rest)
            if key == b"XML:com.adobe.xmp":
                found.xmp.append(text)
            elif key.startswith(b"Raw profile type "):
                _raw_profile(key[17:], text, found)


def _png_text(name: bytes, rest: bytes) -> bytes:
    if name == b"tEXt":
        return rest
    packed = name == b"zTXt" or rest[:1] == b"\1"
    # Behind its name: the packing, and in international text also the language and the translated name.
    rest = rest[1:] if name == b"zTXt" else rest[2:].partition(b"\0")[2].partition(b"\0")[2]
    if not packed:
        return rest
    try:
        return zlib.decompressobj().decompress(rest, _MOST_BYTES)
    except zlib.error:
        return b""


def _raw_profile(kind: bytes, text: bytes, found: Blocks) -> None:
    """A block in hexadecimal digits behind its name and its length, as ImageMagick writes it."""
    try:
        content = binascii.unhexlify(b"".join(text.split()[2:]))
    except (binascii.Error, ValueError):
        return
    if kind in (b"exif", b"APP1"):
        if content.startswith(_XMP_NAME):
            found.xmp.append(content[len(_XMP_NAME) :])
        else:
            found.exif.append(content.removeprefix(b"Exif\0\0"))
    elif kind == b"xmp":
        found.xmp.append(content)
    elif kind == b"iptc":
        found.iptc += _resources(content) or [content]


def _chunks(data: bytes, at: int, order: str, after: int) -> Iterator[tuple[bytes, bytes]]:
    """Name and content of the chunks of a PNG (">", a check sum after each) or WebP file ("<", even lengths)."""
    while at + 8 <= len(data):
        if order == ">":
            size, name = struct.unpack_from(">I4s", data, at)
        else:
            name, size = struct.unpack_from("<4sI", data, at)
        yield name, data[at + 8 : at + 8 + size]
        at += 8 + size + after + (size % 2 if order == "<" else 0)


def _tiff(data: bytes, found: Blocks) -> None:
    found.exif.append(data)
    main = read_directories(data).main
    for tag, blocks in ((_XMP_TAG, found.xmp), (_IPTC_TAG, found.iptc)):
        if isinstance(main.get(tag), bytes):
            blocks.append(main[tag])
    if isinstance(main.get(_PHOTOSHOP_TAG), bytes):
        found.iptc += _resources(main[_PHOTOSHOP_TAG])

"""Photo files that tests make with blocks of metadata in every container, byte by byte where no library writes them."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

from PIL import Image

KINDS = ("JPEG", "PNG", "WEBP", "HEIF", "AVIF", "TIFF")
SETTINGS: dict[str, dict[str, Any]] = {"WEBP": {"lossless": True}, "HEIF": {"quality": 90}, "AVIF": {"quality": 90}}

_NAMES = """xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"
 xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:tiff="http://ns.adobe.com/tiff/1.0/" xmlns:GPano="http://ns.google.com/photos/1.0/panorama/"
 xmlns:drone-dji="http://www.dji.com/drone-dji/1.0/" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
 xmlns:Iptc4xmpCore="http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/" """


def packet(attributes: str = "", elements: str = "") -> bytes:
    """An XMP packet with these properties."""
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="" {_NAMES} {attributes}>{elements}</rdf:Description>'
        '</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    ).encode()


def encoded(kind: str = "JPEG", image: Image.Image | None = None, **settings: Any) -> bytes:
    """A small picture as a file of some format."""
    stream = io.BytesIO()
    (image or Image.new("RGB", (64, 48), (20, 60, 20))).save(stream, kind, **SETTINGS.get(kind, {}), **settings)
    return stream.getvalue()


def with_xmp(kind: str, xmp: bytes) -> bytes:
    """A file of some format with a packet where that format keeps it."""
    if kind == "PNG":
        return with_png_chunk(encoded("PNG"), b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp)
    if kind == "TIFF":
        return encoded("TIFF", tiffinfo={700: xmp})
    return encoded(kind, xmp=xmp)


def with_png_chunk(png: bytes, name: bytes, content: bytes) -> bytes:
    """A PNG file with a further chunk before its end."""
    chunk = struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
    return png[:-12] + chunk + png[-12:]


def with_segment(jpeg: bytes, marker: int, content: bytes) -> bytes:
    """A JPEG file with a further segment in front."""
    return jpeg[:2] + struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content + jpeg[2:]


def iptc(entries: dict[tuple[int, int], bytes]) -> bytes:
    """A JPEG file with an IPTC record in Photoshop's segment."""
    record = b"".join(bytes([0x1C, *key]) + struct.pack(">H", len(value)) + value for key, value in entries.items())
    resource = b"8BIM\x04\x04\0\0" + struct.pack(">I", len(record)) + record + b"\0" * (len(record) % 2)
    return with_segment(encoded(), 0xED, b"Photoshop 3.0\0" + resource)


def directory(entries: list[tuple[int, int, int, bytes]], start: int) -> bytes:
    """A little-endian directory of tags (tag, type, count, value of any length) that stands at an offset."""
    head = 2 + 12 * len(entries) + 4
    table, behind = struct.pack("<H", len(entries)), b""
    for tag, kind, count, value in entries:
        if len(value) <= 4:
            table += struct.pack("<HHI", tag, kind, count) + value.ljust(4, b"\0")
        else:
            table += struct.pack("<HHII", tag, kind, count, start + head + len(behind))
            behind += value
    return table + b"\0\0\0\0" + behind


def degrees(value: float) -> bytes:
    """Degrees as three rationals, to a hundred-millionth of a degree."""
    return struct.pack("<6I", round(abs(value) * 1e7), 10**7, 0, 1, 0, 1)


def gps_entries(lat: float, lon: float) -> list[tuple[int, int, int, bytes]]:
    """Tags of a position."""
    return [
        (1, 2, 2, b"S\0" if lat < 0 else b"N\0"),
        (2, 5, 3, degrees(lat)),
        (3, 2, 2, b"W\0" if lon < 0 else b"E\0"),
        (4, 5, 3, degrees(lon)),
    ]


def exif_block(
    gps: list[tuple[int, int, int, bytes]],
    main: list[tuple[int, int, int, bytes]] | None = None,
    *,
    inside_exif: bool = False,
) -> bytes:
    """An EXIF block with a position; the pointer to it may stand in the directory of the picture's taking."""
    main = main or []
    first = 8 + len(directory([*main, (0x8769, 4, 1, b"\0" * 4)], 0))
    header = b"II*\0\x08\0\0\0"
    if not inside_exif:
        pointer = (0x8825, 4, 1, struct.pack("<I", first))
        return header + directory([*main, pointer], 8) + directory(gps, first)
    second = first + len(directory([(0x8825, 4, 1, b"\0" * 4)], 0))
    outer = directory([*main, (0x8769, 4, 1, struct.pack("<I", first))], 8)
    inner = directory([(0x8825, 4, 1, struct.pack("<I", second))], first)
    return header + outer + inner + directory(gps, second)


def with_exif(kind: str, block: bytes) -> bytes:
    """A file of some format with an EXIF block."""
    if kind == "TIFF":
        return tiff_with(block)
    return encoded(kind, exif=b"Exif\0\0" + block)


def tiff_with(block: bytes) -> bytes:
    """A grey TIFF picture of 8 x 8 pixels whose own directory points to the position of a block."""
    pixels = bytes(64)
    offset = 8 + len(pixels)
    entries = [(tag, 3, 1, struct.pack("<H", value)) for tag, value in ((0x100, 8), (0x101, 8), (0x102, 8), (0x103, 1))]
    entries += [(0x106, 3, 1, b"\x01\0"), (0x111, 4, 1, struct.pack("<I", 8)), (0x115, 3, 1, b"\x01\0")]
    entries += [(0x116, 3, 1, b"\x08\0"), (0x117, 4, 1, struct.pack("<I", 64))]
    size = len(directory([*entries, (0x8825, 4, 1, b"\0" * 4)], 0))
    gps_at = offset + size
    gps = _gps_of(block, gps_at)
    whole = directory([*entries, (0x8825, 4, 1, struct.pack("<I", gps_at))], offset)
    return b"II*\0" + struct.pack("<I", offset) + pixels + whole + gps


def _gps_of(block: bytes, start: int) -> bytes:
    """The position's directory of a block, moved to another offset."""
    from geoclip_core.photo.metadata.tiff import read_directories

    gps = read_directories(block).gps
    lat = gps[2][0] * (-1 if gps[1] == "S" else 1)
    lon = gps[4][0] * (-1 if gps[3] == "W" else 1)
    return directory(gps_entries(lat, lon), start)

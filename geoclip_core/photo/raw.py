"""Raw files of cameras: recognised, and shown by the preview that the camera has put into them.

Developing the sensor's own data would need each maker's secrets and a large package, for pixels that the models here
shrink to a few hundred; the preview is what the camera itself showed.
"""

from __future__ import annotations

import io

from PIL import JpegImagePlugin

from geoclip_core.photo.metadata.tiff import Directories, is_tiff, read_directories

_BY_BEGINNING = {
    b"FUJIFILMCCD-RAW": "Fujifilm RAF",
    b"FOVb": "Sigma X3F",
    b"\0MRM": "Minolta MRW",
    b"IIU\0": "Panasonic RW2",
    b"IIRO": "Olympus ORF",
    b"IIRS": "Olympus ORF",
    b"MMOR": "Olympus ORF",
}
_DNG_VERSION, _PHOTOMETRIC, _COMPRESSION = 0xC612, 0x0106, 0x0103
_SENSOR_PHOTOMETRIC = (32803, 34892)  # colour filter array, linear raw (TIFF/EP; DNG 1.6, chapter 2)
_SENSOR_COMPRESSION = (32767, 34713, 65535)  # Sony's, Nikon's, Pentax's
_MOST_PREVIEWS = 24
_HEAD = 1 << 17  # bytes in which a JPEG picture has said how large it is


def raw_kind(data: bytes) -> str:
    """What kind of raw file the bytes are, in words; "" where they are none."""
    for beginning, kind in _BY_BEGINNING.items():
        if data.startswith(beginning):
            return kind
    if data[4:12] == b"ftypcrx ":
        return "Canon CR3"
    if not is_tiff(data):
        return ""
    if data[8:10] == b"CR":
        return "Canon CR2"
    block = read_directories(data)
    if _DNG_VERSION in block.main:
        return "DNG"
    maker = str(block.main.get(0x010F, "")).split()
    return " ".join([*maker[:1], "raw"]) if _holds_sensor_data(block) else ""


def _holds_sensor_data(block: Directories) -> bool:
    return any(
        tags.get(_PHOTOMETRIC) in _SENSOR_PHOTOMETRIC or tags.get(_COMPRESSION) in _SENSOR_COMPRESSION
        for tags in (block.main, *block.others)
    )


def preview(data: bytes) -> bytes:
    """The largest JPEG picture inside a raw file, from its first byte on; b"" where there is none."""
    best, largest = len(data), 0
    for start in _found(data, b"\xff\xd8\xff"):
        part = data[start : start + _HEAD]
        try:
            # Image.open would warn of, and refuse, sizes that chance bytes may spell.
            width, height = JpegImagePlugin.JpegImageFile(io.BytesIO(part)).size
        except (OSError, SyntaxError, ValueError, IndexError, KeyError, TypeError):
            continue
        if width * height > largest and not _lossless(part):
            best, largest = start, width * height
    return data[best:]  # a decoder stops at the picture's own end


def _lossless(jpeg: bytes) -> bool:
    """Whether it is the sensor's data, which some makers pack as lossless JPEG (marker SOF3)."""
    at = 2
    while at + 4 <= len(jpeg) and jpeg[at] == 0xFF:
        if 0xC0 <= jpeg[at + 1] <= 0xCF and jpeg[at + 1] not in (0xC4, 0xC8, 0xCC):
            return jpeg[at + 1] == 0xC3
        at += 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
    return False


def _found(data: bytes, wanted: bytes) -> list[int]:
    places: list[int] = []
    at = data.find(wanted)
    while at >= 0 and len(places) < _MOST_PREVIEWS:
        places.append(at)
        at = data.find(wanted, at + 1)
    return places

"""Positions beside photos and in copies of them: XMP sidecars, and EXIF blocks. Originals are never written."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from xml.sax.saxutils import quoteattr

from PIL import ExifTags, Image

from geoclip_core.album.entry import Entry, Point
from geoclip_core.errors import PhotoError, QueryError

_EXIF_HEAD = b"Exif\0\0"
_MOST_SEGMENT = 65_533  # bytes of a JPEG segment, its two bytes of length not counted
_METHOD = b"ASCII\0\0\0"
_METHODS = {"person": "SET BY A PERSON", "model": "ESTIMATED FROM THE PHOTO", "time": "ESTIMATED FROM THE TIME"}
_PACKET = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" xmlns:exif="http://ns.adobe.com/exif/1.0/"
    exif:GPSVersionID="2.3.0.0"
    exif:GPSLatitude={latitude}
    exif:GPSLongitude={longitude}
    exif:GPSMapDatum="WGS-84"
    exif:GPSProcessingMethod={method}/>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>
"""


def xmp_sidecar(entry: Entry) -> bytes:
    """An XMP packet with the entry's position, to lie beside the photo as ``NAME.xmp``.

    Raises:
        QueryError: The entry has no position.
    """
    lat, lon = _position(entry)
    made = _PACKET.format(
        latitude=quoteattr(_xmp_angle(lat, "N", "S")),
        longitude=quoteattr(_xmp_angle(lon, "E", "W")),
        method=quoteattr(_METHODS[entry.origin]),
    )
    return made.encode()


def placed_copy(photo: bytes, entry: Entry) -> bytes:
    """The bytes of a copy of a JPEG photo with the entry's position in its EXIF block; the picture is not encoded anew.

    A position that was estimated says so (``GPSProcessingMethod``), with its radius as the error.

    Raises:
        PhotoError: Not a JPEG file, or damaged.
        QueryError: The entry has no position.
    """
    latlon = _position(entry)
    if photo[:3] != b"\xff\xd8\xff":
        raise PhotoError(f"{entry.name} is no JPEG file", allowed="JPEG", hint="take its XMP file along instead")
    segments = list(_segments(photo))
    old = [body[len(_EXIF_HEAD) :] for marker, body in segments if marker == 0xE1 and body.startswith(_EXIF_HEAD)]
    exif = Image.Exif()
    try:
        if old:
            exif.load(_EXIF_HEAD + old[0])
        _place(exif, latlon, entry)
        block = exif.tobytes()
    except Exception as error:  # Pillow raises many kinds for a block that was damaged before
        raise PhotoError(
            f"The EXIF block of {entry.name} cannot be written ({type(error).__name__})",
            hint="take its XMP file along instead",
        ) from error
    block = block if block.startswith(_EXIF_HEAD) else _EXIF_HEAD + block
    if len(block) > _MOST_SEGMENT:
        raise PhotoError(f"The EXIF block of {entry.name} is full", hint="take its XMP file along instead")
    kept = [(marker, body) for marker, body in segments if not (marker == 0xE1 and body.startswith(_EXIF_HEAD))]
    first = 1 if kept and kept[0][0] == 0xE0 else 0  # JFIF, where there is one, stays in front
    kept.insert(first, (0xE1, block))
    head = b"".join(struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body for marker, body in kept)
    return photo[:2] + head + photo[_after(photo) :]


def _place(exif: Image.Exif, latlon: Point, entry: Entry) -> None:
    gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
    if ExifTags.IFD.Exif in exif:  # some cameras note the position's place there; it will not be at that place any more
        exif.get_ifd(ExifTags.IFD.Exif).pop(ExifTags.IFD.GPSInfo, None)
    tag = ExifTags.GPS
    lat, lon = latlon
    gps[tag.GPSVersionID] = bytes((2, 3, 0, 0))
    gps[tag.GPSLatitudeRef], gps[tag.GPSLatitude] = "N" if lat >= 0 else "S", _sexagesimal(lat)
    gps[tag.GPSLongitudeRef], gps[tag.GPSLongitude] = "E" if lon >= 0 else "W", _sexagesimal(lon)
    gps[tag.GPSMapDatum] = "WGS-84"
    gps[tag.GPSProcessingMethod] = _METHOD + _METHODS[entry.origin].encode()
    error_km = None
    if entry.origin == "model" and entry.best is not None:
        error_km = entry.best.radius_km
    elif entry.origin == "time" and entry.by_time is not None:
        error_km = entry.by_time.spread_km
    if error_km is not None:
        gps[tag.GPSHPositioningError] = round(error_km * 1000, 1)
    elif tag.GPSHPositioningError in gps:
        del gps[tag.GPSHPositioningError]
    for stale in (tag.GPSTimeStamp, tag.GPSDateStamp, tag.GPSStatus, tag.GPSDOP):  # they belong to another fix
        if stale in gps:
            del gps[stale]


def _position(entry: Entry) -> Point:
    if entry.latlon is None:
        raise QueryError(f"{entry.name} has no position", hint="confirm or set one first")
    return entry.latlon


def _sexagesimal(angle_deg: float) -> tuple[float, float, float]:
    """Degrees, minutes and seconds to a ten-thousandth of a second: 3 mm."""
    units = round(abs(angle_deg) * 36_000_000)
    return float(units // 36_000_000), float(units // 600_000 % 60), units % 600_000 / 10_000


def _xmp_angle(angle_deg: float, positive: str, negative: str) -> str:
    """As XMP writes it: whole degrees, decimal minutes, a letter; such as 48,51.5040000N."""
    degrees, minutes = divmod(round(abs(angle_deg) * 60, 7), 60)
    return f"{math.floor(degrees)},{minutes:.7f}{positive if angle_deg >= 0 else negative}"


def _segments(photo: bytes) -> Iterator[tuple[int, bytes]]:
    """Application segments and comments at the beginning of a JPEG file: marker and content."""
    at = 2
    while at + 4 <= len(photo) and photo[at] == 0xFF and (0xE0 <= photo[at + 1] <= 0xEF or photo[at + 1] == 0xFE):
        length = int.from_bytes(photo[at + 2 : at + 4], "big")
        if length < 2 or at + 2 + length > len(photo):
            raise PhotoError("The photo's JPEG file is damaged", hint="take its XMP file along instead")
        yield photo[at + 1], photo[at + 4 : at + 2 + length]
        at += 2 + length


def _after(photo: bytes) -> int:
    """Where those segments end."""
    return 2 + sum(4 + len(body) for _, body in _segments(photo))

"""What an XMP packet says: position, place, times, camera, direction, caption, projection.

XMP (ISO 16684-1) is RDF in XML: a property is an attribute or an element, a list is an ``rdf:Alt``, ``rdf:Bag`` or
``rdf:Seq``, a structure has fields of its own. Pillow's ``getxmp`` drops the namespaces and needs a further package;
here Python's own parser reads the text, and documents that declare entities, with which XML can harm, are refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree

from geoclip_core.photo.claims import Claim, Said, What, finite, words
from geoclip_core.photo.metadata.exif_block import altitude, camera_name, caption, heading
from geoclip_core.photo.metadata.positions import Fix, parts_of, position
from geoclip_core.photo.metadata.times import time_claim

_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_EXIF = "{http://ns.adobe.com/exif/1.0/}"
_TIFF = "{http://ns.adobe.com/tiff/1.0/}"
_XMP = "{http://ns.adobe.com/xap/1.0/}"
_PHOTOSHOP = "{http://ns.adobe.com/photoshop/1.0/}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_CORE = "{http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/}"
_EXT = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}"
_PANO = "{http://ns.google.com/photos/1.0/panorama/}"
_DJI = "{http://www.dji.com/drone-dji/1.0/}"
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_LISTS = (f"{_RDF}Alt", f"{_RDF}Bag", f"{_RDF}Seq")
_LONGEST = 1 << 22  # characters of a packet; larger ones hold pictures
_DAMAGED = "The XMP packet is damaged and was not read."

Fields = dict[str, str]
"""Texts by the full name of the property."""


def read_packet(packet: bytes, source: str = "XMP") -> Said:
    """All claims of a packet.

    Args:
        packet: XML, in any encoding that XMP allows; what stands around it is passed over.
        source: What to call it.
    """
    root = _parsed(packet)
    if root is None:
        return Said(problems=(_DAMAGED,))
    fields: Fields = {}
    created: list[Fields] = []
    shown: list[Fields] = []
    rdf = root if root.tag == f"{_RDF}RDF" else root.find(f"{_RDF}RDF")
    for description in rdf if rdf is not None else ():
        for name, value in description.attrib.items():
            fields.setdefault(name, value)
        for element in description:
            if element.tag == f"{_EXT}LocationCreated":
                created += _structures(element)
            elif element.tag == f"{_EXT}LocationShown":
                shown += _structures(element)
            else:
                fields.setdefault(element.tag, _text(element))
    made = [*_positions(fields, source), *_times(fields, source), *_camera_and_caption(fields, source)]
    for place in created:
        made += [_position_of(place, source, "position"), _place_of(place, source, "place")]
    for place in shown:
        made += [_position_of(place, source, "shown position"), _place_of(place, source, "shown place")]
    problems = [entry for entry in made if isinstance(entry, str)]
    return Said(tuple(entry for entry in made if isinstance(entry, Claim)), tuple(problems))


def _parsed(packet: bytes) -> ElementTree.Element | None:
    for encoding in ("utf-8", "utf-16", "utf-16-be", "utf-16-le", "latin-1"):
        if encoding.startswith("utf-16") != (b"\0" in packet[:100]):
            continue
        try:
            text = packet.decode(encoding)
        except UnicodeDecodeError:
            continue
        start = re.search(r"<(x:xmpmeta|rdf:RDF)", text)
        end = text.rfind(f"</{start[1]}>") if start else -1
        if start is None or end < 0 or end - start.start() > _LONGEST:
            continue
        body = text[start.start() : end + len(start[1]) + 3]
        if "<!DOCTYPE" in body or "<!ENTITY" in body:
            return None
        try:
            return ElementTree.fromstring(body)
        except (ElementTree.ParseError, ValueError, RecursionError):
            return None
    return None


def _text(element: ElementTree.Element) -> str:
    """The text of a property: its own, or that of the first entry of a list."""
    for child in element:
        if child.tag in _LISTS:
            entries = sorted(child, key=lambda entry: entry.get(_LANGUAGE) != "x-default")
            return (entries[0].text or "").strip() if entries else ""
        if child.tag == f"{_RDF}Description":
            return (child.findtext(f"{_RDF}value") or child.get(f"{_RDF}value") or "").strip()
    return (element.text or element.findtext(f"{_RDF}value") or element.get(f"{_RDF}value") or "").strip()


def _structures(element: ElementTree.Element) -> Iterator[Fields]:
    """The structures that a property holds: one, or a list of them."""
    entries = [entry for child in element if child.tag in _LISTS for entry in child] or [element]
    for entry in entries:
        inner = [entry, *entry.findall(f"{_RDF}Description")]
        fields = {name: value for node in inner for name, value in node.attrib.items()}
        fields |= {child.tag: _text(child) for node in inner for child in node if child.tag != f"{_RDF}Description"}
        yield fields


def _positions(fields: Fields, source: str) -> list[Claim | str | None]:
    made = [_position_of(fields, source, "position")]
    # Some firmware of DJI's drones misspells longitude.
    dji = {name.rpartition("}")[2]: value for name, value in fields.items() if name.startswith("{http://www.dji.com/")}
    longitude = dji.get("GpsLongitude") or dji.get("GpsLongtitude")
    if dji.get("GpsLatitude") and longitude:
        numbers = [finite(dji["GpsLatitude"])], [finite(longitude)]
        drone = position("position", f"{source} of DJI's drone", *numbers, signed=True)
        made.append(drone if isinstance(drone, Claim) or made[0] is None else None)
    made.append(altitude(fields.get(f"{_EXIF}GPSAltitude"), fields.get(f"{_EXIF}GPSAltitudeRef"), source))
    made.append(altitude(dji.get("AbsoluteAltitude"), None, f"{source} of DJI's drone"))
    made.append(heading(fields.get(f"{_EXIF}GPSImgDirection"), fields.get(f"{_EXIF}GPSImgDirectionRef"), source))
    made.append(heading(fields.get(f"{_PANO}PoseHeadingDegrees"), None, f"{source} of a panorama"))
    made.append(heading(dji.get("GimbalYawDegree"), None, f"{source} of DJI's drone"))
    projection = words(fields.get(f"{_PANO}ProjectionType"), 40)
    made.append(Claim("projection", projection, source) if projection else None)
    return made


def _position_of(fields: Fields, source: str, what: What) -> Claim | str | None:
    latitude, longitude = fields.get(f"{_EXIF}GPSLatitude"), fields.get(f"{_EXIF}GPSLongitude")
    if not latitude or not longitude:
        return None
    (lat, south_north, decimal), (lon, east_west, _) = _angle(latitude), _angle(longitude)
    letters = (
        south_north or words(fields.get(f"{_EXIF}GPSLatitudeRef")),
        east_west or words(fields.get(f"{_EXIF}GPSLongitudeRef")),
    )
    fix = Fix(
        finite(fields.get(f"{_EXIF}GPSHPositioningError")),
        finite(fields.get(f"{_EXIF}GPSDOP")),
        words(fields.get(f"{_EXIF}GPSStatus")),
        words(fields.get(f"{_EXIF}GPSMapDatum"), 60),
    )
    return position(what, source, lat, lon, letters, fix, signed=decimal and not any(letters))


def _angle(text: str) -> tuple[list[float | None], str, bool]:
    """Degrees, minutes, seconds of ``"48,51.504N"``, ``"48,51,30N"`` or ``"-48.8584"``; the letter; whether decimal."""
    letter = re.search(r"[NSEW]", text.upper())
    parts = parts_of(text)
    return parts, letter[0] if letter else "", len(parts) == 1


def _place_of(fields: Fields, source: str, what: What) -> Claim | None:
    order = ("Sublocation", "City", "ProvinceState", "CountryName")
    named = [words(fields.get(f"{_EXT}{name}"), 200) for name in order]
    text = ", ".join(part for part in named if part) or words(fields.get(f"{_EXT}LocationName"), 200)
    return Claim(what, text, source) if text else None


def _times(fields: Fields, source: str) -> list[Claim | str | None]:
    taken = fields.get(f"{_EXIF}DateTimeOriginal") or fields.get(f"{_PHOTOSHOP}DateCreated")
    digitized = fields.get(f"{_XMP}CreateDate") or fields.get(f"{_EXIF}DateTimeDigitized")
    return [
        time_claim("taken", source, taken),
        time_claim("digitized", source, digitized),
        time_claim("gps time", source, fields.get(f"{_EXIF}GPSTimeStamp"), "Z"),
        time_claim("changed", source, fields.get(f"{_XMP}ModifyDate")),
    ]


def _camera_and_caption(fields: Fields, source: str) -> list[Claim | str | None]:
    name = camera_name(fields.get(f"{_TIFF}Make"), fields.get(f"{_TIFF}Model"))
    named = [
        words(fields.get(key), 200)
        for key in (f"{_CORE}Location", f"{_PHOTOSHOP}City", f"{_PHOTOSHOP}State", f"{_PHOTOSHOP}Country")
    ]
    if not named[3]:
        named[3] = words(fields.get(f"{_CORE}CountryCode"), 3)
    place = ", ".join(part for part in named if part)
    return [
        Claim("place", place, source) if place else None,
        Claim("camera", name, source) if name else None,
        caption(fields.get(f"{_DC}description"), source) or caption(fields.get(f"{_DC}title"), source),
    ]

"""What an EXIF block says: position, times, camera, direction (EXIF 3.0, CIPA DC-008-2023, section 4.6)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from PIL import ExifTags

from geoclip_core.photo.claims import Claim, Said, What, finite, words
from geoclip_core.photo.metadata.positions import Fix, parts_of, position
from geoclip_core.photo.metadata.tiff import Directories, Tags, as_text
from geoclip_core.photo.metadata.times import time_claim

_GPS = ExifTags.GPS
_BASE = ExifTags.Base

_TIMES: tuple[tuple[What, int, int], ...] = (
    ("taken", _BASE.DateTimeOriginal, _BASE.OffsetTimeOriginal),
    ("digitized", _BASE.DateTimeDigitized, _BASE.OffsetTimeDigitized),
    ("changed", _BASE.DateTime, _BASE.OffsetTime),
)
# What cameras and programs write where a person would write a caption.
_NO_CAPTION = re.compile(
    r"(cof|sdr|hdr|rhdr|ozedf?|nor|mde|btf|fbt|vlbw|samsung|oppo|untitled|default|screenshot|jpeg picture)"
    r"|(img|dsc|dscn|dscf|dji|pict|vid|pxl|mvimg|gopr|nor|mde|btf|cof|sdr|hdr)[_\d-].*|[\W\d_]*"
    r"|.*(digital camera|exif.jpeg|sony dsc|dcim[\\/]|kenox|lead technologies|created with|processed with).*",
    re.IGNORECASE | re.DOTALL,
)


def read_block(block: Directories, source: str = "EXIF") -> Said:
    """All claims of a block."""
    problems: list[str] = []
    if block.damaged:
        some = block.main or block.exif or block.gps
        problems.append(
            "Parts of the EXIF block are damaged; what could be read was used."
            if some
            else "The EXIF block is damaged and was not read."
        )
    claims: list[Claim] = []
    for made in (
        _position(block.gps, source),
        _shown_position(block.gps, source),
        *(_time(block, source, *times) for times in _TIMES),
        _gps_time(block.gps, source),
        altitude(block.gps.get(_GPS.GPSAltitude), block.gps.get(_GPS.GPSAltitudeRef), source),
        heading(block.gps.get(_GPS.GPSImgDirection), block.gps.get(_GPS.GPSImgDirectionRef), source),
        _camera(block.main, source),
        _caption(block, source),
    ):
        if isinstance(made, Claim):
            claims.append(made)
        elif made:
            problems.append(made)
    return Said(tuple(claims), tuple(problems))


def _position(gps: Tags, source: str) -> Claim | str | None:
    latitude, longitude = gps.get(_GPS.GPSLatitude), gps.get(_GPS.GPSLongitude)
    if latitude is None and longitude is None:
        return None
    letters = words(gps.get(_GPS.GPSLatitudeRef)), words(gps.get(_GPS.GPSLongitudeRef))
    fix = Fix(
        finite(gps.get(_GPS.GPSHPositioningError)),
        finite(gps.get(_GPS.GPSDOP)),
        words(gps.get(_GPS.GPSStatus)),
        words(gps.get(_GPS.GPSMapDatum), 60),
    )
    return position("position", source, parts_of(latitude), parts_of(longitude), letters, fix)


def _shown_position(gps: Tags, source: str) -> Claim | None:
    """The place that a device was pointed at, or led to."""
    latitude, longitude = gps.get(_GPS.GPSDestLatitude), gps.get(_GPS.GPSDestLongitude)
    if latitude is None or longitude is None:
        return None
    letters = words(gps.get(_GPS.GPSDestLatitudeRef)), words(gps.get(_GPS.GPSDestLongitudeRef))
    made = position("shown position", source, parts_of(latitude), parts_of(longitude), letters)
    return made if isinstance(made, Claim) else None


def _time(block: Directories, source: str, what: What, tag: int, offset: int) -> Claim | str | None:
    either = {**block.main, **block.exif}
    return time_claim(what, source, either.get(tag), either.get(offset))


def _gps_time(gps: Tags, source: str) -> Claim | None:
    """The time of the satellites, which is UTC."""
    day = time_claim("gps time", source, gps.get(_GPS.GPSDateStamp))
    clock = [finite(part) for part in gps.get(_GPS.GPSTimeStamp) or ()] if _is_list(gps.get(_GPS.GPSTimeStamp)) else []
    if not isinstance(day, Claim) or len(clock) != 3:
        return None
    hours, minutes, seconds = (part or 0.0 for part in clock)
    if not (0 <= hours < 24 and 0 <= minutes < 60 and 0 <= seconds <= 60):
        return None
    assert isinstance(day.value, datetime)
    moment = day.value.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=UTC)
    try:
        moment += timedelta(hours=hours, minutes=minutes, seconds=round(seconds, 3))
    except OverflowError:  # the last day of the year 9999
        return None
    return Claim("gps time", moment, source)


def _is_list(value: object) -> bool:
    return isinstance(value, tuple | list)


def altitude(value: object, reference: object, source: str) -> Claim | None:
    """Metres above the sea, or below it where the reference is 1 or 3, as a byte, a number or a text."""
    metres = finite(value)
    if metres is None:
        return None
    kind = reference[0] if isinstance(reference, bytes) and reference else finite(reference)
    kind = kind - ord("0") if isinstance(reference, bytes) and kind and kind >= ord("0") else kind
    # 2 and 3 are heights above and below the ellipsoid (EXIF 3.0), which lies within 110 m of the sea.
    doubt = "The altitude is that above the ellipsoid, up to 110 m off that above the sea."
    doubts = (doubt,) if kind in (2, 3) else ()
    return Claim("altitude", -abs(metres) if kind in (1, 3) else metres, source, doubts=doubts)


def heading(value: object, reference: object, source: str) -> Claim | None:
    """Degrees clockwise from north; the reference M means that north is the compass needle's."""
    degrees = finite(value)
    if degrees is None:
        return None
    magnetic = words(reference)[:1].upper() == "M"
    return Claim("heading", degrees % 360.0, source, doubts=(MAGNETIC,) if magnetic else ())


MAGNETIC = "The heading is measured from magnetic north, which differs from true north by up to tens of degrees."


def _camera(main: Tags, source: str) -> Claim | None:
    name = camera_name(main.get(_BASE.Make), main.get(_BASE.Model))
    return Claim("camera", name, source) if name else None


def camera_name(maker: object, model: object) -> str:
    """Maker and model, the maker once; at most 80 letters."""
    make, name = words(maker, 200), words(model, 200)
    return (name if name.lower().startswith(make.lower()) else f"{make} {name}").strip()[:80]


def _caption(block: Directories, source: str) -> Claim | None:
    """The first description that is none of the camera's own."""
    utf16 = [block.main.get(tag) for tag in (_BASE.XPTitle, _BASE.XPComment, _BASE.XPSubject)]
    texts: list[object] = [block.main.get(_BASE.ImageDescription)]
    texts += [held.decode("utf-16-le", "replace").split("\0")[0] for held in utf16 if isinstance(held, bytes)]
    comment = block.exif.get(_BASE.UserComment)
    if isinstance(comment, bytes) and comment[:8] == b"UNICODE\0":
        texts.append(comment[8:].decode("utf-16-le" if block.order == "<" else "utf-16-be", "replace").split("\0")[0])
    elif isinstance(comment, bytes) and comment[:8] == b"ASCII\0\0\0":
        texts.append(as_text(comment[8:]))
    return next((made for text in texts if (made := caption(text, source)) is not None), None)


def caption(value: object, source: str) -> Claim | None:
    """What somebody wrote about the photo; nothing for what cameras and programs write there by themselves."""
    text = words(value)
    return None if len(text) < 3 or _NO_CAPTION.fullmatch(text) else Claim("caption", text, source)

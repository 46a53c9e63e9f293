"""Metadata of a photo's file: position, time, camera.

EXIF is a claim, not a fact: it can be edited, copied from another photo, or come from a phone without a
fix. It is therefore evidence of its own, always shown apart from what the pixels say.
"""

from __future__ import annotations

import math
import struct
import warnings
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from weakref import WeakKeyDictionary

from PIL import ExifTags, Image

from geoclip_core.photo.decode import Photo

_GPS = ExifTags.GPS
_BASE = ExifTags.Base
_METRES_PER_DEGREE = 111_195.0  # of latitude, on a sphere of Earth's mean radius

LARGEST_ERROR_M = 1_000_000.0
"""A stated error larger than this is a wrong value, not an error."""
_RECORDS: WeakKeyDictionary[Photo, ExifRecord] = WeakKeyDictionary()  # several places ask for that of one photo


@dataclass(frozen=True)
class ExifRecord:
    """The claims of an EXIF block.

    Attributes:
        latlon: Latitude and longitude in degrees, or None where there is no usable position.
        altitude_m: Metres above sea level, negative below.
        heading_deg: Direction the camera looked, degrees clockwise from north, in [0, 360).
        error_m: Horizontal positioning error in metres: what the device states, or what whole degrees or minutes leave
            open, whichever is larger.
        taken_at: Local time of the photo, without zone unless the file states one.
        camera: Maker and model.
        problems: Plain sentences on what was there but could not be used.
    """

    latlon: tuple[float, float] | None = None
    altitude_m: float | None = None
    heading_deg: float | None = None
    error_m: float | None = None
    taken_at: datetime | None = None
    camera: str | None = None
    problems: tuple[str, ...] = ()


def read_exif(photo: Photo | Image.Exif) -> ExifRecord:
    """Read position, time and camera from a photo.

    Args:
        photo: A decoded photo, or a raw EXIF block.

    Returns:
        A record; fields that are absent or unusable are None, with the reason in ``problems`` where
        something was written but makes no sense (zero denominators, out of range, exactly 0, 0).
    """
    if not isinstance(photo, Photo):
        return _read(photo)
    if photo not in _RECORDS:
        _RECORDS[photo] = _read(photo.exif)
    return _RECORDS[photo]


def _read(exif: Image.Exif) -> ExifRecord:
    problems: list[str] = []
    with warnings.catch_warnings(record=True) as complaints:
        warnings.simplefilter("always", UserWarning)  # Pillow's word for an entry that it had to skip
        try:
            gps: dict[int, Any] = dict(exif.get_ifd(ExifTags.IFD.GPSInfo))
            details: dict[int, Any] = {**dict(exif), **dict(exif.get_ifd(ExifTags.IFD.Exif))}
        except (OSError, SyntaxError, ValueError, KeyError, TypeError, AttributeError, IndexError, struct.error):
            return ExifRecord(problems=("The EXIF block is damaged and was not read.",))
    if complaints:
        problems.append("Parts of the EXIF block are damaged; what could be read was used.")
    altitude = _number(gps.get(_GPS.GPSAltitude))
    if altitude is not None and gps.get(_GPS.GPSAltitudeRef) in (1, b"\x01"):
        altitude = -abs(altitude)
    heading = _number(gps.get(_GPS.GPSImgDirection))
    latlon = _position(gps, problems)
    error = _error_m(gps, latlon is not None, problems)
    return ExifRecord(
        latlon=latlon,
        altitude_m=altitude,
        heading_deg=None if heading is None else heading % 360.0,
        error_m=error,
        taken_at=_time(details, problems),
        camera=_camera(details),
        problems=tuple(problems),
    )


def _number(value: object) -> float | None:
    """A finite float from an EXIF rational, number or text; None where there is none."""
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _text(value: object) -> str:
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    return "".join(c for c in str(value) if c.isprintable()).strip() if value is not None else ""


def _degrees(value: object) -> float | None:
    """Degrees from up to three parts: degrees, minutes, seconds."""
    parts = value if isinstance(value, tuple | list) else (value,)
    numbers = [_number(part) for part in parts[:3]]
    if not numbers or numbers[0] is None:
        return None
    # Devices that write whole degrees and decimal minutes leave the seconds as 0/0.
    total = numbers[0]
    for scale, number in zip((60.0, 3600.0), numbers[1:], strict=False):
        if number is None:
            if scale == 60.0:
                return None
            continue
        total += math.copysign(number / scale, total) if total else number / scale
    return total


def _position(gps: dict[int, Any], problems: list[str]) -> tuple[float, float] | None:
    raw = gps.get(_GPS.GPSLatitude), gps.get(_GPS.GPSLongitude)
    if raw[0] is None and raw[1] is None:
        return None
    latitude, longitude = _degrees(raw[0]), _degrees(raw[1])
    if latitude is None or longitude is None:
        problems.append("The file holds a GPS position that is incomplete or divides by zero; it was not used.")
        return None
    for value, limit, word in ((latitude, 90.0, "latitude"), (longitude, 180.0, "longitude")):
        if abs(value) > limit:
            problems.append(f"The file gives a {word} of {value:.4f} degrees, beyond {limit:.0f}; it was not used.")
            return None
    if latitude == 0.0 and longitude == 0.0:
        problems.append("The file gives exactly 0, 0, which devices write when they have no fix; it was not used.")
        return None
    south, west = (_text(gps.get(tag)).upper()[:1] for tag in (_GPS.GPSLatitudeRef, _GPS.GPSLongitudeRef))
    if south not in ("N", "S") or west not in ("E", "W"):
        problems.append("The file does not say which hemisphere its position is in; north and east were assumed.")
    # Some devices write the sign and the letter; both mean the same.
    latitude = -abs(latitude) if south == "S" else latitude
    longitude = -abs(longitude) if west == "W" else longitude
    return latitude, -180.0 if longitude == 180.0 else longitude


def _error_m(gps: dict[int, Any], placed: bool, problems: list[str]) -> float | None:
    stated = _number(gps.get(_GPS.GPSHPositioningError))
    if stated is not None and stated > LARGEST_ERROR_M:
        problems.append(f"The file states an error of {stated / 1000:,.0f} km, which was not believed.")
        stated = None
    rounded = _rounding_m(gps) if placed else None
    if rounded is not None and rounded > (stated or 0.0):
        problems.append(f"The position is rounded to {'whole degrees' if rounded > 1e4 else 'whole minutes'}.")
        return rounded
    return stated if stated is not None and stated > 0 else None


def _rounding_m(gps: dict[int, Any]) -> float | None:
    """What a position in whole degrees, or whole minutes, leaves open: half a diagonal of such a cell; else None."""
    finest = 0
    for tag in (_GPS.GPSLatitude, _GPS.GPSLongitude):
        value = gps.get(tag)
        parts = [_number(part) or 0.0 for part in (value if isinstance(value, tuple | list) else (value,))[:3]]
        if any(part != int(part) for part in parts):
            return None
        finest = max(finest, max((place for place, part in enumerate(parts) if part), default=0))
    return {0: _METRES_PER_DEGREE, 1: _METRES_PER_DEGREE / 60}.get(finest, 0.0) * 0.5**0.5 or None


def _time(details: dict[int, Any], problems: list[str]) -> datetime | None:
    text = _text(details.get(_BASE.DateTimeOriginal) or details.get(_BASE.DateTime))
    if not text.strip("0: "):
        return None
    offset = _text(details.get(_BASE.OffsetTimeOriginal))
    for candidate, form in ((text[:19] + offset, "%Y:%m:%d %H:%M:%S%z"), (text[:19], "%Y:%m:%d %H:%M:%S")):
        try:
            return datetime.strptime(candidate, form)
        except ValueError:
            continue
    problems.append(f"The file gives a time that cannot be read ({text[:30]!r}).")
    return None


def _camera(details: dict[int, Any]) -> str | None:
    maker, model = _text(details.get(_BASE.Make)), _text(details.get(_BASE.Model))
    words = model if model.lower().startswith(maker.lower()) else f"{maker} {model}"
    return words.strip()[:80] or None

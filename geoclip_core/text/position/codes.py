"""Positions written as codes: plus codes, MGRS, UTM and geohash."""

from __future__ import annotations

import re
from collections.abc import Callable

from geoclip_core.text.position.point import Position, metres_as_degrees, position

_PLUS_DIGITS = "23456789CFGHJMPQRVWX"
_PLUS = re.compile(rf"(?<![\w+])([{_PLUS_DIGITS}]{{2,8}}0*\+[{_PLUS_DIGITS}]{{0,7}})(?![\w+])", re.IGNORECASE)
_MGRS = re.compile(r"(\d{1,2})\s*([C-HJ-NP-X])\s*([A-HJ-NP-Z]{2})\s*(\d{2,5})\s*(\d{2,5})", re.IGNORECASE)
_UTM = re.compile(
    r"(?:UTM\s*(?:zone)?\s*:?\s*)?(\d{1,2})\s*([C-HJ-NP-X])\s+(\d{6}(?:\.\d+)?)\s*(?:m\s*E?)?[\s,]+"
    r"(\d{5,8}(?:\.\d+)?)\s*(?:m\s*N?)?",
    re.IGNORECASE,
)
_GEOHASH = re.compile(r"geohash\s*[:=]?\s*([0-9b-hjkmnp-z]{1,12})", re.IGNORECASE)
_GEOHASH_DIGITS = "0123456789bcdefghjkmnpqrstuvwxyz"
_ZONES = 60  # of UTM

Nearest = Callable[[str], tuple[float, float] | None]


def code_position(text: str, nearest: Nearest | None = None) -> Position | None:
    """The position that a code stands for, or None where the text holds none.

    Args:
        text: A plus code ("8FW4V75V+8Q", or "V75V+8Q Paris"), MGRS ("31U DQ 48251 11932"), UTM
            ("31U 448251 5411932"), or a geohash where the text says so ("geohash u09tunq").
        nearest: Where the words beside a shortened plus code are; a shortened code without it is not read.
    """
    return _plus_code(text, nearest) or _mgrs(text) or _utm(text) or _geohash(text)


def _plus_code(text: str, nearest: Nearest | None) -> Position | None:
    """Open Location Code: https://github.com/google/open-location-code."""
    from openlocationcode import openlocationcode

    match = _PLUS.search(text)
    if match is None or not openlocationcode.isValid(match.group(1)):
        return None
    code = match.group(1).upper()
    if openlocationcode.isShort(code):
        words = (text[: match.start()] + " " + text[match.end() :]).strip(" ,")
        around = nearest(words) if nearest and words else None
        if around is None:
            return None
        code = openlocationcode.recoverNearest(code, *around)
    area = openlocationcode.decode(code)
    step = max(area.latitudeHi - area.latitudeLo, area.longitudeHi - area.longitudeLo)
    return position(area.latitudeCenter, area.longitudeCenter, step, "a plus code")


def _mgrs(text: str) -> Position | None:
    """Military grid reference: the letters of the zone, the 100 km square, and equally many digits east and north."""
    import mgrs

    match = _MGRS.fullmatch(text.strip())
    if match is None or len(match.group(4)) != len(match.group(5)):
        return None
    try:
        lat, lon = mgrs.MGRS().toLatLon("".join(match.groups()).upper())
    except mgrs.core.MGRSError:
        return None
    return position(lat, lon, metres_as_degrees(10.0 ** (5 - len(match.group(4)))), "a military grid reference")


def _utm(text: str) -> Position | None:
    """Universal Transverse Mercator: zone with its band of latitude, metres east and north."""
    import mgrs

    match = _UTM.fullmatch(text.strip())
    if match is None or not 1 <= int(match.group(1)) <= _ZONES:
        return None
    converter, band = mgrs.MGRS(), match.group(2).upper()
    try:
        grid = converter.UTMToMGRS(
            int(match.group(1)), "N" if band >= "N" else "S", float(match.group(3)), float(match.group(4))
        )
        lat, lon = converter.toLatLon(grid)
    except mgrs.core.MGRSError:
        return None
    return position(lat, lon, metres_as_degrees(1.0), "UTM")


def _geohash(text: str) -> Position | None:
    """Geohash (Niemeyer 2008): five bits per character, longitude and latitude in turn."""
    match = _GEOHASH.fullmatch(text.strip())
    if match is None:
        return None
    bits = "".join(f"{_GEOHASH_DIGITS.index(c):05b}" for c in match.group(1).lower())
    lon, lat = (_halved(bits[start::2], size) for start, size in ((0, 180.0), (1, 90.0)))
    return position(lat[0], lon[0], 2 * max(lat[1], lon[1]), "a geohash")


def _halved(bits: str, size: float) -> tuple[float, float]:
    """Middle and half width of the interval that bits choose in [-size, size]."""
    middle = 0.0
    for bit in bits:
        size /= 2
        middle += size if bit == "1" else -size
    return middle, size

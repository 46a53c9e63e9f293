"""Coordinates written as text: decimal degrees, or degrees, minutes and seconds, with or without hemispheres."""

from __future__ import annotations

import re

from geoclip_core.earth.coordinates import check_latlon
from geoclip_core.errors import CoordinateError, QueryError

_NUMBER = r"(?P<{0}sign>[-+\u2212]?)\s*(?P<{0}deg>\d{{1,3}}(?:\.\d+)?)\s*[°º]?\s*"
_MINUTES = (
    r"(?:(?P<{0}min>\d{{1,2}}(?:\.\d+)?)\s*['\u2032\u2019]\s*)?"
    r"(?:(?P<{0}sec>\d{{1,2}}(?:\.\d+)?)\s*(?:[\"\u2033\u201d]|'')\s*)?"
)
_PAIR = re.compile(
    r"\s*\(?\s*(?:geo:|@|lat(?:itude)?\s*[:=]?)?\s*"
    + _NUMBER.format("lat") + _MINUTES.format("lat") + r"(?P<lathemi>[NnSs]?)"
    + r"(?P<gap>\s*[,;/]\s*|\s+)(?:lon(?:gitude)?\s*[:=]?\s*|lng\s*[:=]?\s*)?"
    + _NUMBER.format("lon") + _MINUTES.format("lon") + r"(?P<lonhemi>[EeWwOo]?)"
    + r"\s*\)?\s*"
)  # fmt: skip


def parse_coordinates(text: str) -> tuple[float, float] | None:
    """A point written as text, or None where the text is something else.

    Args:
        text: Such as ``48.8584, 2.2945``, ``48°51'30"N 2°17'40"E`` or ``33.86 S, 151.2 E``. Two bare integers
            are read as a point only with a comma between.

    Returns:
        (latitude, longitude) in degrees, longitude in [-180, 180).

    Raises:
        QueryError: Written as coordinates, but not a point on Earth.
    """
    match = _PAIR.fullmatch(text)
    if match is None:
        return None
    found = match.groupdict()
    marked = bool(found["lathemi"] or found["lonhemi"] or "°" in text or "º" in text)
    decimal = "." in found["latdeg"] and "." in found["londeg"]
    if not (marked or decimal or found["gap"].strip()):
        return None
    lat = _degrees(found, "lat", negative="S")
    lon = _degrees(found, "lon", negative="WO")
    try:
        point = check_latlon((lat, lon), name="The text")
    except CoordinateError as error:
        raise QueryError(error.problem, allowed=error.allowed, hint=error.hint) from error
    return float(point[0]), float(point[1])


def _degrees(found: dict[str, str | None], axis: str, *, negative: str) -> float:
    size = sum(float(found[axis + unit] or 0) / by for unit, by in (("deg", 1), ("min", 60), ("sec", 3600)))
    hemisphere = (found[axis + "hemi"] or " ").upper()
    return -size if hemisphere in negative or found[axis + "sign"] in ("-", "\u2212") else size

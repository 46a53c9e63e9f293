"""Coordinates written as text, in the forms in which people paste them."""

from __future__ import annotations

import re
from dataclasses import replace

from geoclip_core.errors import QueryError
from geoclip_core.text import settings
from geoclip_core.text.position.codes import Nearest, code_position
from geoclip_core.text.position.links import link_position, without_links
from geoclip_core.text.position.point import Position, decimal_step, position
from geoclip_core.text.relations.length import LENGTH, kilometres

# One sign for every sign: degrees, minutes, seconds, minus and the names of the four directions.
_ONE_SIGN = tuple(
    (re.compile(pattern, re.IGNORECASE), sign)
    for pattern, sign in (
        (r"[˚º⁰∘度]|(?<=[\d\s])(?:degrees?|degs?|grad)\b\.?", "°"),
        (r"''|[″”“＂秒]|(?<=[\d\s])(?:seconds?|secs?)\b", '"'),
        (r"[′’‘´`ʹ＇分]|(?<=[\d\s])(?:minutes?|mins?)\b", "'"),
        (r"(?:(?<=^)|(?<=[\s,;:/(\[=]))[\u2212\u2013\u2014](?=\s?\d)", "-"),
        (r"北[纬緯]|\b(?:north|norte|nord|norden)\b|\b[сc]\.?\s?ш\b\.?", "N"),
        (r"南[纬緯]|\b(?:south|sur|sud|süd|sul)\b|\bю\.?\s?ш\b\.?", "S"),
        (r"[东東][经經経]|\b(?:east|est|este|ost|osten|leste)\b|\bв\.?\s?д\b\.?", "E"),
        (r"西[经經経]|\b(?:west|ouest|oeste|ovest)\b|\bз\.?\s?д\b\.?", "W"),
    )
)
_NUMBER = r"\d{1,3}(?:[.,]\d+)?"


def _angle_pattern(name: str) -> str:
    """An angle: its sign, degrees, and minutes and seconds where given; groups are called after ``name``."""
    minutes = r"\d{1,2}(?:[.,]\d+)?"
    return (
        rf"(?P<{name}sign>[-+])?\s*(?P<{name}deg>{_NUMBER})\s*°?\s*"
        rf"(?:(?P<{name}min>{minutes})\s*'?\s*(?:(?P<{name}sec>{minutes})\s*\"?\s*)?)?"
    )


_LAT, _LON = _angle_pattern("a"), _angle_pattern("b")
_GAP = r"\s*[,;/|]?\s*"
_HEMI_LAST = re.compile(
    rf"(?<![\w.,]){_LAT}(?P<ahemi>[NSEW]){_GAP}(?:and\s+)?{_LON}(?P<bhemi>[NSEWO])(?![\w])", re.IGNORECASE
)
_HEMI_FIRST = re.compile(
    rf"(?<![\w.])(?P<ahemi>[NSEW])\s*:?\s*{_LAT}{_GAP}(?:and\s+)?(?P<bhemi>[NSEWO])\s*:?\s*{_LON}(?![\w])",
    re.IGNORECASE,
)


def _compact_pattern(name: str, digits: int, directions: str) -> str:
    """An angle without signs, such as "375400N": two digits for minutes and for seconds."""
    return (
        rf"(?P<{name}deg>\d{{{digits}}})(?P<{name}min>\d{{2}}(?:\.\d+)?)"
        rf"(?P<{name}sec>(?<=\d{{{digits + 2}}})\d{{2}}(?:\.\d+)?)?(?P<{name}hemi>[{directions}])"
    )


_COMPACT = re.compile(rf"(?<!\w){_compact_pattern('a', 2, 'NS')}\s*[,/]?\s*{_compact_pattern('b', 3, 'EW')}(?!\w)")
_LABEL_LAT = r"\b(?:latitud[eo]?|lat|breite|широта)\b"
_LABEL_LON = r"\b(?:longitud[eo]?|long|lon|lng|länge|долгота)\b"
_LABELLED = re.compile(
    rf"{_LABEL_LAT}[\s:=\"'.]*{_LAT}(?P<ahemi>[NS])?[\s,;&}}]*(?:and\s+)?[\s\"']*{_LABEL_LON}[\s:=\"'.]*{_LON}(?P<bhemi>[EWO]\b)?",
    re.IGNORECASE,
)
_LABELLED_LON_FIRST = re.compile(
    rf"{_LABEL_LON}[\s:=\"'.]*{_LON}(?P<bhemi>[EWO])?[\s,;&}}]*(?:and\s+)?[\s\"']*{_LABEL_LAT}[\s:=\"'.]*{_LAT}(?P<ahemi>[NS]\b)?",
    re.IGNORECASE,
)
_ISO6709 = re.compile(
    r"(?P<asign>[-+])(?P<adeg>\d{2})(?P<amin>\d{2})?(?P<asec>\d{2})?(?P<afraction>\.\d+)?"
    r"(?P<bsign>[-+])(?P<bdeg>\d{3})(?P<bmin>\d{2})?(?P<bsec>\d{2})?(?P<bfraction>\.\d+)?"
    r"(?:[-+]\d+(?:\.\d+)?)?(?:CRS\w+)?/?"
)
_WKT = re.compile(
    r"(?:(?:SRID=\d+;)?POINT\s*Z?\s*\(|[\"']coordinates[\"']\s*:\s*\[)\s*"
    r"([-+]?\d+(?:\.\d+)?)[\s,;]+([-+]?\d+(?:\.\d+)?)",
    re.IGNORECASE,
)  # longitude first: well-known text, functions of databases, GeoJSON
_XY = re.compile(r"\bx\s*[:=]\s*([-+]?\d+\.\d+)[\s,;]+y\s*[:=]\s*([-+]?\d+\.\d+)", re.IGNORECASE)
_OPEN, _CLOSE = r"\s*(?:@|loc:)?\s*[\[({]?\s*", r"\s*[\])}]?\s*[.,;]?\s*"
_DECIMAL = r"[-+]?\s?\d{1,3}(?:\.\d+)?"
_PLAIN = re.compile(rf"{_OPEN}({_DECIMAL})\s*°?(\s*[,;/|]\s*|\s+)({_DECIMAL})\s*°?{_CLOSE}")
_ALTITUDE = re.compile(rf"{_OPEN}({_DECIMAL})\s*,\s*({_DECIMAL})\s*,\s*-?\d+(?:\.\d+)?\s*(m)?{_CLOSE}")
_COMMAS = re.compile(r"\s*([-+]?\d{1,3},\d{2,})(?:\s+|\s*[;/]\s*|,\s+)([-+]?\d{1,3},\d{2,})\s*")
_SEXAGESIMAL = re.compile(rf"{_LAT}[\s,;/]+{_LON}")
_IN_A_SENTENCE = re.compile(r"(?<![\w.,-])([-+]?\d{1,2}\.\d{3,})\s*(?:[,;/]|\s)\s*([-+]?\d{1,3}\.\d{3,})(?![\w]|\.\d)")
_ANNOUNCED = re.compile(
    r"\b(?:coordinates?|coords?|gps|located at|position|koordinaten|coordenadas|coordonnées)\b[\s:=]*(?:are|is|of)?\s*"
    rf"[\[(]?({_DECIMAL})\s*[,;/\s]\s*({_DECIMAL})",
    re.IGNORECASE,
)
_STATED_ERROR = re.compile(
    r"[,;(\[]?\s*(?:±|\+\s?/\s?[-\u2212]|\+[-\u2212]|(?<!\w)(?:plus or minus|plus/minus|give or take|within|to within"
    r"|accura(?:cy|te)|precision|error|uncertain(?:ty)?|radius|genauigkeit|umkreis|précision|rayon|precisión|radio"
    r"|precisão|raio|precisione|raggio|точность|радиус))"
    rf"[\s:=]*(?:(?:of|to|is|about|approx\.?|circa|ca\.?|von|de|di|~|±)\s*)*{LENGTH}\b\s*(?:of\b|[)\]])?",
    re.IGNORECASE,
)


def parse_coordinates(text: str) -> tuple[float, float] | None:
    """A point written as text, or None where the text is something else.

    Args:
        text: See :func:`read_position`.

    Returns:
        (latitude, longitude) in degrees, longitude in [-180, 180).

    Raises:
        QueryError: Written as coordinates, but not a point on Earth.
    """
    found = read_position(text)
    return None if found is None else found.latlon


def read_position(text: str, nearest: Nearest | None = None) -> Position | None:
    """A point written as text with the error it was written with, or None where the text is something else.

    Args:
        text: Decimal degrees, or degrees, minutes and seconds, with or without hemispheres, labels and signs, alone
            or in a sentence; ISO 6709; a link to a map; a plus code, MGRS, UTM; "geohash ...". Two bare whole numbers
            are a point only with a comma and a space between ("12, 34"), since "9/11" and "10,000" are none. An
            error that is stated beside them ("± 2 km", "within 500 m") counts where it is larger than the error that
            the digits leave.
        nearest: Where words are, for plus codes that are shortened to a town.

    Raises:
        QueryError: Written as coordinates, but not a point on Earth.
    """
    stated = _STATED_ERROR.search(text)
    if stated:
        found = _read_position(f"{text[: stated.start()]} {text[stated.end() :]}".strip(), nearest)
        error_km = kilometres(stated)
        if found is not None and error_km > settings.LARGEST_ERROR_KM:
            return replace(found, form=f"{found.form} (with an error of {error_km:,.0f} km, which is not believed)")
        if found is not None:
            return replace(found, error_km=max(found.error_km, error_km))
    return _read_position(text, nearest)


def _read_position(text: str, nearest: Nearest | None) -> Position | None:
    """The same without an error that is stated in words."""
    found = link_position(text) or code_position(text, nearest)
    if found is not None:
        return found
    plain = without_links(text)
    for pattern, sign in _ONE_SIGN:
        plain = pattern.sub(sign, plain)
    return _with_directions(plain) or _without_directions(plain.strip())


def _with_directions(text: str) -> Position | None:
    """Angles with hemispheres or labels, anywhere in a text."""
    for pattern in (_COMPACT, _LABELLED, _LABELLED_LON_FIRST, _HEMI_LAST, _HEMI_FIRST):
        for match in pattern.finditer(text):
            found = _of_angles(match.groupdict())
            if found is not None:
                return found
    return None


def _without_directions(text: str) -> Position | None:
    """Numbers whose order alone says which is which."""
    iso = _ISO6709.fullmatch(text)
    if iso:
        return _of_iso6709(iso.groupdict())
    well_known = _WKT.search(text) or _XY.search(text)
    if well_known:
        return _of_numbers(well_known.group(2), well_known.group(1))
    match = _PLAIN.fullmatch(text)
    if match and _meant_as_a_pair(match.group(1), match.group(2), match.group(3), "°" in text):
        return _of_numbers(match.group(1), match.group(3))
    match = _COMMAS.fullmatch(text)
    if match and not all(len(number.partition(",")[2]) == len("000") for number in match.groups()):
        return _of_numbers(*match.groups())
    match = _ALTITUDE.fullmatch(text)
    if match and (match.group(3) or min(map(_decimals, match.group(1, 2))) >= settings.DECIMALS_OF_A_POSITION):
        return _of_numbers(*match.group(1, 2))
    match = _SEXAGESIMAL.fullmatch(text)
    if match and ("°" in text or _three_fields(match.groupdict())):
        return _of_angles({**match.groupdict(), "ahemi": None, "bhemi": None})
    match = _IN_A_SENTENCE.search(text) or _ANNOUNCED.search(text)
    return _of_numbers(*match.groups()) if match else None


def _meant_as_a_pair(lat: str, gap: str, lon: str, degrees: bool) -> bool:
    """Whether two numbers are a position: written with fractions or degrees, or with a comma and a space between."""
    if degrees or (_decimals(lat) and _decimals(lon)):
        return True
    if _decimals(lat) or _decimals(lon):
        return "," in gap
    return "," in gap and gap != ","


def _decimals(number: str) -> int:
    return len(number.replace(",", ".").partition(".")[2])


def _three_fields(found: dict[str, str | None]) -> bool:
    """Whether degrees and minutes are whole and seconds are given, so that six numbers are two angles."""
    whole = [found[key] for key in ("adeg", "amin", "bdeg", "bmin")]
    return all(part is not None and part.isdigit() for part in whole) and bool(found["asec"] and found["bsec"])


def _of_numbers(lat: str, lon: str) -> Position:
    lat, lon = (number.replace(",", ".").replace(" ", "") for number in (lat, lon))
    return position(float(lat), float(lon), max(decimal_step(lat), decimal_step(lon)))


def _of_iso6709(found: dict[str, str | None]) -> Position:
    for axis in "ab":
        last = next(unit for unit in ("sec", "min", "deg") if found[axis + unit])
        found[axis + last] = (found[axis + last] or "") + (found[axis + "fraction"] or "")
    angles = [_angle(found, axis) for axis in "ab"]
    return position(angles[0][0], angles[1][0], max(angles[0][1], angles[1][1]))


def _of_angles(found: dict[str, str | None]) -> Position | None:
    """Two angles as a position; None where both are of the same axis.

    Raises:
        QueryError: Minutes or seconds of 60 and more.
    """
    (a, a_step), (b, b_step) = (_angle(found, axis) for axis in "ab")
    first, second = ((found[f"{axis}hemi"] or "").upper() for axis in "ab")
    if first in ("E", "W") and second in ("N", "S"):
        a, b, first, second = b, a, second, first
    elif (first and first not in ("N", "S")) or (second and second not in ("E", "W", "O")):
        return None
    lat = -a if first == "S" else a
    lon = -b if second == "W" else b
    if second == "O":  # "Ost" is east in German, "oeste" and "ouest" are west in the Romance languages
        lon = _nearer_to_people(lat, b)
    return position(lat, lon, max(a_step, b_step))


def _angle(found: dict[str, str | None], axis: str) -> tuple[float, float]:
    """Signed degrees of an angle, and the step of its last digit in degrees."""
    size, step = 0.0, 1.0
    for unit, by in (("deg", 1), ("min", 60), ("sec", 3600)):
        written = found.get(axis + unit)
        if written is None:
            continue
        value = float(written.replace(",", "."))
        if by > 1 and value >= 60:
            raise QueryError(
                f"{value:g} {'minutes' if by == 60 else 'seconds'} of an angle are given",
                allowed="0 to 59",
                hint="check for a slip in the coordinates",
            )
        size += value / by
        step = decimal_step(written) / by
    return (-size if found.get(axis + "sign") == "-" else size), step


def _nearer_to_people(lat: float, lon: float) -> float:
    """The longitude or its opposite, whichever has a town nearer by."""
    from geoclip_core.places.nearest import nearest_places

    if not (abs(lat) <= 90 and abs(lon) <= 180):
        return lon
    east, west = nearest_places([(lat, lon), (lat, -lon)])
    return lon if east.distance_km <= west.distance_km else -lon

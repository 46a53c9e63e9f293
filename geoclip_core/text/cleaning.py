"""Free text from outside: checked, cleaned, and read as coordinates where it is coordinates."""

from __future__ import annotations

import html
import re
import unicodedata

from geoclip_core.earth.coordinates import check_latlon
from geoclip_core.errors import CoordinateError, QueryError

MAX_TEXT_LENGTH = 2000  # characters; a page of prose, and far more than any place needs

_TAG = re.compile(r"<!--.*?-->|<(script|style)\b.*?</\1\s*>|</?[a-zA-Z][^<>]*>", re.DOTALL | re.IGNORECASE)
_FLAG = re.compile("[\U0001f1e6-\U0001f1ff]{2}")
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


def clean_text(text: str) -> str:
    """Text without markup, control characters and repeated blanks.

    Args:
        text: What a person typed or pasted, 1 to 2,000 characters.

    Returns:
        The same words. The emoji of a country's flag becomes "flag" and its two-letter code, as the gazetteer has it.

    Raises:
        QueryError: Not text, empty, or too long.
    """
    if not isinstance(text, str):
        raise QueryError(f"The text is a {type(text).__name__}", allowed="a string")
    if len(text) > MAX_TEXT_LENGTH:
        raise QueryError(
            f"The text has {len(text):,} characters",
            allowed=f"at most {MAX_TEXT_LENGTH:,}",
            hint="keep the sentence that says where it is",
        )
    plain = html.unescape(_TAG.sub(" ", text))
    plain = _FLAG.sub(lambda flag: f", flag {_letters(flag.group())}, ", plain)
    kept = "".join(c if unicodedata.category(c) not in ("Cc", "Cs", "Cn", "Co") else " " for c in plain)
    kept = "".join(c for c in kept if unicodedata.category(c) != "Cf")  # zero-width and direction marks
    words = re.sub(r"\s+", " ", kept).strip(" ,")
    if not words:
        raise QueryError("The text is empty", hint="type a place, such as “Giza, Egypt”, or a landscape")
    return words


def _letters(flag: str) -> str:
    return "".join(chr(ord(c) - 0x1F1E6 + ord("A")) for c in flag)


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

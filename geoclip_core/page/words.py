"""Numbers and texts as a reader sees them."""

from __future__ import annotations

import functools
import re
import string

from geoclip_core.earth.regions import parse_region
from geoclip_core.errors import GeoclipError

_PUNCTUATION = re.compile(f"([{re.escape(string.punctuation)}])")
_LATE = re.compile(r"[:@]|www(?=\.)|(?<=[-<=])(?=[->=])", re.IGNORECASE)
_JOINER = "\u2060"  # invisible, and no place to break a line


def plain(text: str) -> str:
    """A text that Streamlit's Markdown shows character by character.

    Backslashes take the meaning from punctuation (CommonMark allows that for all of ASCII). Emoji shortcodes,
    icons, directives and bare addresses are recognised after that step, so an invisible joiner parts them.

    Args:
        text: Anything, also from a stranger.

    Returns:
        One line of Markdown without markup of its own.
    """
    line = " ".join(text.split())
    line = re.sub(
        r"[:@]|www(?=\.)|(?<=[-<=])(?=[->=])", lambda found: found.group() + _JOINER, line, flags=re.IGNORECASE
    )
    return _PUNCTUATION.sub(r"\\\1", line)


def percent(probability: float) -> str:
    """A probability for people: two digits where they mean something, and never a rounded 0 or 100.

    Args:
        probability: 0 to 1.
    """
    if probability >= 0.995:
        return "> 99 %"
    if probability < 0.0001:
        return "< 0.01 %"
    value = 100 * probability
    return f"{value:.0f} %" if value >= 9.95 else f"{value:.1f} %" if value >= 0.995 else f"{value:.2f} %"


def degrees(latlon: tuple[float, float], decimals: int = 5) -> str:
    """A point as people write it; five decimals are about a metre."""
    lat, lon = latlon
    return f"{abs(lat):.{decimals}f}° {'N' if lat >= 0 else 'S'}, {abs(lon):.{decimals}f}° {'E' if lon >= 0 else 'W'}"


def flag(code: str) -> str:
    """The flag of a country as the two letters that screens draw as one; "" at sea.

    Args:
        code: ISO 3166-1 alpha-2.
    """
    return "".join(chr(0x1F1E6 + ord(letter) - ord("A")) for letter in code.upper()) if code.isalpha() else ""


def distance(km: float) -> str:
    """A distance in metres or kilometres."""
    return f"{1000 * km:.0f} m" if km < 0.9995 else f"{km:.1f} km" if km < 9.95 else f"{km:,.0f} km"


@functools.lru_cache(64)
def area_named(region: str) -> str:
    """A search area in words; as it is where it cannot be read, which is told when it is asked for."""
    from geoclip_core.places.region_words import region_words  # brings the gazetteer, which few pages need at once

    try:
        return region_words(parse_region(region))
    except GeoclipError:
        return region

"""Texts that Streamlit shows as Markdown: escaping, flags, and search areas in words."""

from __future__ import annotations

import functools
import re
import string

from geoclip_core.earth.regions import parse_region
from geoclip_core.errors import GeoclipError

_PUNCTUATION = re.compile(f"([{re.escape(string.punctuation)}])")
_READ_AFTER_ESCAPES = re.compile(r"[:@]|www(?=\.)|(?<=[-<=])(?=[->=])", re.IGNORECASE)
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
    line = _READ_AFTER_ESCAPES.sub(lambda found: found.group() + _JOINER, line)
    return _PUNCTUATION.sub(r"\\\1", line)


def flag(code: str) -> str:
    """The flag of a country as the two letters that screens draw as one; "" at sea.

    Args:
        code: ISO 3166-1 alpha-2.
    """
    return "".join(chr(0x1F1E6 + ord(letter) - ord("A")) for letter in code.upper()) if code.isalpha() else ""


@functools.lru_cache(64)
def area_named(region: str) -> str:
    """A search area in words; the text itself where it cannot be read, since asking with it will tell why.

    Args:
        region: A restriction in the form that ``parse_region`` reads.
    """
    from geoclip_core.places.region_words import region_words  # brings the gazetteer, which few pages need at once

    try:
        return region_words(parse_region(region))
    except GeoclipError:
        return region

"""Free text from outside: checked, and without markup, control characters and repeated blanks."""

from __future__ import annotations

import html
import re
import unicodedata

from geoclip_core.errors import QueryError
from geoclip_core.places.more_names import divisions

MAX_TEXT_LENGTH = 2000  # characters; a page of prose, and far more than any place needs

_TAG = re.compile(r"<!--.*?-->|<(script|style)\b.*?</\1\s*>|</?[a-zA-Z][^<>]*>", re.DOTALL | re.IGNORECASE)
_TAGGED = re.compile("\U0001f3f4([\U000e0061-\U000e007a]{4,6})\U000e007f")  # the flags of Scotland, Wales, Texas...
_HASHTAG = re.compile(r"(?:https?://|www\.)\S+|#(?=\w*[^\W\d_])(\w+)")  # in a link, # is no hashtag
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])|_")
_FLAG = re.compile("[\U0001f1e6-\U0001f1ff]{2}")


def clean_text(text: str) -> str:
    """Text without markup, control characters and repeated blanks.

    Args:
        text: What a person typed or pasted, 1 to 2,000 characters.

    Returns:
        The same words. The emoji of a country's flag becomes "flag" and its two-letter code, as the gazetteer has it,
        that of a division its name; a hashtag is split at its capitals ("#NewYorkCity").

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
    plain = html.unescape(_TAG.sub(_position_of_tag, text))
    plain = _TAGGED.sub(lambda flag: f", {_division(flag.group(1))}, ", plain)
    plain = _HASHTAG.sub(lambda tag: f", {_HUMP.sub(' ', tag.group(1))}, " if tag.group(1) else tag.group(), plain)
    plain = _FLAG.sub(lambda flag: f", flag {_letters(flag.group())}, ", plain)
    kept = "".join(c if unicodedata.category(c) not in ("Cc", "Cs", "Cn", "Co") else " " for c in plain)
    kept = "".join(c for c in kept if unicodedata.category(c) != "Cf")  # zero-width and direction marks
    words = re.sub(r"\s+", " ", kept).strip(" ,")
    if not words:
        raise QueryError("The text is empty", hint="type a place, such as “Giza, Egypt”, or a landscape")
    return words


def _position_of_tag(tag: re.Match[str]) -> str:
    """What a tag says of a position, as those of GPX files do; nothing of other tags."""
    attributes = re.findall(r"\b(?:lat|lon)=[\"']?[-+]?\d+(?:\.\d+)?", tag.group())
    return f" {' '.join(attributes)} " if len(attributes) > 1 else " "


def _division(tags: str) -> str:
    """Name of a state or province from the tag characters of its flag, or nothing."""
    code = "".join(chr(ord(tag) - 0xE0000) for tag in tags).upper()
    found = [d.place for d in divisions() if d.country + d.code == code]
    return found[0] if found else ""


def _letters(flag: str) -> str:
    return "".join(chr(ord(c) - 0x1F1E6 + ord("A")) for c in flag)

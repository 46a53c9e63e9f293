"""Scripts: which one a text is written in, and the languages that use it."""

from __future__ import annotations

import unicodedata

SCRIPT_LANGUAGES = {
    "HIRAGANA": ("ja",),
    "KATAKANA": ("ja",),
    "HANGUL": ("ko",),
    "THAI": ("th",),
    "LAO": ("lo",),
    "KHMER": ("km",),
    "MYANMAR": ("my",),
    "GEORGIAN": ("ka",),
    "ARMENIAN": ("hy",),
    "GREEK": ("el",),
    "HEBREW": ("he",),
    "TIBETAN": ("bo", "dz"),
    "ETHIOPIC": ("am", "ti"),
    "SINHALA": ("si",),
    "TAMIL": ("ta",),
    "TELUGU": ("te",),
    "BENGALI": ("bn",),
    "GUJARATI": ("gu",),
    "GURMUKHI": ("pa",),
    "KANNADA": ("kn",),
    "MALAYALAM": ("ml",),
    "DEVANAGARI": ("hi", "ne", "mr"),
    "THAANA": ("dv",),
    "ARABIC": ("ar", "fa", "ur", "ps"),
    "CYRILLIC": ("ru", "uk", "be", "bg", "sr", "mk", "kk", "ky", "mn", "tg"),
    "CJK": ("zh", "cmn", "yue", "ja"),
}
"""The languages (ISO 639-1) of each script, by the first word of the Unicode names of its letters.

Scripts of very many languages, such as Latin, are left out. A change here asks for a new ``settings.NGRAM_FORMAT``.
"""


def script_of(text: str) -> str:
    """Unicode's name of the script of the first letter, such as "LATIN" or "CJK"; empty without letters."""
    for character in text:
        if character.isalpha():
            return unicodedata.name(character, "").split(" ")[0]
    return ""

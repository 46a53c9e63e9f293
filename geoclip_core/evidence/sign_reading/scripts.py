"""Scripts that are written in few countries: kana, Han in its three ways, Greek."""

from __future__ import annotations

import functools
import re

from geoclip_core.evidence.sign_reading.clues import CountryClue

_KANA = re.compile("[\u3040-\u30fa\u30fd-\u30ff]")  # without its dot and its mark of length, which dashes look like
_HAN = re.compile("[\u4e00-\u9fff]")
_GREEK = re.compile("[\u0391-\u03a9\u03b1-\u03c9]")
_FEWEST = {_KANA: 2, _HAN: 3, _GREEK: 5}  # letters; one or two strokes are as often a misread picture

_IN_KANA = {"JP": 0.9, "TW": 0.05, "HK": 0.01, "US": 0.03, "TH": 0.01}
_IN_GREEK = {"GR": 0.9, "CY": 0.1}
_IN_HAN = {
    "": {"CN": 0.4, "TW": 0.17, "HK": 0.12, "JP": 0.18, "SG": 0.03, "MY": 0.03, "MO": 0.01, "US": 0.04, "TH": 0.02},
    "gb2312": {"CN": 0.84, "SG": 0.05, "MY": 0.04, "HK": 0.02, "US": 0.03, "JP": 0.02},
    "big5": {"TW": 0.4, "HK": 0.28, "CN": 0.14, "MO": 0.02, "US": 0.06, "MY": 0.03, "SG": 0.02, "JP": 0.04, "TH": 0.01},
    "shift_jis": {"JP": 0.94, "TW": 0.03, "CN": 0.03},
}
"""Where signs in Han stand (from general knowledge), by the character set that alone holds some of their letters: that
of simplified characters, of traditional ones, of Japan, or none."""


def script_clue(text: str) -> CountryClue | None:
    """The countries of a script, where a photo holds enough of it; Han also by how its characters are simplified."""
    countries: dict[str, float] = {}
    if len(_KANA.findall(text)) >= _FEWEST[_KANA]:
        countries = _IN_KANA
    elif len(_HAN.findall(text)) >= _FEWEST[_HAN]:
        kinds = [_only_in(character) for character in _HAN.findall(text)]
        told = sorted(("gb2312", "big5", "shift_jis"), key=kinds.count)
        countries = _IN_HAN[told[-1] if kinds.count(told[-1]) > kinds.count(told[-2]) else ""]
    elif len(_GREEK.findall(text)) >= _FEWEST[_GREEK]:
        countries = _IN_GREEK
    if not countries:
        return None
    letters = "".join(character for character in text if any(script.match(character) for script in _FEWEST))
    return CountryClue(letters[:20], "script", countries)


def in_script(text: str) -> bool:
    """Whether a line holds a letter of these scripts."""
    return any(script.search(text) for script in _FEWEST)


@functools.lru_cache(4096)
def _only_in(character: str) -> str:
    """The one of three national character sets that holds a Han character; "" where several do, or none."""
    sets = [name for name in ("gb2312", "big5", "shift_jis") if _holds(name, character)]
    if "big5" in sets and "gb2312" not in sets:  # Japan's set holds many traditional characters
        return "big5"
    if "gb2312" in sets and "big5" not in sets:
        return "gb2312"  # Japan simplified some characters in the same way
    return "shift_jis" if sets == ["shift_jis"] else ""


def _holds(name: str, character: str) -> bool:
    try:
        character.encode(name)
    except UnicodeEncodeError:
        return False
    return True

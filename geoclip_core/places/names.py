"""One spelling for every spelling: names and free text as comparable tokens.

``normalise`` maps "São Paulo", "SAO PAULO" and "Sao-Paulo" to ``"sao paulo"``. Scripts written without
spaces (Han, kana, Hangul, Thai, Lao, Khmer, Burmese, Tibetan) become one token per character and are joined
without a space again, so that a name is found inside a longer run of text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

_LETTERS = str.maketrans(
    {
        "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h",
        "ŋ": "n", "ŧ": "t", "ə": "e", "ĸ": "k", "ـ": "", "ى": "ي", "ک": "ك", "ی": "ي", "ة": "ه",
    }
)  # letters that Unicode does not decompose, and Arabic letters that keyboards interchange  # fmt: skip
_MARKS = re.compile("[\u0300-\u036f\u0591-\u05bd\u05bf-\u05c7\u064b-\u065f\u0670]")  # Latin, Hebrew, Arabic
_APOSTROPHES = re.compile("['`´ʹʻʼʽʾʿˈ\u2018\u2019\u201b\u2032]")
_ELISION = re.compile(r"\b(l|d|dell|nell|dall|all|sull|un|qu)'(?=\w{2})")  # French, Italian, Catalan articles
_SHORT_FORMS = {
    "st": "saint",
    "ste": "sainte",
    "sta": "santa",
    "sto": "santo",
    "mt": "mount",
    "mtn": "mountain",
    "ft": "fort",
}
_DENSE = (
    "\u0e00-\u0eff"  # Thai, Lao
    "\u0f00-\u0fff"  # Tibetan
    "\u1000-\u109f"  # Burmese
    "\u1780-\u17ff"  # Khmer
    "\u3005-\u3007\u3040-\u30ff"  # kana, iteration mark
    "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Han
    "\uac00-\ud7af"  # Hangul
)
_LETTER = rf"(?:[^\W_{_DENSE}]|\ufffd)"  # a replacement character stands for a letter lost on the way
_TOKEN = re.compile(rf"[{_DENSE}]|{_LETTER}(?:{_LETTER}|[\u0900-\u0dff])*")
_ASCII_WORDS = str.maketrans({chr(i): " " for i in range(128) if not chr(i).isalnum()})  # what _TOKEN leaves out
_DENSE_TOKEN = re.compile(rf"[{_DENSE}]")
_BETWEEN_DENSE = re.compile(rf"(?<=[{_DENSE}]) (?=[{_DENSE}])")
_BREAK = re.compile(r"[,;:/|()\[\]{}<>\n\r\t\"“”«»„。，、・–—]|\s-\s|(?<=\w{3})\.\s")


@dataclass(frozen=True)
class Token:
    """One word (or one character of a dense script) of a text.

    Args:
        text: Normalised.
        original: As written.
        segment: Number of the piece between commas, brackets, dashes and line breaks it stands in, from 0.
    """

    text: str
    original: str
    segment: int

    @property
    def dense(self) -> bool:
        """Whether the token is a character of a script that is written without spaces."""
        return bool(_DENSE_TOKEN.match(self.text))


def fold(text: str) -> str:
    """Compatibility forms, case, accents and apostrophes folded; punctuation and spaces are kept."""
    if text.isascii():  # two names of three: nothing to decompose
        folded = text.lower().replace("`", "'")
        return _ELISION.sub(r"\1 ", folded).replace("'", "") if "'" in folded else folded
    folded = unicodedata.normalize("NFKC", text).casefold()
    folded = _MARKS.sub("", unicodedata.normalize("NFD", folded)).translate(_LETTERS)
    folded = _APOSTROPHES.sub("'", unicodedata.normalize("NFC", folded))
    return _ELISION.sub(r"\1 ", folded).replace("'", "")


def tokenise(text: str) -> tuple[Token, ...]:
    """The words of a text in order, with the segment each stands in."""
    tokens: list[Token] = []
    segment = 0
    for piece in _BREAK.split(unicodedata.normalize("NFKC", text)):
        before = len(tokens)
        for word in piece.split():
            tokens += [
                Token(_SHORT_FORMS.get(found, found), _original(word, found), segment)
                for found in _TOKEN.findall(fold(word))
            ]
        segment += len(tokens) > before
    return tuple(tokens)


def _original(word: str, folded: str) -> str:
    """The written form of a token: the word itself without the punctuation around it, or the token."""
    bare = word.strip(".!?'\"*#@&+=~^$%-_")
    return bare if fold(bare) == folded else folded


def join(tokens: Sequence[str]) -> str:
    """Normalised tokens as one string: a space between words, none between characters of a dense script."""
    joined = " ".join(tokens)
    return joined if joined.isascii() else _BETWEEN_DENSE.sub("", joined)


def normalise(name: str) -> str:
    """The comparable form of a name; empty when it holds no letter or digit.

    Args:
        name: In any script.

    Returns:
        Lower case, without accents and punctuation, words separated by single spaces.
    """
    folded = fold(name)
    words = folded.translate(_ASCII_WORDS).split() if folded.isascii() else _TOKEN.findall(folded)
    return join([_SHORT_FORMS.get(word, word) for word in words])

"""Names with the endings of other languages: "w Krakowie", "v Brně", "Antalya'da", "בתל אביב".

Endings are taken off by the table ``assets/endings.csv`` (languages, ending, names: what the name may end in instead,
"-" for nothing), and what remains is looked up among the names of the gazetteer, which knows the names of large cities
in many languages. All letters are as :func:`geoclip_core.places.names.fold` leaves them, without accents.
"""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from geoclip_core.files import asset_path
from geoclip_core.places.gazetteer import Gazetteer
from geoclip_core.places.index import CODE, Posting
from geoclip_core.places.names import Token, fold, join
from geoclip_core.places.words import languages_of, words_of
from geoclip_core.text import settings
from geoclip_core.text.scripts import script_of

_SUFFIX = re.compile("^(.{2,})['\u2019\u02bc`](\\w{0,5})$")
_PREFIXES = {"HEBREW": ("ב", "ל", "מ", "ה", "ו", "כ", "ש"), "ARABIC": ("ب", "ل", "و", "ف", "ك")}
_ARTICLE = "ال"  # "to the" is written as one l in Arabic


@dataclass(frozen=True)
class _Ending:
    languages: frozenset[str]
    ending: str
    names: tuple[str, ...]


@cache
def _endings() -> Mapping[str, tuple[_Ending, ...]]:
    """Rules by the last letter of their ending."""
    rules: dict[str, list[_Ending]] = {}
    with asset_path("endings.csv").open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            names = tuple("" if name == "-" else fold(name) for name in row["names"].split("|"))
            ending = fold(row["ending"])
            rules.setdefault(ending[-1], []).append(_Ending(frozenset(row["languages"].split()), ending, names))
    return {letter: tuple(listed) for letter, listed in rules.items()}


def base_names(tokens: Sequence[Token], start: int, stop: int, gazetteer: Gazetteer) -> list[tuple[str, list[Posting]]]:
    """Names of which a stretch of a text may be a form, with the well-known places that bear them.

    Args:
        tokens: The text.
        start: First token of the stretch.
        stop: One past the last.
        gazetteer: Where the names are.
    """
    context = _languages_around(tokens, start, stop)
    forms = [sorted(_forms(token, context)) for token in tokens[start:stop]]
    last = len(forms) - 1
    choices = [[tokens[start + i].text, *found] if i < last else found for i, found in enumerate(forms)]
    found = []
    for words in itertools.islice(itertools.product(*choices), settings.MOST_FORMS):
        postings = [p for p in gazetteer.index.exact(join(words)) if _known(p, gazetteer)]
        if postings:
            found.append((join(words), postings))
    return found


def _known(posting: Posting, gazetteer: Gazetteer) -> bool:
    return not posting.flags & CODE and float(gazetteer.fame[posting.place]) >= settings.INFLECTED_FAME


def _languages_around(tokens: Sequence[Token], start: int, stop: int) -> frozenset[str]:
    """Languages that have the words of the same text outside a stretch, English aside."""
    around = {language for i, t in enumerate(tokens) if not start <= i < stop for language in languages_of(t.text)}
    return frozenset(around - {"en"})


def _forms(token: Token, context: frozenset[str]) -> set[str]:
    """What a word may be a form of."""
    cut = _SUFFIX.match(token.original)
    if cut:
        return {fold(cut.group(1))}
    word, script = token.text, script_of(token.text)
    found = set()
    for prefix in _PREFIXES.get(script, ()):
        rest = word.removeprefix(prefix)
        if rest != word and len(rest) >= settings.SHORTEST_STEM:
            found |= {rest, _ARTICLE + rest[1:]} if prefix == "ل" and rest.startswith("ل") else {rest}
    capital = token.original[:1].isupper() or script not in ("LATIN", "CYRILLIC", "GREEK")
    alone = capital and not context  # nothing says that the language is another one
    for rule in _endings().get(word[-1:], ()):
        stem = word[: -len(rule.ending)]
        if not word.endswith(rule.ending) or len(stem) < settings.SHORTEST_STEM // 2:
            continue
        if rule.languages & context or (alone and len(rule.ending) > settings.TELLING_ENDING):
            found |= {stem + name for name in rule.names if len(stem + name) >= settings.SHORTEST_STEM}
    return found - {word} - words_of("ordinary")

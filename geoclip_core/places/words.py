"""Words that are no names, in many languages: kinds of things, articles, prepositions; read from ``assets/words.csv``.

Every row of the table has a language (ISO 639-1, or ``mul`` for words of so many languages that they are a sign of
none), a role and words separated by spaces. A language may have several rows of one role, and a word several roles.
To teach the product a language's function words, add one row.

=============  ======================================================================================================
role           which words, and what follows
=============  ======================================================================================================
kind           what a place is or is like ("museum", "мост", "old"): no evidence of where it is, since there are
               villages called Tower and Museum, but a sign of the language
function       join the words of a name ("of", "und", "de la"): a sign of the language too; at the edge of a name they
               do not belong to it, and they do not make a name longer
grammar        other small words ("with", "für", "their"): a sign of the language, no more
preposition    a place is likely to follow ("in", "near", "bei")
before_common  a word that is common and also a name is no name after these ("a", "my", "so")
article        articles and possessives of other languages than English ("das", "mon"): no small town follows
with           "with" and "without" in other languages than English: no small town follows in small letters
nature         after the name of a city, something else of that name ("Phoenix Islands")
street         after any name, a street called after it ("Vermont Avenue")
english_place  make a name of English words the name of a place ("Liberty Building")
ordinary       English words and first names that mean something else unless written as a name, however large the city
               that bears them is ("nice", "reading"); other frequent words are frequent because of the city ("chicago")
person_before  before the name of a person ("my sister Florence")
person_after   after the name of a person ("Jordan playing")
no_place_after after a demonym, a thing that is called after it wherever it is ("Persian cat")
likeness       before "of" and a name, an image of it that stands elsewhere ("replica of the Eiffel Tower")
=============  ======================================================================================================

Only the first three roles are signs of a language. The words were written for this project from general knowledge.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from typing import Literal, get_args

from geoclip_core.errors import GeoclipError
from geoclip_core.files import asset_path
from geoclip_core.places.names import normalise

Role = Literal[
    "kind",
    "function",
    "grammar",
    "preposition",
    "before_common",
    "article",
    "with",
    "nature",
    "street",
    "english_place",
    "ordinary",
    "person_before",
    "person_after",
    "no_place_after",
    "likeness",
]

_COLUMNS = ("language", "role", "words")
_SIGNS_OF_A_LANGUAGE = ("kind", "function", "grammar")
_NO_LANGUAGE = "mul"  # ISO 639-2 for multiple languages


@cache
def kind_words() -> Mapping[str, tuple[str, ...]]:
    """Every word that names no place (roles kind, function and grammar), normalised, with its languages.

    Returns:
        Normalised word to the ISO 639-1 codes of the languages that use it, in the order of the table.
    """
    words: dict[str, dict[str, None]] = {}
    for language, role, listed in _rows():
        if role in _SIGNS_OF_A_LANGUAGE and language != _NO_LANGUAGE:
            for word in listed:
                words.setdefault(word, {})[language] = None
    return {word: tuple(languages) for word, languages in words.items()}


@cache
def words_of(role: Role) -> frozenset[str]:
    """All words of a role in any language, normalised."""
    return frozenset(word for _, found, listed in _rows() if found == role for word in listed)


@cache
def _languages() -> Mapping[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for language, role, listed in _rows():
        if language != _NO_LANGUAGE and role in (*_SIGNS_OF_A_LANGUAGE, "preposition", "street"):
            for word in listed:
                found.setdefault(word, set()).add(language)
    return {word: frozenset(languages) for word, languages in found.items()}


def languages_of(word: str) -> frozenset[str]:
    """Languages that have a word among those of the table, given normalised."""
    return _languages().get(word, frozenset())


@cache
def _rows() -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    """Language, role and normalised words of every row of the table.

    Raises:
        GeoclipError: Another header, or an unknown role.
    """
    with asset_path("words.csv").open(encoding="utf-8", newline="") as stream:
        table = csv.DictReader(stream)
        if tuple(table.fieldnames or ()) != _COLUMNS:
            raise GeoclipError(f"assets/words.csv has the columns {table.fieldnames}", allowed=",".join(_COLUMNS))
        rows = []
        for line in table:
            if line["role"] not in get_args(Role):
                raise GeoclipError(
                    f"assets/words.csv line {table.line_num} has the role {line['role']!r}",
                    allowed=", ".join(get_args(Role)),
                )
            rows.append((line["language"], line["role"], tuple(map(normalise, line["words"].split()))))
    return tuple(rows)

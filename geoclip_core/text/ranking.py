"""How well each place that a text may name explains the text: names, fame, context and language together.

Scores are natural logarithms of odds up to a constant; differences of scores are what matters. Their sizes are in
:mod:`geoclip_core.text.settings`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from rapidfuzz import fuzz

from geoclip_core.earth.coordinates import Floats
from geoclip_core.places.gazetteer import Gazetteer
from geoclip_core.places.index import CODE, DEMONYM, MAIN
from geoclip_core.places.names import Token, normalise
from geoclip_core.places.words import kind_words, words_of
from geoclip_core.text import settings
from geoclip_core.text.figurative import is_likeness
from geoclip_core.text.language import LanguagePrior
from geoclip_core.text.layout import crosses, follows, is_qualified_by, names_a_street, qualifies, starts_segment
from geoclip_core.text.relations.containment import Containment, sovereigns
from geoclip_core.text.scripts import script_of
from geoclip_core.text.spans import Span, common_words, is_name_like

_NAMES_KEPT = 1 << 14  # places whose names are looked at letter by letter, of the last texts


class Ranker:
    """Scores spans of one text against each other.

    Args:
        gazetteer: Where the names come from.
        language: What the words outside a name say about its country.
    """

    def __init__(self, gazetteer: Gazetteer, language: LanguagePrior) -> None:
        self._gazetteer = gazetteer
        self._language = language
        self._sovereign = sovereigns(gazetteer)
        self._usual_name = lru_cache(_NAMES_KEPT)(lambda row: normalise(gazetteer.name(row)))

    def score(self, tokens: Sequence[Token], spans: Sequence[Span]) -> list[Floats]:
        """One score per span and place, each array of the shape of ``span.rows``."""
        within = Containment(self._gazetteer, self._sovereign)
        # The words of a name tell nothing of itself: a name alone asks for no table of languages.
        telling = [i for i, token in enumerate(tokens) if tells_language(token)]
        telling = [i for i in telling if any(not span.start <= i < span.stop for span in spans)]
        ratios = [(i, self._language.word(tokens[i].original)) for i in telling]
        alone = [self._alone(tokens, span) for span in spans]
        longer = [self._longer_names(tokens, i, spans, alone) for i in range(len(spans))]
        fitting = [self._less_if_inside_longer(spans, i, longer[i], alone, within) for i in range(len(spans))]
        outermost = [i for i, names in enumerate(longer) if not names]
        gains = self._from_context(tokens, spans, fitting, outermost, within, gain=True)
        gained = [
            score + gain + self._language_agreement(ratios, span)
            for span, score, gain in zip(spans, fitting, gains, strict=True)
        ]
        lost = self._from_context(tokens, spans, gained, outermost, within, gain=False)
        scores = [score - loss for score, loss in zip(gained, lost, strict=True)]
        return self._less_if_qualified_otherwise(tokens, spans, scores, outermost, within)

    def _less_if_qualified_otherwise(
        self,
        tokens: Sequence[Token],
        spans: Sequence[Span],
        scores: Sequence[Floats],
        outermost: Sequence[int],
        within: Containment,
    ) -> list[Floats]:
        """In "Athens, Georgia", an Athens outside of any Georgia is not meant, nor a Georgia without an Athens."""
        penalised = [score.copy() for score in scores]
        for j in outermost:
            for i in outermost:
                if not is_qualified_by(tokens, spans[i], spans[j]):
                    continue
                holds = np.array([within.of(spans[i].rows, int(row))[0] for row in spans[j].rows])
                if holds.any():
                    penalised[i] -= np.where(holds.any(axis=0), 0.0, settings.OTHERWISE_QUALIFIED)
                    penalised[j] -= np.where(holds.any(axis=1), 0.0, settings.OTHERWISE_QUALIFIED)
        return penalised

    def _longer_names(
        self, tokens: Sequence[Token], i: int, spans: Sequence[Span], alone: Sequence[Floats]
    ) -> list[int]:
        """Longer names around a name that fit about as well, such as "New York" around "York"."""
        lowest = max(settings.LOWEST_LONGER, alone[i].max() - settings.LONGER_MAY_BE_WEAKER)
        return [
            j
            for j, other in enumerate(spans)
            if spans[i].inside(other) and alone[j].max() > lowest and not crosses(tokens, other)
        ]

    def _less_if_inside_longer(
        self, spans: Sequence[Span], i: int, longer: Sequence[int], alone: Sequence[Floats], within: Containment
    ) -> Floats:
        """Penalise a name inside a longer one ("York" in "New York"), unless both lie in the same place."""
        score = alone[i]
        for j in longer:
            row = int(spans[j].rows[alone[j].argmax()])
            apart = within.km(spans[i].rows, row) > self._gazetteer.extent_km[row] + settings.NEAR_KM
            score = np.minimum(score, alone[i] - np.where(apart, settings.IN_A_LONGER_NAME, 0.0))
        return score

    def _from_context(
        self,
        tokens: Sequence[Token],
        spans: Sequence[Span],
        scores: Sequence[Floats],
        outermost: Sequence[int],
        within: Containment,
        *,
        gain: bool,
    ) -> list[Floats]:
        """What every span gains by lying inside, or loses by containing, what the outermost spans name.

        Spans that share a word with each other are one statement: the largest of their effects counts.
        """
        total = []
        for span in spans:
            largest = np.zeros((len(tokens), len(span.rows)))
            for j in outermost:
                other = spans[j]
                if span.overlaps(other) or names_a_street(tokens, other):
                    continue
                effect = self._effect(tokens, span, other, scores[j], within, gain=gain)
                words = largest[other.start : other.stop]
                largest[other.start] = np.maximum(words.max(axis=0), effect)
                largest[other.start + 1 : other.stop] = 0.0
            total.append(largest.sum(axis=0))
        return total

    def _effect(
        self, tokens: Sequence[Token], span: Span, other: Span, score: Floats, within: Containment, *, gain: bool
    ) -> Floats:
        """Gain or loss of the places of a span by what one other span names."""
        clearly = settings.NEXT_SEGMENT if follows(tokens, span, other) else 1.0
        effect = np.zeros(len(span.rows))
        for k, share in self._believed(score):
            inside, contains = within.of(span.rows, int(other.rows[k]))
            if gain:
                kind = self._gazetteer.kinds[self._gazetteer.kind[other.rows[k]]]
                weight = settings.DEMONYM_SHARE if other.flags[k] & DEMONYM else clearly
                gains = share * weight * settings.INSIDE.get(kind, settings.INSIDE["other"]) * inside
                effect += np.where(self._landscape(span.rows), settings.LANDSCAPE_SHARE * gains, gains)
            else:
                landscape = self._landscape(other.rows[k : k + 1])[0]
                effect += (settings.LANDSCAPE_SHARE if landscape else 1.0) * share * settings.CONTAINER * contains
        return effect

    def _believed(self, score: Floats) -> list[tuple[int, float]]:
        """The likeliest places of a span, as (index, share of belief that the text means it)."""
        belief = np.exp(score - score.max())
        belief *= min(1.0, float(np.exp(score.max()))) / belief.sum()
        best = np.argsort(-belief, kind="stable")[: settings.MOST_BELIEVED]
        return [(int(k), float(belief[k])) for k in best if belief[k] >= settings.LEAST_BELIEF]

    def strongest(self, tokens: Sequence[Token], spans: Sequence[Span], most: int) -> list[Span]:
        """The spans with the highest scores by themselves, in their order: the cost of comparing spans is quadratic."""
        if len(spans) <= most:
            return list(spans)
        alone = np.array([float(self._alone(tokens, span).max()) for span in spans])
        return [spans[i] for i in np.sort(np.argsort(-alone, kind="stable")[:most])]

    def _alone(self, tokens: Sequence[Token], span: Span) -> Floats:
        """Scores of the name by itself, one per place that goes by it."""
        gazetteer = self._gazetteer
        fame = gazetteer.fame[span.rows] + settings.SMALLEST_FAME
        score = settings.FAME_POWER * np.log(fame / settings.ZERO_FAME).astype(np.float64)
        is_country = gazetteer.kind[span.rows] == gazetteer.kinds.index("country")
        if script_of(span.name) == "LATIN":
            usual = (span.flags & MAIN) > 0
            near = self._nearly_usual(span) if usual.any() else np.zeros(len(usual), bool)
            beside = settings.OTHER_BESIDE_MAIN if usual.any() else 0.0
            loss = settings.OTHER_NAME + np.where(near, 0.0, beside)
            of_a_region = ((span.flags & DEMONYM) > 0) & ~is_country
            score -= np.where(usual | of_a_region, 0.0, loss)
        if span.length < len(tokens) and not qualifies(tokens, span):
            score -= np.where(span.flags & CODE, settings.ABBREVIATION, 0.0)
        if span.length == len(tokens) == 1 and len(span.name) <= settings.LONGEST_ACRONYM:
            score -= np.where(is_country & ((span.flags & CODE) > 0), settings.COUNTRY_CODE, 0.0)
        demonym = np.where(is_country, settings.DEMONYM, settings.DEMONYM_OF_A_REGION)
        score -= np.where(span.flags & DEMONYM, demonym, 0.0)
        if is_likeness(tokens, span.start):
            score -= settings.LIKENESS
        if span.how != "exact":
            score -= (settings.INFLECTED if span.inflected else settings.MISSPELT) + settings.SLIP * (
                1.0 - span.similarity
            )
        words = [t.text for t in tokens[span.start : span.stop]]
        if tokens[span.start].dense:
            score += settings.DENSE_CHARACTER_SHARE * settings.PER_WORD * (len(words) - 2)
        else:
            # A country's name is not likelier to be all that is meant for being long.
            extra = np.where(gazetteer.kind[span.rows] == gazetteer.kinds.index("country"), 0.0, _extra_words(words))
            score += settings.PER_WORD * extra - self._commonness(words, span)
        if span.length == len(tokens):
            ordinary = span.length == 1 and words[0] in words_of("ordinary") and tokens[0].original.islower()
            score += 0.0 if ordinary else settings.WHOLE_TEXT
        else:
            score += self._position(tokens, span) - self._not_a_name(tokens, span)
            following = tokens[span.stop].text if span.stop < len(tokens) else ""
            if names_a_street(tokens, span):
                score -= settings.STREET_IS_NO_CITY
            if following in words_of("nature") and not starts_segment(tokens, span.stop):
                is_city = gazetteer.kind[span.rows] == gazetteer.kinds.index("city")
                score -= np.where(is_city, settings.NATURE_IS_NO_CITY, 0.0)
        return np.asarray(score)

    def _position(self, tokens: Sequence[Token], span: Span) -> float:
        """Gain or loss of a name by the word and the comma before it."""
        first, last = tokens[span.start], tokens[span.stop - 1]
        starts = span.start == 0 or tokens[span.start - 1].segment != first.segment
        ends = span.stop == len(tokens) or tokens[span.stop].segment != last.segment
        if starts and ends and span.start > 0:
            return settings.OWN_SEGMENT
        if span.start > 0 and not starts and tokens[span.start - 1].text in words_of("preposition"):
            return settings.AFTER_PREPOSITION
        return 0.0

    def _nearly_usual(self, span: Span) -> npt.NDArray[np.bool_]:
        """Which well-known places are usually called almost so, or so with an addition ("Santa Cruz de la Sierra")."""
        usual = [self._usual_name(int(row)) for row in span.rows]
        near = [
            name.startswith(f"{span.name} ") or fuzz.ratio(name, span.name) >= settings.NEAR_SPELLING for name in usual
        ]
        return np.array(near, dtype=bool) & (self._gazetteer.fame[span.rows] >= settings.NEAR_SPELLING_FAME)

    def _known(self, span: Span) -> npt.NDArray[np.bool_]:
        """Which places of a name are so well known that they, or the people from there, make the word frequent."""
        g = self._gazetteer
        kinds = (g.kinds.index("city"), g.kinds.index("country"), g.kinds.index("region"))
        usual = ((span.flags & MAIN) > 0) & np.isin(g.kind[span.rows], kinds)
        return np.asarray((g.fame[span.rows] >= settings.OWN_FAME) & (usual | ((span.flags & DEMONYM) > 0)))

    def _commonness(self, words: Sequence[str], span: Span) -> Floats:
        """Loss for words that English uses anyway, unless it does so because of the place."""
        loss = min(map(_commonness, words))
        if span.length == 1 and loss:  # nobody writes "IN" for "in"
            capitals = ((span.flags & CODE) > 0) & (len(words[0]) <= settings.LONGEST_ACRONYM)
            if capitals.all():
                return np.zeros(len(span.rows))
        if loss and not any(word in words_of("ordinary") or word in kind_words() for word in words):
            return np.full(len(span.rows), 0.0 if self._known(span).any() else loss)
        return np.full(len(span.rows), loss)

    def _not_a_name(self, tokens: Sequence[Token], span: Span) -> Floats:
        """Loss of a common word after "a", "my", "so", unless it is written as a name or known as one.

        After an article of another language, any town that is not well known is a common word: "das Wetter"; in small
        letters also after its words for "with" and "without": "calle con niebla".
        """
        first = tokens[span.start]
        starts = span.start == 0 or tokens[span.start - 1].segment != first.segment
        before = "" if starts else tokens[span.start - 1].text
        described = before in words_of("article") or (first.original.islower() and before in words_of("with"))
        if span.length == 1 and described:
            is_city = self._gazetteer.kind[span.rows] == self._gazetteer.kinds.index("city")
            return np.where(is_city & ~self._known(span), settings.NOT_A_NAME, 0.0)
        if not starts and span.length == 1 and first.original.islower() and first.text in words_of("ordinary"):
            meant = before in words_of("preposition") and before not in words_of("before_common")
            return np.full(len(span.rows), 0.0 if meant else settings.NOT_A_NAME)
        if before not in words_of("before_common") or first.text not in common_words():
            return np.zeros(len(span.rows))
        if is_name_like(tokens, span.start):
            return np.zeros(len(span.rows))
        ordinary = any(t.text in words_of("ordinary") for t in tokens[span.start : span.stop])
        known = not ordinary and bool(self._known(span).any())
        return np.full(len(span.rows), 0.0 if known else settings.NOT_A_NAME)

    def _landscape(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        return np.asarray(self._gazetteer.kind[rows] == self._gazetteer.kinds.index("landscape"))

    def _language_agreement(self, ratios: Sequence[tuple[int, Floats]], span: Span) -> Floats:
        """Gain or loss of each place by how well the words outside the span agree with its country's language."""
        outside = [ratio for i, ratio in ratios if not span.start <= i < span.stop]
        if not outside:
            return np.zeros(len(span.rows))
        limit = settings.LANGUAGE_LIMIT
        ratio = np.clip(settings.LANGUAGE * np.sum(outside, axis=0), -limit, limit)
        return np.asarray(ratio[self._gazetteer.country[span.rows]])


def tells_language(token: Token) -> bool:
    """Whether a token tells a language: long enough, no digits, and no common English word."""
    word = token.text
    if not word.isalpha() or (len(word) < 3 and word not in kind_words() and not token.dense):
        return False
    rank = common_words().get(word)
    if word in kind_words():
        return "en" not in kind_words()[word] and (rank is None or rank > settings.ENGLISH_RANK)
    return rank is None


def _extra_words(words: Sequence[str]) -> float:
    """Words of a name beyond the first that tells: function words count nothing, kinds of things half."""
    telling = sum(
        0.0 if word in words_of("function") else settings.KIND_WORD_SHARE if word in kind_words() else 1.0
        for word in words
    )
    return min(max(telling - 1.0, 0.0), settings.MOST_EXTRA_WORDS)


def _commonness(word: str) -> float:
    """Loss for a word that English uses anyway: larger for more frequent words, 0 for rare ones."""
    if word in kind_words():
        return settings.COMMON_WORD
    rank = common_words().get(word)
    if rank is None:
        return 0.0
    rare = settings.RARE_WORD_RANK
    return settings.COMMON_WORD * float(np.log(rare / rank) / np.log(rare / settings.COMMON_WORD_RANK))

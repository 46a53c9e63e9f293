"""Text to places with weights, from a gazetteer, a model of languages and sentence embeddings.

Names come first, exact or almost, ranked by fame and by how well they agree with the rest of the text. Where
no name convinces, the description is compared with landscapes by meaning, and the spelling of the words with
the names of cities by country. Where none of these finds anything, the answer is that no place was recognised.
"""

from __future__ import annotations

import functools
from collections.abc import Container, Iterable, Sequence
from dataclasses import replace

import numpy as np

from geoclip_core.earth.coordinates import Floats
from geoclip_core.earth.regions import Region
from geoclip_core.errors import QueryError
from geoclip_core.files import Progress
from geoclip_core.places.gazetteer import Gazetteer, load_gazetteer
from geoclip_core.places.index import CODE
from geoclip_core.places.names import Token, join, normalise, tokenise
from geoclip_core.places.words import kind_words, words_of
from geoclip_core.text import settings
from geoclip_core.text.cleaning import clean_text
from geoclip_core.text.figurative import figurative
from geoclip_core.text.language import LanguagePrior
from geoclip_core.text.limits import Candidate, Limits
from geoclip_core.text.meaning.places import Meaning
from geoclip_core.text.position.coordinates import read_position
from geoclip_core.text.position.links import without_links
from geoclip_core.text.position.reading import position_reading
from geoclip_core.text.ranking import Ranker, tells_language
from geoclip_core.text.reading import Alternative, How, Reading
from geoclip_core.text.relations.statement import find_relation, part_of, split_exclusions
from geoclip_core.text.relations.surroundings import nearness, part_place, related_place
from geoclip_core.text.spans import Span, common_words, exact_spans, fuzzy_spans, inflected_spans
from geoclip_core.text.suggestions import explain_nothing, other_readings, similar_names

_AREAS = ("country", "region")  # kinds of which a text may mean the northern part


class TextReader:
    """Reads texts; keeps what it needs in memory between them.

    Args:
        gazetteer: The places; those of this installation when absent.
    """

    def __init__(self, gazetteer: Gazetteer | None = None) -> None:
        self.gazetteer = gazetteer or load_gazetteer()
        self._language = LanguagePrior(self.gazetteer)
        self._ranker = Ranker(self.gazetteer, self._language)
        self._meaning = Meaning(self.gazetteer)

    def prepare(self, progress: Progress | None = None) -> None:
        """Make or load what a name alone does without: tables of languages, of meanings (``Meaning.prepare``)."""
        _ = self._language.table
        self._meaning.prepare(progress)

    def read(self, text: str, region: Region | None = None) -> Reading:
        """Understand a text as places.

        Args:
            text: A name, an address, a description or coordinates, in any script the gazetteer has.
            region: Where the places must lie, if that is known; names elsewhere are not considered, unless the
                text names nothing in the region.

        Returns:
            The places with weights; or, where nothing was found, a reading with ``recognised`` false whose
            ``explanation`` says so.

        Raises:
            QueryError: Empty, too long, or coordinates that are not on Earth.
        """
        cleaned = clean_text(text)
        position = read_position(cleaned, self._nearest)
        if position is not None:
            return position_reading(cleaned, position, self.gazetteer)
        rest, left_out = split_exclusions(cleaned)
        excluded = [row for words in left_out if (row := self._named(words)) is not None]
        limits = Limits(self.gazetteer, region, excluded)
        if left_out and len(excluded) == len(left_out):
            if not rest:
                told = "It only says where it is not; give the region as !FR, for one."
                return Reading(cleaned, (), told, self.gazetteer)
        else:
            rest, limits = cleaned, Limits(self.gazetteer, region)
        reading = self._related(rest, limits) or self._plain(rest, limits)
        if not reading.recognised and region is not None:
            reading = self._plain(rest, Limits(self.gazetteer, None, excluded))
        return replace(reading, text=cleaned)

    def _plain(self, text: str, limits: Limits) -> Reading:
        """The reading of a text that states no relation."""
        tokens = tokenise(without_links(text))
        meant = figurative(tokens, self.gazetteer)
        candidates, framing = self._by_name(tokens, meant, limits)
        frames = list(framing)
        strongest = candidates[0][0] if candidates else -np.inf
        if candidates and candidates[0][1] in framing:
            candidates = [*self._inside(tokens, framing, strongest), *candidates]
        elif tokens and strongest < settings.CERTAIN_SCORE and not meant:
            described = self._by_meaning(text, tokens) if strongest < settings.DOUBTFUL_SCORE else []
            candidates = described or self._agreed(candidates, self._by_language(tokens))
        alternatives = self._weigh(limits.candidates(candidates), frames, limits)
        alternatives = self._narrowed(tokens, alternatives)
        if not alternatives:
            return Reading(
                text, (), explain_nothing(tokens, meant), self.gazetteer, similar_names(tokens, self.gazetteer)
            )
        suggestions = other_readings(alternatives, self.gazetteer)
        return Reading(text, alternatives, self._explain(alternatives), self.gazetteer, suggestions)

    def _related(self, text: str, limits: Limits) -> Reading | None:
        """The reading of a text that places something relative to places, or None."""
        relation = find_relation(text)
        if relation is None or self.gazetteer.index.exact(normalise(text)):
            return None
        anchors = self._anchors(relation.anchor, limits, text)
        others = self._anchors(relation.other, limits, text) if relation.other else ()
        if not anchors or (relation.other and not others):
            return None
        found = []
        for anchor in anchors:
            other = max(others, key=lambda o: o.weight * nearness(anchor.place, o.place)).place if others else None
            place = related_place(relation, anchor.place, other, self.gazetteer)
            if place is not None:
                found.append(Alternative(place, anchor.weight, relation.words, "relation", anchor.score))
        if not found:
            return None
        total = sum(alternative.weight for alternative in found)
        alternatives = tuple(replace(alternative, weight=alternative.weight / total) for alternative in found)
        other = max(others, key=lambda o: o.weight * nearness(anchors[0].place, o.place)).place if others else None
        names = " and ".join(self.gazetteer.label(place) for place in (anchors[0].place, other) if place)
        explanation = (
            f"“{relation.words}” is read from where {names} {'are' if other else 'is'} ({found[0].weight:.0%})."
        )
        return Reading(text, alternatives, explanation, self.gazetteer)

    def _anchors(self, words: str, limits: Limits, around: str = "") -> tuple[Alternative, ...]:
        """The places that some words begin with the name of; the text around may tell in which language they are."""
        for text in filter(None, (words, around)):
            try:
                reading = self._plain(clean_text(text), Limits(self.gazetteer, limits.region))
            except QueryError:
                return ()
            found = tuple(
                alternative
                for alternative in reading.alternatives
                if alternative.how in ("exact", "fuzzy", "inflected")
                and normalise(words).startswith(normalise(alternative.matched_text))
            )
            if found:
                return found
        return ()

    def _named(self, words: str) -> int | None:
        """Row of the place that some words begin with the name of, or None."""
        found = self._anchors(words, Limits(self.gazetteer))
        return found[0].place.row if found and found[0].score >= settings.DOUBTFUL_SCORE else None

    def _narrowed(self, tokens: Sequence[Token], alternatives: tuple[Alternative, ...]) -> tuple[Alternative, ...]:
        """The northern part of a country instead of the whole, where the text says so."""
        if not alternatives or alternatives[0].how == "language" or alternatives[0].place.kind not in _AREAS:
            return alternatives
        first, words = alternatives[0], tokenise(alternatives[0].matched_text)
        for i in range(1, len(tokens) - len(words) + 1):
            if [t.text for t in tokens[i : i + len(words)]] != [t.text for t in words]:
                continue
            bearing = part_of(tokens[i - 1].text)
            if bearing is None:
                continue
            known = self.gazetteer.index.exact(join([tokens[i - 1].text, *(t.text for t in words)]))
            areas = [p.place for p in known if self.gazetteer.kinds[self.gazetteer.kind[p.place]] != "city"]
            if areas:
                return (replace(first, place=self.gazetteer.place(areas[0])), *alternatives[1:])
            part = part_place(first.place, bearing, f"{tokens[i - 1].original} {first.place.name}", self.gazetteer)
            if part is not None and not known:
                return (replace(first, place=part), *alternatives[1:])
        return alternatives

    def _nearest(self, words: str) -> tuple[float, float] | None:
        """Where some words are, or None."""
        reading = self.read(words)
        return reading.alternatives[0].place.latlon if reading.recognised else None

    def _by_name(
        self, tokens: Sequence[Token], barred: Container[int], limits: Limits
    ) -> tuple[list[Candidate], dict[int, Span]]:
        """Every place that a stretch of the text names, best first, each once; and what names countries and regions."""
        exact = limits.spans(exact_spans(tokens, self.gazetteer, barred))
        spans = self._ranker.strongest(tokens, exact, settings.MOST_SPANS)
        scores = self._ranker.score(tokens, spans)
        convincing = [
            span
            for span, score in zip(spans, scores, strict=True)
            if score.max() > settings.LOWEST_SCORE or (span.flags & CODE).all()
        ]
        certain = any(s.max() >= settings.CERTAIN_SCORE for s in scores)
        least = settings.LOWEST_SCORE - settings.CONTAINER  # a country that holds what else is named is a name as well
        named_at_all = [span for span, score in zip(spans, scores, strict=True) if score.max() > least]
        forms = inflected_spans(tokens, named_at_all, self.gazetteer, barred)
        taken = [*convincing, *forms, *self._frames(zip(spans, scores, strict=True), least).values()]
        similar = forms + fuzzy_spans(tokens, taken, self.gazetteer, whole_segments_only=certain, barred=barred)
        similar = limits.spans(similar)
        if similar:
            spans = self._ranker.strongest(tokens, [*spans, *similar], settings.MOST_SPANS)
            scores = self._ranker.score(tokens, spans)
        return _best_per_place(spans, scores), self._frames(zip(spans, scores, strict=True))

    def _frames(self, scored: Iterable[tuple[Span, Floats]], least: float = -np.inf) -> dict[int, Span]:
        """The countries and regions that names of some least score mean most likely."""
        named = {int(span.rows[score.argmax()]): span for span, score in scored if score.max() > least}
        return {row: span for row, span in named.items() if self.gazetteer.kinds[self.gazetteer.kind[row]] in _AREAS}

    def _inside(self, tokens: Sequence[Token], framing: dict[int, Span], strongest: float) -> list[Candidate]:
        """Landscapes inside the named countries and regions that the rest of the text describes."""
        taken = {i for span in framing.values() for i in range(span.start, span.stop)}
        joining = words_of("function") | words_of("preposition")
        rest = [t for i, t in enumerate(tokens) if i not in taken and t.text not in joining]
        if not rest:
            return []
        landscape = self.gazetteer.kinds.index("landscape")
        words = join([token.original for token in rest])
        exact = self.gazetteer.index.exact(join([token.text for token in rest]))
        found = [(1.0, posting.place) for posting in exact if self.gazetteer.kind[posting.place] == landscape]
        how: How = "exact"
        if not found and _plain(rest):
            how = "meaning"
            near = self._meaning.nearest(words, settings.MOST_ALTERNATIVES)
            near = [(row, cosine) for row, cosine in near if cosine >= settings.LOWEST_LANDSCAPE]
            found = [(cosine, row) for row, cosine in near if self.gazetteer.kind[row] == landscape]
        found = [(c, row) for c, row in found if any(self.gazetteer.parts_in(row, f).any() for f in framing)]
        best = max((cosine for cosine, _ in found), default=0.0)
        base = strongest + settings.DESCRIBED
        return [(base + (cosine - best) / settings.COSINE_SCALE, row, words, how) for cosine, row in found]

    def _by_meaning(self, text: str, tokens: Sequence[Token]) -> list[Candidate]:
        """Landscapes that a description means, and landmarks it paraphrases."""
        landscape = self.gazetteer.kinds.index("landscape")
        lowest_landscape = settings.LOWEST_LANDSCAPE if _plain(tokens) else settings.LOWEST_PARAPHRASE
        found: list[Candidate] = []
        for row, cosine in self._meaning.nearest(text, settings.MOST_ALTERNATIVES):
            lowest = lowest_landscape if self.gazetteer.kind[row] == landscape else settings.LOWEST_LANDMARK
            if cosine >= lowest:
                found.append((cosine / settings.COSINE_SCALE, row, text, "meaning"))
        return found

    def _by_language(self, tokens: Sequence[Token]) -> list[Candidate]:
        """Countries whose city names are spelt like the words."""
        words = [token.original for token in tokens if tells_language(token)]
        titled = _titled(tokens)
        english = titled and any(token.text in words_of("english_place") for token in tokens)
        probability, evidence = self._language.countries(words, english=english)
        if evidence < (settings.LOWEST_EVIDENCE_OF_A_NAME if titled else settings.LOWEST_EVIDENCE):
            return []
        codes = self.gazetteer.country_codes
        best = np.argsort(-probability)[: settings.MOST_ALTERNATIVES]
        likely = [int(i) for i in best if probability[i] >= settings.LEAST_WEIGHT]
        certainty = min(evidence, settings.MOST_EVIDENCE)
        return [
            (float(np.log(probability[i])) + certainty + settings.EVIDENCE_AS_SCORE, row, "", "language")
            for i in likely
            for row in self.gazetteer.country_rows([codes[i]])
        ]

    def _agreed(self, named: Sequence[Candidate], by_language: Sequence[Candidate]) -> list[Candidate]:
        """Names and languages together: a name in a country whose language the words have is likelier for it."""
        country = self.gazetteer.country
        of_country = {int(country[row]): score for score, row, *_ in by_language}
        raised = []
        for score, row, words, how in named:
            level = of_country.get(int(country[row]), -np.inf)
            raised.append((level if level - settings.NAME_IN_ITS_COUNTRY < score < level else score, row, words, how))
        return [*raised, *by_language]

    def _weigh(self, candidates: Sequence[Candidate], frames: Sequence[int], limits: Limits) -> tuple[Alternative, ...]:
        """The best candidates, within the frames, with weights in proportion to the exponential of their scores."""
        best = sorted(candidates, key=lambda candidate: -candidate[0])[: settings.MOST_ALTERNATIVES]
        if not best:
            return ()
        weights = np.exp([score - best[0][0] for score, *_ in best])
        weights = np.where(weights / weights.sum() >= settings.LEAST_WEIGHT, weights, 0.0)
        weights /= weights.sum()
        return tuple(
            Alternative(limits.place(row, frames), float(weight), words, how, score)
            for (score, row, words, how), weight in zip(best, weights, strict=True)
            if weight > 0
        )

    def _explain(self, alternatives: Sequence[Alternative]) -> str:
        first = alternatives[0]
        label = self.gazetteer.label(first.place)
        listed = alternatives[1 : settings.MOST_EXPLAINED]
        others = [
            f"{self.gazetteer.label(a.place)} ({a.weight:.0%})" for a in listed if a.weight >= settings.LEAST_EXPLAINED
        ]
        also = f"; also possible: {'; '.join(others)}" if others else ""
        start = {
            "exact": f"“{first.matched_text}” is the name of {label}",
            "fuzzy": f"“{first.matched_text}” is written almost like a name of {label}",
            "inflected": f"“{first.matched_text}” is a form of a name of {label}",
            "country": f"“{first.matched_text}” names {label}",
            "meaning": f"The description is closest in meaning to {label}",
            "language": f"No name stood out; the words sound like {label}",
            "coordinates": label,
            "relation": label,
        }[first.how]
        return f"{start} ({first.weight:.0%}){also}."


def _plain(tokens: Sequence[Token]) -> bool:
    """Whether all words are those of a description, and none is written as a name."""
    return all(t.text in common_words() or t.text in kind_words() for t in tokens) and not _titled(tokens)


def _titled(tokens: Sequence[Token]) -> bool:
    """Whether words after the first are written with capitals, as names are and descriptions are not."""
    return any(token.original[:1].isupper() for token in tokens[1:])


def _best_per_place(spans: Sequence[Span], scores: Sequence[Floats]) -> list[Candidate]:
    best: dict[int, Candidate] = {}
    for span, values in zip(spans, scores, strict=True):
        for row, value in zip(span.rows.tolist(), values.tolist(), strict=True):
            if value >= settings.LOWEST_SCORE and (row not in best or value > best[row][0]):
                best[row] = (value, row, span.text, span.how)
    return sorted(best.values(), key=lambda candidate: -candidate[0])


@functools.cache
def shared_reader() -> TextReader:
    """The reader of texts; its tables are loaded when a text is first read, and once for all who read."""
    return TextReader()

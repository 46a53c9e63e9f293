"""Text to places with weights, from a gazetteer, a model of languages and sentence embeddings.

Names come first, exact or almost, ranked by fame and by how well they agree with the rest of the text. Where
no name convinces, the description is compared with landscapes by meaning, and the spelling of the words with
the names of cities by country. Where none of these finds anything, the answer is that no place was recognised.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from geoclip_core.earth.coordinates import Floats
from geoclip_core.places.gazetteer import Gazetteer, Place, load_gazetteer
from geoclip_core.places.names import Token, join, tokenise
from geoclip_core.places.words import kind_words, words_of
from geoclip_core.text import settings
from geoclip_core.text.cleaning import clean_text
from geoclip_core.text.coordinates import read_position
from geoclip_core.text.language import LanguagePrior
from geoclip_core.text.links import without_links
from geoclip_core.text.meaning import Meaning
from geoclip_core.text.position import Position
from geoclip_core.text.ranking import Ranker, tells_language
from geoclip_core.text.reading import Alternative, How, Reading
from geoclip_core.text.spans import Span, common_words, exact_spans, fuzzy_spans

_Candidate = tuple[float, int, str, How]  # score, gazetteer row, words as written, how


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

    def read(self, text: str) -> Reading:
        """Understand a text as places.

        Args:
            text: A name, an address, a description or coordinates, in any script the gazetteer has.

        Returns:
            The places with weights; or, where nothing was found, a reading with ``recognised`` false whose
            ``explanation`` says so.

        Raises:
            QueryError: Empty, too long, or coordinates that are not on Earth.
        """
        cleaned = clean_text(text)
        position = read_position(cleaned, self._nearest)
        if position is not None:
            return self._at(cleaned, position)
        tokens = tokenise(without_links(cleaned))
        candidates, framing = self._by_name(tokens)
        frames = list(framing)
        strongest = candidates[0][0] if candidates else -np.inf
        if candidates and candidates[0][1] in framing:
            candidates = [*self._inside(tokens, framing, strongest), *candidates]
        elif tokens and strongest < settings.CERTAIN_SCORE:
            meant = self._by_meaning(cleaned, tokens) if strongest < settings.DOUBTFUL_SCORE else []
            candidates = meant or self._agreed(candidates, self._by_language(tokens))
        alternatives = self._weigh(candidates, frames)
        return Reading(cleaned, alternatives, self._explain(alternatives), self.gazetteer)

    def _at(self, text: str, position: Position) -> Reading:
        name = f"{position.latlon[0]:.5f}, {position.latlon[1]:.5f}"
        disk = (*position.latlon, position.error_km)
        place = Place(name, "point", position.latlon, position.error_km, "", "", 0, (disk,), ("",))
        only = Alternative(place, 1.0, text, "coordinates", 0.0)
        within = f", within {position.error_km:.2g} km as written" if position.error_km > settings.COORDINATE_KM else ""
        return Reading(text, (only,), f"Read as {position.form}: {name}{within}.", self.gazetteer)

    def _nearest(self, words: str) -> tuple[float, float] | None:
        """Where some words are, or None."""
        reading = self.read(words)
        return reading.alternatives[0].place.latlon if reading.recognised else None

    def _by_name(self, tokens: Sequence[Token]) -> tuple[list[_Candidate], dict[int, Span]]:
        """Every place that a stretch of the text names, best first, each once; and what names countries and regions."""
        spans = self._ranker.strongest(tokens, exact_spans(tokens, self.gazetteer), settings.MOST_SPANS)
        scores = self._ranker.score(tokens, spans)
        convincing = [span for span, s in zip(spans, scores, strict=True) if s.max() > settings.LOWEST_SCORE]
        certain = any(s.max() >= settings.CERTAIN_SCORE for s in scores)
        similar = fuzzy_spans(tokens, convincing, self.gazetteer, whole_segments_only=certain)
        if similar:
            spans = self._ranker.strongest(tokens, [*spans, *similar], settings.MOST_SPANS)
            scores = self._ranker.score(tokens, spans)
        named = {int(span.rows[score.argmax()]): span for span, score in zip(spans, scores, strict=True)}
        kinds = self.gazetteer.kinds
        frames = {r: s for r, s in named.items() if kinds[self.gazetteer.kind[r]] in ("country", "region")}
        return _best_per_place(spans, scores), frames

    def _inside(self, tokens: Sequence[Token], framing: dict[int, Span], strongest: float) -> list[_Candidate]:
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

    def _by_meaning(self, text: str, tokens: Sequence[Token]) -> list[_Candidate]:
        """Landscapes that a description means, and landmarks it paraphrases."""
        landscape = self.gazetteer.kinds.index("landscape")
        lowest_landscape = settings.LOWEST_LANDSCAPE if _plain(tokens) else settings.LOWEST_PARAPHRASE
        found: list[_Candidate] = []
        for row, cosine in self._meaning.nearest(text, settings.MOST_ALTERNATIVES):
            lowest = lowest_landscape if self.gazetteer.kind[row] == landscape else settings.LOWEST_LANDMARK
            if cosine >= lowest:
                found.append((cosine / settings.COSINE_SCALE, row, text, "meaning"))
        return found

    def _by_language(self, tokens: Sequence[Token]) -> list[_Candidate]:
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

    def _agreed(self, named: Sequence[_Candidate], by_language: Sequence[_Candidate]) -> list[_Candidate]:
        """Names and languages together: a name in a country whose language the words have is likelier for it."""
        country = self.gazetteer.country
        of_country = {int(country[row]): score for score, row, *_ in by_language}
        raised = []
        for score, row, words, how in named:
            level = of_country.get(int(country[row]), -np.inf)
            raised.append((level if level - settings.NAME_IN_ITS_COUNTRY < score < level else score, row, words, how))
        return [*raised, *by_language]

    def _weigh(self, candidates: Sequence[_Candidate], frames: Sequence[int]) -> tuple[Alternative, ...]:
        """The best candidates, within the frames, with weights in proportion to the exponential of their scores."""
        best = sorted(candidates, key=lambda candidate: -candidate[0])[: settings.MOST_ALTERNATIVES]
        if not best:
            return ()
        weights = np.exp([score - best[0][0] for score, *_ in best])
        weights = np.where(weights / weights.sum() >= settings.LEAST_WEIGHT, weights, 0.0)
        weights /= weights.sum()
        return tuple(
            Alternative(self.gazetteer.place(row, frames), float(weight), words, how, score)
            for (score, row, words, how), weight in zip(best, weights, strict=True)
            if weight > 0
        )

    def _explain(self, alternatives: Sequence[Alternative]) -> str:
        if not alternatives:
            return "It holds no name, landscape or language that the gazetteer knows."
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
            "country": f"“{first.matched_text}” names {label}",
            "meaning": f"The description is closest in meaning to {label}",
            "language": f"No name stood out; the words sound like {label}",
            "coordinates": label,
        }[first.how]
        return f"{start} ({first.weight:.0%}){also}."


def _plain(tokens: Sequence[Token]) -> bool:
    """Whether all words are those of a description, and none is written as a name."""
    return all(t.text in common_words() or t.text in kind_words() for t in tokens) and not _titled(tokens)


def _titled(tokens: Sequence[Token]) -> bool:
    """Whether words after the first are written with capitals, as names are and descriptions are not."""
    return any(token.original[:1].isupper() for token in tokens[1:])


def _best_per_place(spans: Sequence[Span], scores: Sequence[Floats]) -> list[_Candidate]:
    best: dict[int, _Candidate] = {}
    for span, values in zip(spans, scores, strict=True):
        for row, value in zip(span.rows.tolist(), values.tolist(), strict=True):
            if value >= settings.LOWEST_SCORE and (row not in best or value > best[row][0]):
                best[row] = (value, row, span.text, span.how)
    return sorted(best.values(), key=lambda candidate: -candidate[0])

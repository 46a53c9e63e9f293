"""Which countries words are likely to come from, learnt from the gazetteer's own 235,000 city names.

A naive Bayes model over character n-grams of words: for every n-gram the logarithm of how much more often
it occurs in the names of a country than in names at large. Words for kinds of things ("musée", "kirkko",
"мост") are evidence for the countries of their languages. English ones are evidence of nothing: they are used
everywhere.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt

from geoclip_core.earth.coordinates import Floats
from geoclip_core.files import Arrays, cached_arrays, digest
from geoclip_core.places.gazetteer import Gazetteer
from geoclip_core.places.index import MAIN
from geoclip_core.places.names import normalise
from geoclip_core.places.sources import sources_key, spoken_languages
from geoclip_core.places.words import kind_words
from geoclip_core.text import settings
from geoclip_core.text.scripts import SCRIPT_LANGUAGES, script_of


def _ngrams(
    points: npt.NDArray[np.uint64], owner: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]:
    """Hashes of all n-grams of code points that do not cross from one owner to the next, and their owners."""
    found, owners = [], []
    for size in settings.NGRAM_SIZES:
        mixed = np.full(max(len(points) - size + 1, 0), size, np.uint64)
        for offset in range(size):
            mixed = (mixed ^ points[offset : offset + len(mixed)]) * np.uint64(0x100000001B3)  # as in FNV-1a
            mixed ^= mixed >> np.uint64(29)
        whole = owner[len(owner) - len(mixed) :] == owner[: len(mixed)]
        found.append(mixed[whole])
        owners.append(owner[: len(mixed)][whole])
    return np.concatenate(found), np.concatenate(owners)


def _code_points(words: Sequence[str]) -> npt.NDArray[np.uint64]:
    return np.frombuffer("".join(f" {w} " for w in words).encode("utf-32-le"), np.uint32).astype(np.uint64)


def learn(names: Sequence[tuple[str, int]], countries: int) -> Arrays:
    """Count n-grams by country.

    Args:
        names: (words in small letters, country number).
        countries: How many country numbers there are.

    Returns:
        "ngrams": sorted hashes of the n-grams that are frequent enough, uint64 (n,); "log_ratio": float16 of
        shape (n, countries), log P(n-gram | country) - log P(n-gram at large), zero for countries with too
        few names.
    """
    from pandas import factorize

    words = [(word, country) for name, country in names for word in name.split()]
    points = _code_points([word for word, _ in words])
    hashes, owners = _ngrams(points, np.repeat(np.arange(len(words)), [len(word) + 2 for word, _ in words]))
    first_seen, distinct = factorize(hashes)  # by a hash table: many times faster than sorting all of them
    order = np.argsort(distinct)
    ngrams, column = distinct[order], np.argsort(order)[first_seen]
    seen = np.bincount(column)
    frequent = seen >= settings.FEWEST_TIMES
    place = np.cumsum(frequent) - 1
    flat = place[column] * countries + np.array([country for _, country in words])[owners]
    flat = flat[frequent[column]]
    counts = np.bincount(flat, minlength=int(frequent.sum()) * countries).reshape(-1, countries).astype(np.float64)
    named = np.bincount([country for _, country in names], minlength=countries)
    # At large, a country counts by the square root of its number of names, so that none is the norm.
    at_large = counts @ (1.0 / np.sqrt(np.maximum(named, 1)))
    at_large = (at_large / at_large.sum())[:, None]
    in_country = (counts + settings.SMOOTHING * at_large) / (counts.sum(axis=0) + settings.SMOOTHING)
    ratio = np.log(in_country) - np.log(at_large)
    ratio[:, named < settings.FEWEST_NAMES] = 0.0
    return {"ngrams": ngrams[frequent], "log_ratio": ratio.astype(np.float16)}


def _spelling(name: str) -> str:
    """Words in small letters with their accents, which tell a language better than anything."""
    return " ".join(re.findall(r"\w+", unicodedata.normalize("NFC", name).casefold()))


class LanguagePrior:
    """What the spelling and script of words say about countries.

    Args:
        gazetteer: Where the names come from; country numbers are those of ``gazetteer.country_codes``.
    """

    def __init__(self, gazetteer: Gazetteer) -> None:
        self._gazetteer = gazetteer
        self._spoken = spoken_languages()
        self._by_language: dict[str, Floats] = {}
        self._log_prior = self._prior()

    @cached_property
    def table(self) -> Arrays:
        """What :func:`learn` made of the names of cities; learnt, or read from disk, when it is first asked for."""
        return cached_arrays("language", digest(settings.NGRAM_FORMAT, sources_key()), self._learn)

    def _prior(self) -> Floats:
        """Log share of every country among what people ask for: half its people, half its landmarks."""
        gazetteer = self._gazetteer
        cities = gazetteer.rows_of_kind("city")
        people = np.bincount(gazetteer.country[cities], gazetteer.population[cities], len(gazetteer.country_codes))
        sight = np.ones(len(gazetteer), bool)
        sight[gazetteer.rows_of_kind("city", "aerodrome")] = False
        sights = np.bincount(gazetteer.country, sight, len(people))
        known = settings.PEOPLE_IN_PRIOR * np.log(people + settings.PEOPLE_EVERYWHERE)
        known += settings.SIGHTS_IN_PRIOR * np.log(sights + 1)
        prior = np.where(people > 0, known, -np.inf)
        return np.asarray(prior - np.logaddexp.reduce(prior))

    def _learn(self) -> Arrays:
        gazetteer = self._gazetteer
        is_city = np.zeros(len(gazetteer), bool)
        is_city[gazetteer.rows_of_kind("city")] = True
        rows, places, flags = gazetteer.index.bearers()
        main = (flags & MAIN) != 0
        countries = gazetteer.country[places]
        own = is_city[places] & main
        names = [
            (_spelling(gazetteer.name(place)), country)
            for place, country in zip(places[own].tolist(), countries[own].tolist(), strict=True)
        ]
        # Other names count where they are written in a script of the country's own.
        spoken = [frozenset(self._spoken.get(c, ())[: settings.MAIN_LANGUAGES]) for c in gazetteer.country_codes]
        keys, other = gazetteer.index.keys(), is_city[places] & ~main
        for row, country in zip(rows[other].tolist(), countries[other].tolist(), strict=True):
            key = keys[row]
            if not key.isascii() and not spoken[country].isdisjoint(SCRIPT_LANGUAGES.get(script_of(key), ())):
                names.append((key, country))
        return learn(names, len(gazetteer.country_codes))

    def _speakers(self, language: str) -> Floats:
        """How much each country uses a language, in [0, 1], shape (countries,)."""
        if language not in self._by_language:
            spoken = [self._spoken.get(code, ()) for code in self._gazetteer.country_codes]
            places = [languages.index(language) if language in languages else np.inf for languages in spoken]
            self._by_language[language] = settings.NEXT_LANGUAGE ** np.array(places)
        return self._by_language[language]

    def _of_languages(self, languages: Sequence[str], elsewhere: float = settings.FOREIGN) -> Floats:
        """Log likelihood ratio of a word that belongs to some languages, and is used somewhat elsewhere."""
        use = np.max([self._speakers(language) for language in languages], axis=0) + elsewhere
        return np.asarray(np.log(use) - np.log(np.exp(self._log_prior) @ use))

    def word(self, word: str) -> Floats:
        """Log likelihood ratio of one word as written for every country, shape (countries,)."""
        languages = kind_words().get(normalise(word))
        if languages is not None:
            return self._of_languages(languages)
        points = _code_points([_spelling(word)])
        hashes, _ = _ngrams(points, np.zeros(len(points), np.int64))
        ngrams, log_ratio = self.table["ngrams"], self.table["log_ratio"]
        at = np.minimum(np.searchsorted(ngrams, hashes), len(ngrams) - 1)
        seen = ngrams[at] == hashes
        total = settings.INDEPENDENCE * log_ratio[at[seen]].astype(np.float64).sum(axis=0)
        unseen = np.count_nonzero(~seen[: 2 * len(points) - 3])  # bigrams and trigrams come first
        total += settings.UNSEEN_NGRAM * unseen
        script_languages = SCRIPT_LANGUAGES.get(script_of(word))
        if script_languages:
            total += self._of_languages(script_languages)
        return np.asarray(np.clip(total, -settings.STRONGEST_WORD, settings.STRONGEST_WORD))

    def text(self, words: Sequence[str]) -> Floats:
        """Log likelihood ratio of several words for every country, shape (countries,)."""
        nothing = np.zeros(len(self._gazetteer.country_codes))
        return np.asarray(np.sum([nothing, *(self.word(word) for word in words)], axis=0))

    def countries(self, words: Sequence[str], *, english: bool = False) -> tuple[Floats, float]:
        """Which countries the words are likely to come from.

        Args:
            words: As written, without common English words.
            english: Whether the words stand in a name made of English words, such as "Liberty Building".

        Returns:
            Probability of every country number given that the words are of some country, shape (countries,),
            sum 1; and the evidence: log of how much likelier the words are as words of these countries than as
            names at large. Random letters have negative evidence.
        """
        joint = self.text(words) + self._log_prior
        if english:
            joint += self._of_languages(("en",), elsewhere=settings.ENGLISH_ELSEWHERE)
        total = float(np.logaddexp.reduce(joint))
        known = sum(normalise(word) in kind_words() or script_of(word) in SCRIPT_LANGUAGES for word in set(words))
        evidence = total + settings.KNOWN_WORD * known + settings.ENGLISH_NAME * english
        return np.exp(joint - total), evidence if words or english else -np.inf

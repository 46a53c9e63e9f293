"""Which countries a name sounds like, learnt from the gazetteer's own 235,000 city names.

A naive Bayes model over character n-grams of words: for every n-gram the logarithm of how much more often
it occurs in the names of a country than in names at large. Words for kinds of things ("musée", "kirkko",
"мост") speak for the countries of their languages. English kind words say nothing: they are used everywhere.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from geoclip_core.files import Arrays, cached_arrays, digest
from geoclip_core.places.gazetteer import Gazetteer
from geoclip_core.places.index import MAIN
from geoclip_core.places.names import normalise
from geoclip_core.places.sources import sources_key, spoken_languages
from geoclip_core.places.words import SCRIPT_LANGUAGES, kind_words

_FORMAT = "3"
_SIZES = (2, 3, 4, 5)  # characters per n-gram, with a space at either end of the word
_FEWEST_TIMES = 12  # an n-gram seen less often among all names tells more of chance than of language
_UNHEARD = -1.0  # log ratio of a bigram or trigram that no country's names have often enough
_SMOOTHING = 3000.0  # n-grams (about 100 names) at large that every country starts with
_FEWEST_NAMES = 30  # a country with fewer names teaches nothing
_MAIN_LANGUAGES = 3  # of a country's list, which starts with the official ones
_NEXT_LANGUAGE = 0.4  # each language of the list is used this much as often as the one before it
_FOREIGN = 0.003  # share of uses of a word outside the countries of its language
_INDEPENDENCE = 0.1  # n-grams of one word overlap, so each counts as this part of a witness
_ENGLISH_ELSEWHERE = 0.15  # the same for English, into which names are translated
_ENGLISH_NAME = 0.5  # evidence of a name made of English words
_KNOWN_WORD = 3.0  # evidence of a word that a language is known to have, against random letters
_STRONGEST_WORD = 6.0  # limit of what one word may say

Floats = npt.NDArray[np.float64]


def _ngrams(
    points: npt.NDArray[np.uint64], owner: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]:
    """Hashes of all n-grams of code points that do not cross from one owner to the next, and their owners."""
    found, owners = [], []
    for size in _SIZES:
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
    words = [(word, country) for name, country in names for word in name.split()]
    points = _code_points([word for word, _ in words])
    hashes, owners = _ngrams(points, np.repeat(np.arange(len(words)), [len(word) + 2 for word, _ in words]))
    ngrams, column, seen = np.unique(hashes, return_inverse=True, return_counts=True)
    frequent = seen >= _FEWEST_TIMES
    place = np.cumsum(frequent) - 1
    flat = place[column] * countries + np.array([country for _, country in words])[owners]
    flat = flat[frequent[column]]
    counts = np.bincount(flat, minlength=int(frequent.sum()) * countries).reshape(-1, countries).astype(np.float64)
    named = np.bincount([country for _, country in names], minlength=countries)
    # At large, a country counts by the square root of its number of names, so that none is the norm.
    at_large = counts @ (1.0 / np.sqrt(np.maximum(named, 1)))
    at_large = (at_large / at_large.sum())[:, None]
    ratio = np.log((counts + _SMOOTHING * at_large) / (counts.sum(axis=0) + _SMOOTHING)) - np.log(at_large)
    ratio[:, named < _FEWEST_NAMES] = 0.0
    return {"ngrams": ngrams[frequent], "log_ratio": ratio.astype(np.float16)}


def _spelling(name: str) -> str:
    """Words in small letters with their accents, which tell a language better than anything."""
    return " ".join(re.findall(r"\w+", unicodedata.normalize("NFC", name).casefold()))


def script_of(text: str) -> str:
    """Unicode's name of the script of the first letter, such as "LATIN" or "CJK"; empty without letters."""
    for character in text:
        if character.isalpha():
            return unicodedata.name(character, "").split(" ")[0]
    return ""


class LanguagePrior:
    """What the sound and script of words say about countries.

    Args:
        gazetteer: Where the names come from; country numbers are those of ``gazetteer.country_codes``.
    """

    def __init__(self, gazetteer: Gazetteer) -> None:
        self._gazetteer = gazetteer
        self._spoken = spoken_languages()
        key = digest(_FORMAT, sources_key())
        arrays = cached_arrays("language", key, self._learn)
        self._ngrams, self._log_ratio = arrays["ngrams"], arrays["log_ratio"]
        self._by_language: dict[str, Floats] = {}
        self._log_prior = self._prior()

    def _prior(self) -> Floats:
        """Log share of every country among what people ask for: half its people, half its landmarks."""
        gazetteer = self._gazetteer
        cities = gazetteer.rows_of_kind("city")
        people = np.bincount(gazetteer.country[cities], gazetteer.population[cities], len(gazetteer.country_codes))
        sights = np.bincount(gazetteer.country, gazetteer.kind != gazetteer.kinds.index("city"), len(people))
        prior = np.where(people > 0, 0.5 * np.log(people + 1e5) + 0.5 * np.log(sights + 1), -np.inf)
        return np.asarray(prior - np.logaddexp.reduce(prior))

    def _learn(self) -> Arrays:
        gazetteer, names = self._gazetteer, list[tuple[str, int]]()
        is_city = np.zeros(len(gazetteer), bool)
        is_city[gazetteer.rows_of_kind("city")] = True
        for key, postings in gazetteer.index.items():
            script = script_of(key)
            languages = SCRIPT_LANGUAGES.get(script, ())
            for posting in postings:
                if not is_city[posting.place]:
                    continue
                country = int(gazetteer.country[posting.place])
                spoken = self._spoken.get(gazetteer.country_codes[country], ())[:_MAIN_LANGUAGES]
                if posting.flags & MAIN:
                    names.append((_spelling(gazetteer.name(posting.place)), country))
                elif script != "LATIN" and any(code in languages for code in spoken):
                    names.append((key, country))
        return learn(names, len(gazetteer.country_codes))

    def _speakers(self, language: str) -> Floats:
        """How much each country uses a language, in [0, 1], shape (countries,)."""
        if language not in self._by_language:
            spoken = [self._spoken.get(code, ()) for code in self._gazetteer.country_codes]
            places = [languages.index(language) if language in languages else np.inf for languages in spoken]
            self._by_language[language] = _NEXT_LANGUAGE ** np.array(places)
        return self._by_language[language]

    def _of_languages(self, languages: Sequence[str], elsewhere: float = _FOREIGN) -> Floats:
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
        at = np.minimum(np.searchsorted(self._ngrams, hashes), len(self._ngrams) - 1)
        heard = self._ngrams[at] == hashes
        total = _INDEPENDENCE * self._log_ratio[at[heard]].astype(np.float64).sum(axis=0)
        total += _UNHEARD * np.count_nonzero(~heard[: 2 * len(points) - 3])  # bigrams and trigrams come first
        script_languages = SCRIPT_LANGUAGES.get(script_of(word))
        if script_languages:
            total += self._of_languages(script_languages)
        return np.asarray(np.clip(total, -_STRONGEST_WORD, _STRONGEST_WORD))

    def text(self, words: Sequence[str]) -> Floats:
        """Log likelihood ratio of several words for every country, shape (countries,)."""
        nothing = np.zeros(len(self._gazetteer.country_codes))
        return np.asarray(np.sum([nothing, *(self.word(word) for word in words)], axis=0))

    def countries(self, words: Sequence[str], *, english: bool = False) -> tuple[Floats, float]:
        """Which countries the words sound like.

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
            joint += self._of_languages(("en",), elsewhere=_ENGLISH_ELSEWHERE)
        total = float(np.logaddexp.reduce(joint))
        known = sum(normalise(word) in kind_words() or script_of(word) in SCRIPT_LANGUAGES for word in set(words))
        evidence = total + _KNOWN_WORD * known + _ENGLISH_NAME * english
        return np.exp(joint - total), evidence if words or english else -np.inf

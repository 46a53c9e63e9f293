"""Which lines of a photo are believed, and how surely: most names in photos stand elsewhere.

Restaurants, streets, monuments and departure boards are called after places that are far away. A name counts where
nothing of that kind stands beside it, and where it is long or another line speaks of the same country. Where no name
counts, an operator, an address, a script or the language of the lines may tell the country. Everything else is offered.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from geoclip_core.evidence.sign_reading.clues import CountryClue, country_clues, words_in_role
from geoclip_core.evidence.sign_reading.lines import SignLine
from geoclip_core.evidence.sign_reading.names import ExactNames, NamedPlace
from geoclip_core.evidence.sign_reading.scripts import in_script, script_clue
from geoclip_core.places.names import tokenise
from geoclip_core.places.words import kind_words, words_of

LEAST_SCORE = 0.7  # of a line that may be believed; below, it is only offered
LEAST_LETTERS = 3  # of a line that is looked at at all
LEAST_NAME_SCORE = 1.0  # log odds of a name, as in the text reader
LONG_NAME = 7  # letters of a name that counts without another line beside it
LEAST_OF_NAME = 0.5  # share of belief of one country among all places of a name that counts by itself
MOST_COUNTRIES = 2  # of names in one photo; more are a board, a shelf or a map
MOST_BOARD_WORDS = 2
LEAST_EVIDENCE = 1.0  # of a language, as LanguagePrior.countries gives it
LEAST_WORDS = 5  # with letters, for a language: three names of shops are no text
LEAST_SHARE = 0.5  # of the likeliest country of a language
MOST_BESIDE = 0.5  # letters of other words in the line of a name, for each letter of the name
MOST_READ = 16  # lines that are looked up, the tallest first

_GLUED = re.compile(r"(?<=[0-9])(?=[^\W\d_]{3})|(?<=[a-zà-ÿ])(?=[A-ZÀ-Þ][a-zà-ÿ])|(?<=[^\W\d_]{3})(?=[0-9])")
_NUMBER = re.compile(r"(?<![^\W\d_])\d[\d.,:/-]*(?![^\W\d_])")
_STREET_ENDINGS = ("strasse", "straat", "gatan", "gade", "gasse")
_TIME = re.compile(r"\b\d{1,2}[:.h]\d{2}\b")


@dataclass(frozen=True)
class Verdict:
    """What the lines of a photo come to.

    Attributes:
        band: How sure, a key of ``assets/reliability.json``; "" where nothing is believed.
        used: Rows of the lines that it rests on.
        places: Places that they name, with weights; or
        countries: shares by country code.
        words: What was read, for a sentence.
        names: For every line, what it may name, likeliest first.
        region: The part of the likeliest country, as ``parse_region`` reads it; "" for all of it.
    """

    band: str
    used: frozenset[int]
    places: tuple[NamedPlace, ...]
    countries: dict[str, float]
    words: str
    names: tuple[tuple[str, ...], ...]
    region: str = ""


def judge(lines: Sequence[SignLine], reader: ExactNames) -> Verdict:
    """Decide what the lines say of the place where the photo was taken.

    Args:
        lines: As read, from top to bottom.
        reader: Finds names.
    """
    texts = [reader.apart(split_glued(line.text)) for line in lines]
    tallest = sorted(range(len(lines)), key=lambda i: -lines[i].height_px)
    looked = [i for i in sorted(tallest[:MOST_READ]) if _letters(texts[i]) >= LEAST_LETTERS or _digits(texts[i]) >= 10]
    found = {i: _long_enough(reader.find(_without_numbers(texts[i]))) for i in looked}
    clues = {i: country_clues(texts[i]) for i in looked}
    names = tuple(_labels(found.get(i, ()), clues.get(i, ()), reader) for i in range(len(lines)))
    sure = [i for i in looked if lines[i].score >= LEAST_SCORE]
    nothing = Verdict("", frozenset(), (), {}, "", names)
    joined = " ".join(texts)
    board = words_in_role(joined, "board") > MOST_BOARD_WORDS or len(_TIME.findall(joined)) > MOST_BOARD_WORDS
    telling = [(i, clue) for i in sure for clue in clues[i]]
    named = [] if board else _names(sure, texts, reader)
    if named and len({place.place.country_code for i, place in named if _is_best(place, i, named)}) <= MOST_COUNTRIES:
        believed = _believed(named, telling, texts, reader)
        if believed is not None:
            band, rows, places = believed
            return Verdict(band, rows, places, {}, "”, “".join(texts[i] for i in sorted(rows)), names)
    for band in ("address", "operator", "wording"):
        chosen = [(i, clue) for i, clue in telling if clue.kind == band]
        if chosen and not (board and band == "address"):
            verdict = _of_countries(band, chosen, texts, names)
            if max(verdict.countries.values()) >= LEAST_SHARE or len({clue.words for _, clue in chosen}) == 1:
                return verdict
    script = script_clue("".join(texts[i] for i in sure))
    if script is not None:
        return _of_countries("script", [(i, script) for i in sure if in_script(texts[i])], texts, names)
    spoken = [i for i in sure if texts[i].isascii() is False or _letters(texts[i]) > LEAST_LETTERS]
    words = [token for i in spoken for token in tokenise(texts[i]) if len(token.text) > LEAST_LETTERS]
    if len(words) >= LEAST_WORDS:
        shares, evidence = reader.countries([texts[i] for i in spoken])
        best = max(shares.values(), default=0.0)
        if evidence >= LEAST_EVIDENCE and best >= LEAST_SHARE:
            said = "”, “".join(texts[i] for i in spoken[:3])
            return Verdict("language", frozenset(spoken), (), shares, said, names)
    return nothing


def _is_best(place: NamedPlace, row: int, named: Sequence[tuple[int, NamedPlace]]) -> bool:
    """Whether a place is the likeliest that its line names: other places of the same name are no other country."""
    return place.score == max(other.score for i, other in named if i == row)


def split_glued(text: str) -> str:
    """Words that the reader has glued together, apart: "280LLANDOVERY", "NewYork"."""
    return re.sub(r"\s+", " ", _GLUED.sub(" ", text)).strip()


def _without_numbers(text: str) -> str:
    return _NUMBER.sub(" ", text).strip()


def _without_host(text: str) -> str:
    """A line without numbers and without what bears a place's name: "Llandovery" of "Llandovery Station"."""
    return " ".join(t.original for t in tokenise(_without_numbers(text)) if not words_in_role(t.original, "host"))


def _long_enough(places: Sequence[NamedPlace]) -> tuple[NamedPlace, ...]:
    """Names without abbreviations, which any word of a sign may be."""
    return tuple(place for place in places if not place.words.isascii() or _letters(place.words) > LEAST_LETTERS)


def _letters(text: str) -> int:
    return sum(character.isalpha() for character in text)


def _digits(text: str) -> int:
    return sum(character.isdigit() for character in text)


def _names(rows: Sequence[int], texts: Sequence[str], reader: ExactNames) -> list[tuple[int, NamedPlace]]:
    """Places that the lines name when read together, each with its line, where the line is convincingly its name."""
    named = []
    found = reader.find(", ".join(_without_numbers(texts[i]) for i in rows))
    if any(words_in_role(texts[i], "host") for i in rows):  # then the line beside it need not be famous
        found += tuple(place for i in rows for place in reader.find(_without_host(texts[i]))[:1])
    for place in _long_enough(found):
        row = next((i for i in rows if place.words in texts[i]), None)
        if row is not None and place.score >= LEAST_NAME_SCORE and _is_its_name(place.words, texts[row]):
            named.append((row, place))
    return named


def _is_its_name(words: str, text: str) -> bool:
    """Whether a line is the name, and not of a business, a street or a person that bears it."""
    tokens = [token.text for token in tokenise(text)]
    if words_in_role(text, "host") or words_in_role(text, "chain"):
        return True
    if any(token in words_of("street") or token.endswith(_STREET_ENDINGS) for token in tokens):
        return False
    if words_in_role(text, "business") or words_in_role(text, "memory"):
        return False
    if words_in_role(tokens[0], "article") and tokens[0] != tokenise(words)[0].text:
        return False
    beside = [token for token in tokens if token not in {name.text for name in tokenise(words)}]
    plain = kind_words().keys() | words_of("function") | words_of("preposition") | words_of("grammar")
    others = sum(_letters(token) for token in beside if token not in plain)
    return others <= _letters(words) * MOST_BESIDE


def _believed(
    named: list[tuple[int, NamedPlace]],
    telling: list[tuple[int, CountryClue]],
    texts: Sequence[str],
    reader: ExactNames,
) -> tuple[str, frozenset[int], tuple[NamedPlace, ...]] | None:
    """The band, the lines and the places of the names that are believed."""
    i, best = max(named, key=lambda item: (item[1].score, len(item[1].words)))
    code = best.place.country_code
    agreeing = {j for j, place in named if place.place.country_code == code and j != i}
    agreeing |= {j for j, clue in telling if code in clue.countries and (j != i or clue.kind == "address")}
    if any(code not in clue.countries for _, clue in telling):
        return None
    if agreeing:
        rows = frozenset({i, *agreeing})
        together = reader.find(", ".join(_without_numbers(texts[j]) for j in sorted(rows)))
        kept = tuple(place for place in together if place.place.country_code == code)
        return "name and another line", rows, kept or (best,)
    around = [text for text in texts[max(0, i - 1) : i + 2] if words_in_role(text, "host")]
    if around or words_in_role(texts[i], "chain"):
        kept = tuple(place for place in reader.find(_without_host(texts[i])) if place.words == best.words)
        if not kept or _share(kept, code) >= LEAST_OF_NAME:
            return "name of its host", frozenset({i}), kept or (best,)
    if _letters(best.words) >= LONG_NAME and best.place.kind not in ("country", "region"):
        kept = tuple(reader.find(_without_numbers(texts[i])))
        if _share(kept, code) >= LEAST_OF_NAME:
            return "long name", frozenset({i}), kept
    return None


def _share(places: Sequence[NamedPlace], code: str) -> float:
    """Share of belief of the places of one country."""
    return sum(place.weight for place in places if place.place.country_code == code) / sum(p.weight for p in places)


def _of_countries(
    band: str, chosen: Sequence[tuple[int, CountryClue]], texts: Sequence[str], names: tuple[tuple[str, ...], ...]
) -> Verdict:
    shares: dict[str, float] = {}
    for _, clue in chosen:
        for code, share in clue.countries.items():
            shares[code] = shares.get(code, 0.0) + share / len(chosen)
    rows = frozenset(i for i, _ in chosen)
    parts = {clue.region for _, clue in chosen if clue.region}
    part = parts.pop() if len(parts) == 1 and len(shares) == 1 else ""
    return Verdict(band, rows, (), shares, "”, “".join(texts[i] for i in sorted(rows)[:3]), names, part)


def _labels(places: Sequence[NamedPlace], clues: Sequence[CountryClue], reader: ExactNames) -> tuple[str, ...]:
    """What a line may name, in words, at most three."""
    from geoclip_core.earth.country_names import country_name

    told = [reader.gazetteer.label(place.place) for place in places[:3]]
    told += [country_name(code) for clue in clues for code in clue.countries]
    return tuple(dict.fromkeys(told))[:3]

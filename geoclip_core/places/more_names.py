"""Further names of places that other tables hold: demonyms of regions and cities, codes of states and provinces.

``assets/demonyms.csv`` (country, place, demonyms) and ``assets/divisions.csv`` (country, code, place, also) name a
place as the gazetteer calls it.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from geoclip_core.files import asset_path

TABLES = ("demonyms.csv", "divisions.csv")
_CITY = "시군市县縣"  # "city" and "county" in Korean, Chinese and Japanese


@dataclass(frozen=True)
class MoreNames:
    """Further names of one place.

    Args:
        country: ISO 3166-1 alpha-2 code, empty where the place lies in several countries.
        place: What the gazetteer calls it.
        names: The further names.
    """

    country: str
    place: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class Division:
    """A first-level division of a country.

    Args:
        country: ISO 3166-1 alpha-2 code.
        code: The second part of its ISO 3166-2 code, such as "TX".
        place: What the gazetteer calls it.
        also: Older abbreviations, such as "Tex.".
    """

    country: str
    code: str
    place: str
    also: tuple[str, ...]


def _rows(name: str) -> Iterator[dict[str, str]]:
    with asset_path(name).open(encoding="utf-8", newline="") as stream:
        yield from csv.DictReader(stream)


def demonyms() -> tuple[MoreNames, ...]:
    """Words such as "Parisian" and the places that they hint at."""
    return tuple(
        MoreNames(row["country"], row["place"], tuple(row["demonyms"].split("|"))) for row in _rows("demonyms.csv")
    )


@cache
def divisions() -> tuple[Division, ...]:
    """Codes of states and provinces."""
    return tuple(
        Division(row["country"], row["code"], row["place"], tuple(filter(None, row["also"].split("|"))))
        for row in _rows("divisions.csv")
    )


def without_city(name: str) -> str:
    """A Korean, Chinese or Japanese name without the word for "city" or "county" at its end, or nothing."""
    return name[:-1] if len(name) > 2 and name[-1] in _CITY else ""

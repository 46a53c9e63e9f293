"""Reading a region as a person types it: countries, unions, continents, states, boxes, circles, and exceptions."""

from __future__ import annotations

import csv
import functools
import re
from collections.abc import Mapping

from geoclip_core.earth.country_names import continents, country_codes_of, find_continent, find_country
from geoclip_core.earth.region.parts import CutRegion, ExceptRegion, NamedRegion, corners, divisions_by_name
from geoclip_core.earth.regions import MOST_PARTS, BoxRegion, CountryRegion, RadiusRegion, Region, UnionRegion
from geoclip_core.errors import RegionError
from geoclip_core.files import asset_path

_KM = {"km": 1.0, "m": 0.001, "mi": 1.609344, "miles": 1.609344}
_CIRCLE = re.compile(r"(-?[\d.]+)\s*[,\s]\s*(-?[\d.]+)\s*[,\s]\s*([\d.]+)\s*(km|m|mi|miles)", re.IGNORECASE)
_FLAG = re.compile("[\U0001f1e6-\U0001f1ff]{2}")

_EUROPEAN_RUSSIA = CutRegion(  # west of the watershed of the Urals and of the river Ural
    "RU",
    corners("19,40 52,40 52,51 59,51 59.5,56 59,61 60,65 66,67.5 69,69 70,83 19,83"),
    "European Russia",
)
_EUROPEAN_TURKEY = CutRegion(  # west of the Dardanelles and the Bosporus
    "TR",
    corners("25.5,40 26.15,40 26.39,40.17 26.7,40.38 27.2,40.65 28.9,40.95 29.05,41.08 29.15,41.3 28,42.3 25.5,42.3"),
    "East Thrace",
)
_EUROPEAN_KAZAKHSTAN = CutRegion("KZ", corners("46,46 51.9,46.9 51.4,51.25 52,52 46,52"), "Kazakhstan west of the Ural")
_SINAI = CutRegion("EG", corners("32.31,31.5 32.57,29.95 32.7,29.2 33.6,28 34.3,27.5 35.2,28 35.2,31.5"), "Sinai")
_WESTERN_NEW_GUINEA = CutRegion("ID", corners("129.9,-10 129.9,1.5 142,1.5 142,-10"), "Western New Guinea")
_SAHARA_UNDER_MOROCCO = CutRegion("MA", corners("-18,20 -8.6,20 -8.6,27.667 -18,27.667"), "Western Sahara")

_CUTS = {
    "EU": (("RU",), (_EUROPEAN_RUSSIA, _EUROPEAN_TURKEY, _EUROPEAN_KAZAKHSTAN)),
    "AS": (
        ("TR", "KZ", "ID", "RU"),
        (
            ExceptRegion(CountryRegion(("RU",)), _EUROPEAN_RUSSIA),
            ExceptRegion(CountryRegion(("TR",)), _EUROPEAN_TURKEY),
            ExceptRegion(CountryRegion(("KZ",)), _EUROPEAN_KAZAKHSTAN),
            ExceptRegion(CountryRegion(("ID",)), _WESTERN_NEW_GUINEA),
            _SINAI,
        ),
    ),
    "AF": (("EG",), (ExceptRegion(CountryRegion(("EG",)), _SINAI),)),
    "OC": ((), (_WESTERN_NEW_GUINEA,)),
}
"""By continent: countries that GeoNames counts to it and that are cut, and the parts that lie in it."""


def read_region(text: str) -> Region:
    """A region from text; see :func:`geoclip_core.earth.regions.parse_region`.

    Raises:
        RegionError: Not a region.
    """
    text = _FLAG.sub(lambda flag: "".join(chr(ord(c) - 0x1F1E6 + ord("A")) for c in flag.group()), text).strip()
    circle = _CIRCLE.fullmatch(text)
    fields = list(circle.group(1, 2, 3)) if circle else text.split(",")
    if len(fields) > MOST_PARTS:
        raise RegionError(f"It lists {len(fields)} names; at most {MOST_PARTS} are allowed")
    try:
        numbers = [float(field) for field in fields]
    except ValueError:
        return _of_names(text, text.split(","))
    if circle:
        return RadiusRegion((numbers[0], numbers[1]), numbers[2] * _KM[circle.group(4).lower()])
    if len(numbers) == 4:
        return BoxRegion(*numbers)
    if len(numbers) == 3:
        return RadiusRegion((numbers[0], numbers[1]), numbers[2])
    raise RegionError(f"It holds {len(numbers)} numbers; a box has 4 and a circle has 3")


def _of_names(text: str, fields: list[str]) -> Region:
    """Names separated by commas, those with "-" or "!" in front left out."""
    if not text.startswith(("-", "!")):
        try:
            return _named(text)
        except RegionError:
            if len(fields) == 1:
                raise
    names = [field.strip() for field in fields]
    left_out = [_named(name[1:].strip()) for name in names if name.startswith(("-", "!"))]
    wanted = [_named(name) for name in names if not name.startswith(("-", "!"))]
    whole = _together(wanted) if wanted else None
    return ExceptRegion(whole, _together(left_out)) if left_out else _together(wanted)


def _together(regions: list[Region]) -> Region:
    """One region of several; countries without a name of their own stay one list of countries."""
    if len(regions) == 1:
        return regions[0]
    codes = [region.codes for region in regions if isinstance(region, CountryRegion) and region.name is None]
    if len(codes) == len(regions):
        return CountryRegion(tuple(dict.fromkeys(code for group in codes for code in group)))
    return UnionRegion(tuple(dict.fromkeys(regions)))


def _named(text: str) -> Region:
    """A continent, union, country, or first-level division by its name or code."""
    kind, _, rest = text.partition(":")
    if rest and kind.strip().casefold() == "continent":
        return continent_region(find_continent(rest.strip()))
    key = re.sub(r"^the ", "", " ".join(text.split()).casefold())
    for code, name in continents().items():
        if key == name.casefold():
            return continent_region(code)
    if key in _unions():
        return _unions()[key]
    try:
        code = find_country(text)
    except RegionError:
        divisions = divisions_by_name().get(key)
        if divisions:
            return divisions[0] if len(divisions) == 1 else UnionRegion(divisions)
        raise
    if code == "EH":  # by ISO 3166-1: both sides of the berm; Natural Earth draws who governs
        return NamedRegion(UnionRegion((CountryRegion(("EH",)), _SAHARA_UNDER_MOROCCO)), "Western Sahara")
    return CountryRegion((code,))


@functools.cache
def continent_region(code: str) -> Region:
    """A continent by its GeoNames code, with countries on two continents divided where the continents meet."""
    name = continents()[code]
    cut, parts = _CUTS.get(code, ((), ()))
    whole = CountryRegion(tuple(c for c in country_codes_of(code) if c not in cut), name)
    return NamedRegion(UnionRegion((whole, *parts)), name) if parts else whole


@functools.cache
def _unions() -> Mapping[str, Region]:
    """Unions and groups of countries by their names in small letters."""
    found: dict[str, Region] = {}
    with asset_path("unions.csv").open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            names = row["names"].split("|")
            label = names[1] if len(names[0]) < len("Iberia") and len(names) > 1 else names[0]
            region = CountryRegion(tuple(row["codes"].split()), label)
            found.update({name.casefold(): region for name in names})
    return found

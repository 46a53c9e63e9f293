"""Airports with an IATA code, from the package ``airportsdata`` (MIT)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from geoclip_core.earth.coordinates import Floats, unit_vectors
from geoclip_core.earth.distance import EARTH_RADIUS_KM
from geoclip_core.places import settings

_KIND = re.compile(r"\s+(?:international|regional|municipal|intercontinental)(?=\s)", re.IGNORECASE)


@dataclass(frozen=True)
class Airport:
    """An airport.

    Args:
        name: Its full name.
        latlon: Degrees.
        country: ISO 3166-1 alpha-2 code.
        also: Shorter names, such as "Heathrow Airport".
        codes: Its IATA code, and its ICAO code where it has one.
        fame: How well known it is, as the population of an equally well-known city.
    """

    name: str
    latlon: tuple[float, float]
    country: str
    also: tuple[str, ...]
    codes: tuple[str, ...]
    fame: float


def airports(towns: Floats, people: Sequence[float]) -> Iterator[Airport]:
    """Every airport that has an IATA code.

    Args:
        towns: (n, 2) degrees, of all towns.
        people: (n,) how many live in each: an airport is as well known as it has people around it.
    """
    import airportsdata
    from scipy.spatial import cKDTree

    listed: list[dict[str, Any]] = sorted(airportsdata.load("IATA").values(), key=lambda row: str(row["iata"]))
    inhabitants = np.asarray(people, np.float64)
    chord = settings.AIRPORT_REACH_KM / EARTH_RADIUS_KM
    around = cKDTree(unit_vectors(towns)).query_ball_point(
        unit_vectors([(row["lat"], row["lon"]) for row in listed]), chord
    )
    for row, near in zip(listed, around, strict=True):
        known = settings.AIRPORT_SHARE * float(inhabitants[near].sum())
        if "international" not in row["name"].lower():
            known *= settings.SMALL_AIRPORT
        yield Airport(
            row["name"],
            (row["lat"], row["lon"]),
            row["country"],
            tuple(_shorter(row["name"], row["city"])),
            tuple(filter(None, (row["iata"], row["icao"]))),
            float(np.clip(known, settings.LEAST_AIRPORT_FAME, settings.MOST_AIRPORT_FAME)),
        )


def _shorter(name: str, city: str) -> Iterator[str]:
    """The name without "International", and without the city in front."""
    plain = _KIND.sub("", name)
    if plain != name:
        yield plain
    for whole in {name, plain}:
        rest = whole.removeprefix(f"{city} ")
        if rest != whole and len(rest.split()) > 1 and _KIND.sub("", f" {rest}").strip().lower() != "airport":
            yield rest

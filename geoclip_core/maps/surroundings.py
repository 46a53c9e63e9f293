"""Coasts, borders and towns around a point, for the close view of a map that has no tiles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from geoclip_core.earth.countries import countries
from geoclip_core.earth.window import Window
from geoclip_core.places.gazetteer import load_gazetteer

LAND_SIDES = 4.0
"""How many windows wide the drawn land is: a map shows more than its middle."""

MOST_TOWNS = 14
_LARGEST_TOWNS = 60
_APART = (0.05, 0.16)  # of the window's height and width: what one label covers
_DECIMALS = 4  # degrees; 11 m


@dataclass(frozen=True)
class Town:
    """A name on the map.

    Attributes:
        name: What it is called.
        latlon: Degrees.
    """

    name: str
    latlon: tuple[float, float]


@dataclass(frozen=True)
class Surroundings:
    """What lies around a point.

    Attributes:
        box: ((south, west), (north, east)) of the drawn part, degrees; east is above 180 across the antimeridian.
        land: GeoJSON MultiPolygons, one per country.
        towns: The largest, spread out so that their names do not cover each other.
    """

    box: tuple[tuple[float, float], tuple[float, float]]
    land: tuple[dict[str, Any], ...]
    towns: tuple[Town, ...]


def surroundings(latlon: tuple[float, float], side_km: float) -> Surroundings:
    """Land and towns around a point.

    Args:
        latlon: The centre, degrees; within the latitudes of Mercator.
        side_km: Side of the square that is looked at; towns lie in it, land reaches farther.
    """
    wide = Window.around(latlon, LAND_SIDES * side_km, (1, 1), "mercator")
    south, west, north, east = wide.bounds
    east = east if east > west else east + 360.0
    land = []
    for country in countries().values():
        for turn in (0.0, 360.0):
            part = shapely.clip_by_rect(country.geometry, west - turn, south, east - turn, north)
            if not part.is_empty:
                moved = shapely.transform(part, lambda xy, by=(turn, 0.0): np.round(np.add(xy, by), _DECIMALS))
                land.append(shapely.geometry.mapping(moved))
    towns = _towns(Window.around(latlon, side_km, (1, 1), "mercator"))
    return Surroundings(((south, west), (north, east)), tuple(land), towns)


def _towns(window: Window) -> tuple[Town, ...]:
    gazetteer = load_gazetteer()
    cities = gazetteer.rows_of_kind("city")
    inside = cities[window.contains(gazetteer.latlon[cities])]
    largest = inside[np.argsort(-gazetteer.population[inside], kind="stable")][:_LARGEST_TOWNS]
    south, west, north, east = window.bounds
    span = np.array([north - south, (east - west) % 360.0])
    kept: list[int] = []
    for row in largest:
        away = np.abs(gazetteer.latlon[kept] - gazetteer.latlon[row]) / span
        if not (away < _APART).all(axis=1).any():
            kept.append(int(row))
    return tuple(Town(gazetteer.name(row), _point(gazetteer.latlon[row])) for row in kept[:MOST_TOWNS])


def _point(row: Any) -> tuple[float, float]:
    return float(row[0]), float(row[1])

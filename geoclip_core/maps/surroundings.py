"""Coasts, borders and towns of a window, for a map that has no tiles."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from geoclip_core.earth.arcs import arc, arc_width
from geoclip_core.earth.countries import countries
from geoclip_core.earth.projection import MERCATOR_MAX_LAT
from geoclip_core.earth.window import Window
from geoclip_core.files import asset_path, write_text
from geoclip_core.places.gazetteer import load_gazetteer

MARGIN = 1.5
"""How many widths of a window are drawn on each of its sides: a map shows more than its middle."""

MOST_TOWNS = 150
WORLD_TOWNS = 6000
_DECIMALS = 4  # degrees; 11 m


@dataclass(frozen=True)
class Town:
    """A name on the map.

    Attributes:
        name: What it is called.
        latlon: Degrees; the longitude is above 180 where the window reaches across the antimeridian.
    """

    name: str
    latlon: tuple[float, float]


@dataclass(frozen=True)
class Surroundings:
    """What lies in and around a window.

    Attributes:
        box: ((south, west), (north, east)) of the drawn part, degrees; east is above 180 across the antimeridian.
        land: GeoJSON geometries, one per country.
        towns: The largest, by falling population; the map shows those that do not cover each other.
    """

    box: tuple[tuple[float, float], tuple[float, float]]
    land: tuple[dict[str, Any], ...]
    towns: tuple[Town, ...]


def surroundings(window: Window) -> Surroundings:
    """Land and towns of a window and of some space around it.

    Args:
        window: Less than 90 degrees wide, so that the space around it does not meet itself.
    """
    south, west, north, east = window.bounds
    width, height = arc_width(west, east), north - south
    west -= MARGIN * width
    east = west + (1 + 2 * MARGIN) * width
    south, north = (
        max(south - MARGIN * height, -MERCATOR_MAX_LAT),
        min(north + MARGIN * height, MERCATOR_MAX_LAT),
    )
    # Half a pixel of a 1,000 pixel wide window: finer coasts cannot be seen, and take long to send.
    detail = width / 2000
    land = []
    for country in countries().values():
        for turn in (-360.0, 0.0, 360.0):
            part = shapely.clip_by_rect(country.geometry, west - turn, south, east - turn, north)
            part = shapely.simplify(part, detail)
            if not part.is_empty:
                moved = shapely.transform(part, lambda xy, by=(turn, 0.0): np.round(np.add(xy, by), _DECIMALS))
                land.append(shapely.geometry.mapping(moved))
    return Surroundings(((south, west), (north, east)), tuple(land), _towns(south, west, north, east))


def _towns(south: float, west: float, north: float, east: float) -> tuple[Town, ...]:
    start, end = arc(west, east - west)
    latlon = load_gazetteer().latlon
    rows = _largest(Window(south, start, north, end, (1, 1)).contains(latlon), MOST_TOWNS)
    turned = west + (latlon[rows, 1] - west) % 360.0
    return tuple(
        Town(name, (float(lat), float(lon)))
        for name, lat, lon in zip(_names(rows), latlon[rows, 0], turned, strict=True)
    )


def world_towns() -> str:
    """The largest towns of the Earth as JSON rows ``[name, latitude, longitude]``, by falling population.

    They are shipped as ``assets/web/towns.json``, which ``python -m geoclip_core.maps.surroundings`` writes anew.
    """
    gazetteer = load_gazetteer()
    rows = _largest(np.ones(len(gazetteer), dtype=bool), WORLD_TOWNS)
    points = np.round(gazetteer.latlon[rows], 2).tolist()
    table = [[name, *point] for name, point in zip(_names(rows), points, strict=True)]
    return json.dumps(table, ensure_ascii=False, separators=(",", ":"))


def _largest(inside: npt.NDArray[np.bool_], most: int) -> npt.NDArray[np.int64]:
    gazetteer = load_gazetteer()
    cities = gazetteer.rows_of_kind("city")
    kept = cities[inside[cities]]
    return np.asarray(kept[np.argsort(-gazetteer.population[kept], kind="stable")][:most])


def _names(rows: npt.NDArray[np.int64]) -> list[str]:
    gazetteer = load_gazetteer()
    return [gazetteer.name(int(row)) for row in rows]


if __name__ == "__main__":
    write_text(asset_path("web") / "towns.json", world_towns() + "\n")

"""Countries: their outlines, and which one a point lies in.

The outlines are Natural Earth 1:10m (``training/tables/make_countries.py`` makes the table), accurate to a few
hundred metres. Every code of ISO 3166-1 has one: French Guiana, Svalbard, Greenland, Hong Kong and other territories go
under their own code, as in GeoNames, not under that of the country they belong to.
"""

from __future__ import annotations

import functools
import threading
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from geoclip_core.earth.coordinates import Floats, check_latlon
from geoclip_core.earth.distance import EARTH_RADIUS_KM, great_circle_km
from geoclip_core.earth.projection import mercator_lat_rad, mercator_y_rad
from geoclip_core.errors import CoordinateError
from geoclip_core.files import asset_path

Codes = npt.NDArray[np.str_]

LARGEST_TOLERANCE_KM = 100.0  # beyond, "nearest on the Mercator plane" is no longer nearest on the sphere

_LAST_LAT = 89.5  # where the Mercator plane is cut off; no coast lies beyond
_COAST_STEP_DEG = 0.25  # longer edges are divided: straight on the map is then straight on the sphere to 8 m
_COAST_RUN = 64  # edges per piece of coast in the search tree

_ONE_AT_A_TIME = threading.Lock()
"""Held while prepared outlines and the tree of coasts are asked: GEOS finishes them when they are first used, and two
threads that do so at once crash the process."""


@dataclass(frozen=True, eq=False)
class Country:
    """A country and its outline.

    Args:
        code: ISO 3166-1 alpha-2, or XK for Kosovo.
        name: English name.
        geometry: Shapely MultiPolygon in degrees, longitude first, cut at the antimeridian.
    """

    code: str
    name: str
    geometry: Any


@functools.cache
def countries() -> dict[str, Country]:
    """Every country with an outline, by code; read on first use."""
    import geopandas

    table = geopandas.read_parquet(asset_path("countries.parquet"))
    rows = zip(table["code"], table["name"], table.geometry, strict=True)
    return {code: Country(code, name, geometry) for code, name, geometry in rows}


def country_at(latlon: npt.ArrayLike, tolerance_km: float = 5.0) -> Codes:
    """The country at each point.

    Args:
        latlon: Shape (..., 2), degrees.
        tolerance_km: A point at sea takes the nearest country within this distance, 0 to 100 km.

    Returns:
        Codes of shape (...); ``""`` at sea. On a border, the first code in the alphabet.

    Raises:
        CoordinateError: Not points on Earth, or a tolerance out of range.
    """
    points = check_latlon(latlon)
    if not 0 <= tolerance_km <= LARGEST_TOLERANCE_KM:
        raise CoordinateError(f"The tolerance is {tolerance_km:g} km", allowed=f"0 to {LARGEST_TOLERANCE_KM:g} km")
    flat = points.reshape(-1, 2)
    parts, owners = _parts()
    names: Codes = np.array([*countries(), ""])  # the last stands for the sea
    owner = np.full(len(flat), len(names) - 1)
    # A tree of points, asked by polygon: prepared polygons make the test cheap however long the coast is.
    with _ONE_AT_A_TIME:
        part, point = shapely.STRtree(shapely.points(flat[:, ::-1])).query(parts, predicate="intersects")
    np.minimum.at(owner, point, owners[part])
    at_sea = np.flatnonzero(owner == len(names) - 1)
    if tolerance_km > 0 and len(at_sea):
        owner[at_sea] = _nearest_owner(flat[at_sea], tolerance_km, len(names) - 1)
    return np.asarray(names[owner].reshape(points.shape[:-1]))


@functools.cache
def _parts() -> tuple[npt.NDArray[Any], npt.NDArray[np.int64]]:
    """Single polygons, prepared, and the row of the country that each belongs to."""
    outlines = [country.geometry for country in countries().values()]
    parts, owners = shapely.get_parts(outlines, return_index=True)
    shapely.prepare(parts)
    return parts, owners


@functools.cache
def _coast() -> tuple[Any, npt.NDArray[np.int64]]:
    """Search tree of short pieces of outline on the Mercator plane, and the country's row of each piece."""
    parts, owners = _parts()
    rings, part = shapely.get_rings(shapely.segmentize(parts, _COAST_STEP_DEG), return_index=True)
    plane = _mercator(shapely.get_coordinates(rings)[:, ::-1])
    end = np.cumsum(shapely.get_num_coordinates(rings))
    begin = np.r_[0, end[:-1]]
    starts = [np.arange(first, last, _COAST_RUN) for first, last in zip(begin, end - 1, strict=True)]
    ring = np.repeat(np.arange(len(rings)), [len(run) for run in starts])
    # A piece runs to the start of the next; the last of a ring repeats its end point to fill its row.
    rows = np.concatenate(starts)[:, None] + np.arange(_COAST_RUN + 1)
    lines = shapely.linestrings(plane[np.minimum(rows, end[ring][:, None] - 1)])
    return shapely.STRtree(lines), owners[part[ring]]


def _nearest_owner(points: Floats, tolerance_km: float, nobody: int) -> npt.NDArray[np.int64]:
    """Row of the country whose outline is nearest on the sphere, ``nobody`` beyond the tolerance.

    The Mercator plane keeps angles, so near a point its nearest is the sphere's nearest; it is measured on
    the sphere afterwards. Each point is asked for thrice, a full turn apart, to see across the antimeridian.
    """
    tree, owners = _coast()
    angle = tolerance_km / EARTH_RADIUS_KM
    lat_rad = np.minimum(np.radians(np.abs(points[:, 0])) + angle, np.radians(_LAST_LAT))
    plane = _mercator(points)
    copies = np.concatenate([plane + np.array([turn, 0.0]) for turn in (0.0, -2 * np.pi, 2 * np.pi)])
    asked = shapely.points(copies)
    with _ONE_AT_A_TIME:
        row, piece = tree.query(asked, predicate="dwithin", distance=np.tile(angle / np.cos(lat_rad), 3))
    landfall = shapely.get_coordinates(shapely.shortest_line(asked[row], tree.geometries[piece]))[1::2]
    point = row % len(points)
    found = np.stack([np.degrees(mercator_lat_rad(landfall[:, 1])), np.degrees(landfall[:, 0])], axis=-1)
    km = great_circle_km(points[point], found)
    order = np.lexsort((owners[piece], km))[::-1]
    order = order[km[order] <= tolerance_km]
    nearest = np.full(len(points), nobody)
    nearest[point[order]] = owners[piece[order]]  # farthest first, so that the nearest stays
    return nearest


def _mercator(latlon: Floats) -> Floats:
    """(x, y) on the Mercator plane of the unit sphere, for latitudes within 89.5 degrees."""
    lat_rad = np.radians(np.clip(latlon[:, 0], -_LAST_LAT, _LAST_LAT))
    return np.stack([np.radians(latlon[:, 1]), mercator_y_rad(lat_rad)], axis=-1)

"""What is here: the nearest known place to a point, with distance, direction and country."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from geoclip_core.earth.coordinates import Floats, check_latlon, unit_vectors
from geoclip_core.earth.countries import country_at
from geoclip_core.earth.country_names import country_name
from geoclip_core.earth.distance import EARTH_RADIUS_KM, bearing_deg, chord_to_km, compass_point, great_circle_km
from geoclip_core.places.gazetteer import Place, load_gazetteer

_TOWNS = 24  # nearest towns looked at, so that a quarter does not hide the city it belongs to
_SIGHTS = 24  # nearest parts of landmarks looked at
_LARGEST_SIGHT_KM = 30.0  # a larger one (a national park, an ocean) says less than the nearest town
_HERE_KM = 1.0  # a town this near is where one is, whatever its size
_COAST_KM = 5.0  # outside every country by less than this is the coast, not the sea


@dataclass(frozen=True)
class NearbyPlace:
    """A place and where a point lies, seen from it.

    Args:
        place: The place.
        distance_km: From its centre to the point; 0 where the point lies within its extent.
        direction: Compass point in which the point lies, such as "NE"; empty within its extent.
        country_code: ISO 3166-1 alpha-2 of the place, or of the point itself where the place lies in several countries
            or none; empty at sea.
        country_name: English name of that country, empty at sea.
    """

    place: Place
    distance_km: float
    direction: str
    country_code: str
    country_name: str

    @property
    def name(self) -> str:
        """In words, such as "Giza, Egypt", "12 km NE of Siwa, Egypt" or "340 km W of Horta (at sea)"."""
        near = self.place.name
        if self.direction:
            near = f"{max(1, round(self.distance_km))} km {self.direction} of {near}"
        if not self.country_code:
            return near if not self.direction else f"{near} (at sea)"
        return near if self.country_name == self.place.name else f"{near}, {self.country_name}"


def nearest_places(latlon: npt.ArrayLike, radius_km: npt.ArrayLike = 0.0) -> list[NearbyPlace]:
    """The place that best says where each point is.

    Of the landmarks and the city that hold the point, the smallest that is not much smaller than the point is
    uncertain; where nothing holds it, the nearest town.

    Args:
        latlon: Shape (n, 2), degrees.
        radius_km: Shape (n,) or a number: how uncertain each point is. A landmark of less than half of that
            says too much.

    Returns:
        One record per point.

    Raises:
        CoordinateError: Not points on Earth.
    """
    points = check_latlon(latlon).reshape(-1, 2)
    if not len(points):
        return []
    codes = country_at(points, tolerance_km=_COAST_KM)
    rows = _rows(points, np.broadcast_to(np.asarray(radius_km, np.float64), len(points)))
    gazetteer = load_gazetteer()
    records = []
    for point, row, code in zip(points, rows, codes, strict=True):
        place = gazetteer.place(int(row))
        parts = np.array(place.parts)
        away = great_circle_km(parts[:, :2], point)
        nearest = int(away.argmin())
        within = bool((away <= np.maximum(parts[:, 2], _HERE_KM)).any())
        direction = "" if within else compass_point(float(bearing_deg(parts[nearest, :2], point)))
        # At a border, and where the outline is coarse, the place's own country is the right one.
        at_sea = bool(direction) and not code
        owner = "" if at_sea else place.country_code or str(code)
        name = country_name(owner) if owner else ""
        records.append(NearbyPlace(place, 0.0 if within else float(away[nearest]), direction, owner, name))
    return records


def _rows(points: Floats, radius_km: Floats) -> npt.NDArray[np.int64]:
    """Gazetteer row of the best place for each point."""
    gazetteer = load_gazetteer()
    towns, town_rows, sights, sight_rows, sight_km = _trees()
    vectors = unit_vectors(points)
    chord, near = towns.query(vectors, k=_TOWNS)
    city_rows = town_rows[near]
    inside = chord_to_km(chord) <= gazetteer.extent_km[city_rows]
    people = np.where(inside, gazetteer.population[city_rows], -1)
    largest = np.take_along_axis(city_rows, people.argmax(axis=1)[:, None], axis=1)[:, 0]
    in_city = inside.any(axis=1)
    best = np.where(in_city, largest, city_rows[:, 0])

    chord, near = sights.query(vectors, k=_SIGHTS, distance_upper_bound=_LARGEST_SIGHT_KM / EARTH_RADIUS_KM)
    found = np.isfinite(chord)
    near = np.where(found, near, 0)
    inside = found & (chord_to_km(np.where(found, chord, 0.0)) <= sight_km[near])
    inside &= sight_km[near] >= radius_km[:, None] / 2
    inside &= ~in_city[:, None] | (sight_km[near] <= gazetteer.extent_km[best][:, None])
    extent = np.where(inside, sight_km[near], np.inf)
    smallest = np.take_along_axis(sight_rows[near], extent.argmin(axis=1)[:, None], axis=1)[:, 0]
    return np.where(inside.any(axis=1), smallest, best)


@cache
def _trees() -> tuple[Any, npt.NDArray[np.int64], Any, npt.NDArray[np.int64], Floats]:
    """Search trees over towns, with their rows, and over the parts of landmarks, with their rows and radii."""
    from scipy.spatial import cKDTree

    gazetteer = load_gazetteer()
    town_rows = gazetteer.rows_of_kind("city")
    towns = cKDTree(unit_vectors(gazetteer.latlon[town_rows]))
    broad = {"city", "country", "region", "landscape", "historical region", "macro region", "sea", "ocean", "strait"}
    broad |= {"aerodrome"}  # known by its code, not as a sight
    broad |= {"river", "road", "railway", "canal", "pipeline"}  # a disk of it says little about any point in it
    parts = [
        (int(row), lat, lon, extent)
        for row in gazetteer.rows_of_kind(*(kind for kind in gazetteer.kinds if kind not in broad))
        for lat, lon, extent in gazetteer.parts(int(row))
        if extent <= _LARGEST_SIGHT_KM
    ]
    rows, lat, lon, extent = (np.array(column) for column in zip(*parts, strict=True))
    return towns, town_rows, cKDTree(unit_vectors(np.stack([lat, lon], axis=-1))), rows, extent

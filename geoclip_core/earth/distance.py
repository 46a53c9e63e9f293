"""Distances, bearings and walks on a sphere of Earth's mean radius, in float64."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geoclip_core.earth.coordinates import Floats, check_latlon, unit_vectors, wrap_longitude
from geoclip_core.errors import CoordinateError

EARTH_RADIUS_KM = 6371.0088  # mean radius R1 of the WGS 84 ellipsoid; Moritz, Geodetic Reference System 1980
HALF_TURN_KM = float(np.pi * EARTH_RADIUS_KM)  # the longest distance there is

_COMPASS = ("N", "NE", "E", "SE", "S", "SW", "W", "NW")
_GOLDEN_ANGLE_DEG = 180.0 * (3.0 - 5.0**0.5)  # Vogel 1979, A better way to construct the sunflower head


def great_circle_km(a: npt.ArrayLike, b: npt.ArrayLike) -> Floats:
    """Distance between points, pair by pair.

    ``great_circle_km(a[:, None], b)`` is the whole matrix.

    Args:
        a: latlon of shape (..., 2).
        b: latlon of shape (..., 2), broadcast against ``a``.

    Returns:
        Kilometres, float64, of the broadcast shape without the last axis. Accurate to a nanometre for
        neighbours and for antipodes alike.

    Raises:
        CoordinateError: Not points on Earth.
    """
    return EARTH_RADIUS_KM * _angles_rad(unit_vectors(a), unit_vectors(b))


def chord_to_km(chord: npt.ArrayLike) -> Floats:
    """Distance along the sphere between points whose unit vectors lie a straight line of this length apart.

    Args:
        chord: Length of the straight line on the unit sphere, 0 to 2 (rounding beyond 2 is cut off), any shape.

    Returns:
        Kilometres, float64 of the same shape.
    """
    return np.asarray(2.0 * EARTH_RADIUS_KM * np.arcsin(np.clip(np.asarray(chord) / 2.0, 0.0, 1.0)))


def _angles_rad(u: Floats, v: Floats) -> Floats:
    """Angle between unit vectors as 2 atan2(|u - v|, |u + v|) (Kahan), well conditioned everywhere."""
    # Axis by axis: a third of the memory that the differences of whole vectors would take.
    apart = sum((u[..., axis] - v[..., axis]) ** 2 for axis in range(3))
    along = sum((u[..., axis] + v[..., axis]) ** 2 for axis in range(3))
    return np.asarray(2.0 * np.arctan2(np.sqrt(apart), np.sqrt(along)))


def tangents(latlon: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Unit vectors pointing east and north at each point; at a pole, as seen along the given longitude.

    Args:
        latlon: Shape (..., 2), degrees.

    Returns:
        (east, north), each float64 of shape (..., 3).
    """
    angles = np.radians(check_latlon(latlon))
    sin_lat, cos_lat = np.sin(angles[..., 0]), np.cos(angles[..., 0])
    sin_lon, cos_lon = np.sin(angles[..., 1]), np.cos(angles[..., 1])
    east = np.stack([-sin_lon, cos_lon, np.zeros_like(sin_lon)], axis=-1)
    north = np.stack([-sin_lat * cos_lon, -sin_lat * sin_lon, cos_lat], axis=-1)
    return east, north


def destination(latlon: npt.ArrayLike, bearing_deg: npt.ArrayLike, distance_km: npt.ArrayLike) -> Floats:
    """Where one arrives by walking straight ahead.

    Args:
        latlon: Shape (..., 2), degrees.
        bearing_deg: Clockwise from north, broadcast against the points.
        distance_km: Broadcast against the points.

    Returns:
        float64 latlon of the broadcast shape.
    """
    start = check_latlon(latlon)
    lat_rad = np.radians(start[..., 0])
    bearing_rad = np.radians(np.asarray(bearing_deg, dtype=np.float64))
    angle_rad = np.asarray(distance_km, dtype=np.float64) / EARTH_RADIUS_KM
    ahead, forth = np.cos(angle_rad), np.sin(angle_rad)
    # Axis by axis, as seen from the start's meridian: x from Earth's middle towards it, y east, z north.
    north, east = np.cos(bearing_rad) * forth, np.sin(bearing_rad) * forth
    x = np.cos(lat_rad) * ahead - np.sin(lat_rad) * north
    z = np.sin(lat_rad) * ahead + np.cos(lat_rad) * north
    lat = np.degrees(np.arctan2(z, np.sqrt(x * x + east * east)))
    lon = wrap_longitude(start[..., 1] + np.degrees(np.arctan2(east, x)))
    return np.stack(np.broadcast_arrays(lat, lon), axis=-1)


def bearing_deg(a: npt.ArrayLike, b: npt.ArrayLike) -> Floats:
    """Initial bearing from ``a`` to ``b``, degrees clockwise from north in [0, 360), broadcast."""
    east, north = tangents(a)
    target = unit_vectors(b)
    bearing = np.degrees(np.arctan2((east * target).sum(-1), (north * target).sum(-1))) % 360.0
    return np.where(bearing >= 360.0, 0.0, bearing)  # the remainder of -1e-20 rounds up to 360


def compass_point(bearing_deg: float) -> str:
    """The nearest of the eight compass points, such as ``"NE"`` for 50 degrees."""
    return _COMPASS[int(np.floor((bearing_deg % 360.0) / 45.0 + 0.5)) % 8]


def disk_points(latlon: npt.ArrayLike, radius_km: float, n: int) -> Floats:
    """Points that stand for equal areas of a spherical cap, laid out like sunflower seeds.

    Args:
        latlon: The centre, shape (2,).
        radius_km: Radius of the cap, in [0, 20015.1].
        n: How many points, 1 or more.

    Returns:
        float64 of shape (n, 2); the first is the centre itself, the farther ones come later.

    Raises:
        CoordinateError: Not a point on Earth, or a radius or number out of range.
    """
    if n < 1:
        raise CoordinateError(f"{n} points were asked for", allowed="1 or more")
    if not 0 <= radius_km <= HALF_TURN_KM:
        raise CoordinateError(f"The radius is {radius_km:g} km", allowed=f"0 to {HALF_TURN_KM:.1f} km")
    seeds = np.arange(n, dtype=np.float64)
    share = np.where(seeds == 0, 0.0, (seeds + 0.5) / n)  # of the cap's area that lies nearer the centre
    angle_rad = 2.0 * np.arcsin(np.sqrt(share) * np.sin(radius_km / EARTH_RADIUS_KM / 2.0))
    centre = check_latlon(latlon).reshape(2)
    points = destination(centre, seeds * _GOLDEN_ANGLE_DEG, angle_rad * EARTH_RADIUS_KM)
    points[0] = centre
    return points

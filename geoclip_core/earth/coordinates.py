"""Points on the sphere: checking, wrapping and unit vectors.

Everywhere in this package ``latlon`` is an array of shape (..., 2) in degrees, latitude first, latitude in
[-90, 90] and longitude in [-180, 180).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geoclip_core.errors import CoordinateError

Floats = npt.NDArray[np.float64]

_ALLOWED = "latitude first in [-90, 90], then longitude in [-180, 360], both finite"


def check_latlon(latlon: npt.ArrayLike, *, name: str = "latlon") -> Floats:
    """Read coordinates from outside, or say exactly what is wrong with them.

    Args:
        latlon: Anything numpy reads as shape (..., 2): degrees, latitude first. Longitudes in [-180, 360]
            are accepted.
        name: What the caller calls the argument, for the message.

    Returns:
        float64 array of the same shape, longitude wrapped to [-180, 180). Values already in range keep
        every bit.

    Raises:
        CoordinateError: Wrong shape, not numbers, NaN or infinite, or out of range; the message names the
            first bad row, and says so when the two columns look swapped.
    """
    try:
        points = np.asarray(latlon, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise CoordinateError(f"{name} holds something that is not a number ({error})", allowed=_ALLOWED) from error
    if points.ndim == 0 or points.shape[-1] != 2:
        raise CoordinateError(f"{name} has shape {points.shape}", allowed="shape (..., 2), latitude first")
    lat, lon = points[..., 0], points[..., 1]
    good_lat = np.abs(lat) <= 90
    good = good_lat & (lon >= -180) & (lon <= 360)  # False for NaN, too
    if not good.all():
        row = tuple(int(i) for i in np.argwhere(~good)[0])
        where = f"{name} row {row[0] if len(row) == 1 else row}" if row else name
        swapped = bool(not good_lat.all() and np.all((np.abs(lon) <= 90) & (lat >= -180) & (lat <= 360)))
        raise CoordinateError(
            f"{where} is ({lat[row]:g}, {lon[row]:g}), which is not a point on Earth"
            + ("; the columns look swapped" if swapped else ""),
            allowed=_ALLOWED,
            hint="swap the columns: latitude goes first" if swapped else None,
        )
    checked = np.array(points, order="C")
    if not (lon < 180).all():
        checked[..., 1] = wrap_longitude(lon)
    return checked


def wrap_longitude(lon: npt.ArrayLike) -> Floats:
    """Bring longitudes of any size, in degrees, to [-180, 180); values in range are returned unchanged."""
    given = np.array(lon, dtype=np.float64)
    beyond = ~((given >= -180.0) & (given < 180.0))
    if beyond.any():  # seldom, and the remainder takes its time
        wrapped = np.mod(given[beyond] + 180.0, 360.0) - 180.0
        given[beyond] = np.where(wrapped >= 180.0, -180.0, wrapped)  # the remainder of -1e-20 rounds up to 360
    return given


def unit_vectors(latlon: npt.ArrayLike) -> Floats:
    """Points as unit vectors: x towards (0, 0), y towards (0, 90), z towards the north pole.

    Args:
        latlon: Shape (..., 2), degrees.

    Returns:
        float64 of shape (..., 3).

    Raises:
        CoordinateError: Not points on Earth.
    """
    angles = np.radians(check_latlon(latlon))
    cosines, sines = np.cos(angles), np.sin(angles)
    vectors = np.empty((*angles.shape[:-1], 3))
    np.multiply(cosines[..., 0], cosines[..., 1], out=vectors[..., 0])
    np.multiply(cosines[..., 0], sines[..., 1], out=vectors[..., 1])
    vectors[..., 2] = sines[..., 0]
    return vectors


def from_unit_vectors(vectors: npt.ArrayLike) -> Floats:
    """The inverse of :func:`unit_vectors`; the length of the vectors does not matter.

    Args:
        vectors: Shape (..., 3), each longer than zero.

    Returns:
        float64 latlon of shape (..., 2).
    """
    v = np.asarray(vectors, dtype=np.float64)
    lat = np.degrees(np.arctan2(v[..., 2], np.hypot(v[..., 0], v[..., 1])))
    lon = np.degrees(np.arctan2(v[..., 1], v[..., 0]))
    return np.stack([lat, wrap_longitude(lon)], axis=-1)

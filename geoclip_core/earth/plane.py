"""The azimuthal equidistant plane: kilometres east and north of a centre, right at the poles as well."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geoclip_core.earth.arcs import arc
from geoclip_core.earth.coordinates import Floats, from_unit_vectors, unit_vectors, wrap_longitude
from geoclip_core.earth.distance import EARTH_RADIUS_KM, HALF_TURN_KM, tangents

_EDGE_SAMPLES = 1025  # odd: holds both corners and the middle of an edge


def to_plane_km(centre: npt.ArrayLike, latlon: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Project points; distance and direction from the centre are true (Snyder 1987, equations 22-4, 25-2).

    Args:
        centre: latlon of shape (2,).
        latlon: Shape (..., 2), degrees. The antipode of the centre is a circle on the plane; it lands on
            its eastern end.

    Returns:
        (x_km east, y_km north), each float64 of shape (...).
    """
    vectors = unit_vectors(latlon)
    east, north = tangents(centre)
    x, y, z = vectors @ east, vectors @ north, vectors @ unit_vectors(centre)
    sine = np.hypot(x, y)
    stretch = EARTH_RADIUS_KM * np.divide(np.arctan2(sine, z), sine, out=np.ones_like(sine), where=sine > 0)
    antipode = (sine == 0) & (z < 0)
    return np.where(antipode, HALF_TURN_KM, stretch * x), stretch * y


def from_plane_km(centre: npt.ArrayLike, x_km: npt.ArrayLike, y_km: npt.ArrayLike) -> Floats:
    """The inverse of :func:`to_plane_km`: float64 latlon of shape (..., 2)."""
    x, y = np.asarray(x_km, dtype=np.float64), np.asarray(y_km, dtype=np.float64)
    east, north = tangents(centre)
    angle_rad = np.hypot(x, y) / EARTH_RADIUS_KM
    shrink = plane_scale(x, y) / EARTH_RADIUS_KM
    return from_unit_vectors(
        np.cos(angle_rad)[..., None] * unit_vectors(centre)
        + (shrink * x)[..., None] * east
        + (shrink * y)[..., None] * north
    )


def plane_scale(x_km: npt.ArrayLike, y_km: npt.ArrayLike) -> Floats:
    """Square kilometres on the sphere per square kilometre of the plane: sin(angle) / angle, at most 1."""
    return np.asarray(np.sinc(np.hypot(x_km, y_km) / HALF_TURN_KM))


def square_bounds(centre: tuple[float, float], side_km: float) -> tuple[float, float, float, float]:
    """The smallest box of latitudes and longitudes that covers a square of the plane.

    Args:
        centre: Latitude and longitude of the middle, degrees.
        side_km: Side of the square.

    Returns:
        (south, west, north, east) in degrees; around a pole west is -180 and east 180, elsewhere
        ``west > east`` crosses the antimeridian.
    """
    half = side_km / 2
    along, edge = np.linspace(-half, half, _EDGE_SAMPLES), np.full(_EDGE_SAMPLES, half)
    rim = from_plane_km(
        centre, np.concatenate([along, along, edge, -edge]), np.concatenate([edge, -edge, along, along])
    )
    has_north = (90.0 - centre[0]) / 180.0 * HALF_TURN_KM <= half
    has_south = (90.0 + centre[0]) / 180.0 * HALF_TURN_KM <= half
    south = -90.0 if has_south else float(rim[:, 0].min())
    north = 90.0 if has_north else float(rim[:, 0].max())
    if has_north or has_south:
        return south, -180.0, north, 180.0
    turn = wrap_longitude(rim[:, 1] - centre[1])  # without a pole inside, less than half a turn away
    west, east = arc(centre[1] + float(turn.min()), float(turn.max() - turn.min()))
    return south, west, north, east

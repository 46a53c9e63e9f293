"""Great-circle lines for maps: the shortest way between two points, cut where it crosses the antimeridian."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geoclip_core.earth.coordinates import Floats, check_latlon
from geoclip_core.earth.distance import bearing_deg, destination, great_circle_km

STEP_KM = 100.0
_ROUNDING_DEG = 1e-9


def great_circle_line(a: npt.ArrayLike, b: npt.ArrayLike, step_km: float = STEP_KM) -> tuple[Floats, ...]:
    """The shortest way from one point to another.

    Args:
        a: latlon of shape (2,), degrees.
        b: latlon of shape (2,). Of the many ways to the antipode it is one of them.
        step_km: Largest distance between neighbouring points of the line.

    Returns:
        One array of shape (n, 2) in degrees, latitude first, or two of them where the line crosses the
        antimeridian: the first ends at longitude +-180 and the second starts at -+180, on the same latitude.

    Raises:
        CoordinateError: Not points on Earth.
    """
    start, end = check_latlon(a).reshape(2), check_latlon(b).reshape(2)
    length_km = float(great_circle_km(start, end))
    away_km = np.linspace(0.0, length_km, max(1, int(np.ceil(length_km / step_km))) + 1)
    line = destination(start, float(bearing_deg(start, end)), away_km)
    line[0], line[-1] = start, end
    line[:, 1] = np.unwrap(line[:, 1], period=360.0)
    side = 180.0 if line[-1, 1] > 0 else -180.0
    beyond = line[:, 1] * np.sign(side) > 180.0 + _ROUNDING_DEG
    if not beyond.any():
        line[:, 1] = np.clip(line[:, 1], -180.0, 180.0)
        return (line,)
    at = int(beyond.argmax())
    before, after = line[at - 1], line[at]
    lat = before[0] + (after[0] - before[0]) * (side - before[1]) / (after[1] - before[1])
    rest = line[at:] - np.array([0.0, 2 * side])
    parts = np.concatenate([line[:at], [[lat, side]]]), np.concatenate([[[lat, -side]], rest])
    return tuple(part for part in parts if np.ptp(part, axis=0).max() > _ROUNDING_DEG)

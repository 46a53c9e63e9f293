"""The Equal Earth map projection and its inverse on the unit sphere, in float64.

Šavrič, Patterson and Jenny 2019, "The Equal Earth map projection", International Journal of Geographical
Information Science 33(3), equations 7 (forward) and the Newton iteration that follows it (inverse).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geoclip_core.earth.coordinates import Floats, check_latlon, wrap_longitude
from geoclip_core.errors import CoordinateError

X_MAX = 2.7066300  # the equator's end, in Earth radii
Y_MAX = 1.3173628  # the pole line

_A1, _A2, _A3, _A4 = 1.340264, -0.081106, 0.000893, 0.003796  # table 1 of the paper
_M = 3.0**0.5 / 2.0
_STEPS = 12  # Newton converges to the last bit in 6 to 8
_ROUNDING = 1e-7  # the printed digits of X_MAX and Y_MAX


def to_equal_earth(latlon: npt.ArrayLike) -> Floats:
    """Project points.

    Args:
        latlon: Shape (..., 2), degrees.

    Returns:
        float64 of shape (..., 2): x in [-2.7066300, 2.7066300], y in [-1.3173628, 1.3173628], in Earth
        radii. Areas on the map equal areas on the unit sphere.

    Raises:
        CoordinateError: Not points on Earth.
    """
    points = np.radians(check_latlon(latlon))
    theta = np.arcsin(_M * np.sin(points[..., 0]))
    x = points[..., 1] * np.cos(theta) / (_M * _slope(theta))
    return np.stack([x, _height(theta)], axis=-1)


def from_equal_earth(xy: npt.ArrayLike) -> Floats:
    """The inverse of :func:`to_equal_earth`.

    Args:
        xy: Shape (..., 2), in Earth radii, x first.

    Returns:
        float64 latlon of shape (..., 2), degrees.

    Raises:
        CoordinateError: A point beside the map.
    """
    points = np.asarray(xy, dtype=np.float64)
    if points.ndim == 0 or points.shape[-1] != 2:
        raise CoordinateError(f"xy has shape {points.shape}", allowed="shape (..., 2), x first")
    x, y = points[..., 0], points[..., 1]
    theta = y / _A1
    for _ in range(_STEPS):
        theta = np.clip(theta - (_height(theta) - y) / _slope(theta), -np.pi / 3, np.pi / 3)
    lat_rad = np.arcsin(np.clip(np.sin(theta) / _M, -1.0, 1.0))
    lon_rad = x * _M * _slope(theta) / np.cos(theta)
    on_map = (np.abs(y) <= Y_MAX + _ROUNDING) & (np.abs(lon_rad) <= np.pi + _ROUNDING)
    if not on_map.all():
        bad = points[~on_map][0]
        raise CoordinateError(
            f"({bad[0]:g}, {bad[1]:g}) lies beside the map",
            allowed=f"|x| up to {X_MAX} on the equator and less beyond it, |y| up to {Y_MAX}",
        )
    return np.stack([np.degrees(lat_rad), wrap_longitude(np.degrees(lon_rad))], axis=-1)


def _height(theta: Floats) -> Floats:
    square = theta * theta
    return theta * (_A1 + square * (_A2 + square**2 * (_A3 + square * _A4)))


def _slope(theta: Floats) -> Floats:
    """The derivative of :func:`_height`."""
    square = theta * theta
    return _A1 + square * (3 * _A2 + square**2 * (7 * _A3 + square * 9 * _A4))

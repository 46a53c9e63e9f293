"""Von Mises-Fisher kernels: the normal distribution of the sphere, with which points become densities."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geoclip_core.earth.coordinates import Floats
from geoclip_core.earth.distance import EARTH_RADIUS_KM
from geoclip_core.rivals.contract import LOG_SPHERE

_FLAT = 1e-8  # concentrations below are the uniform density, to rounding
_KERNELS = 1_000_000  # at a time: 8 MB


def concentration(width_km: float) -> float:
    """Concentration of a kernel whose standard deviation along each axis is a length: 1 / (its angle)^2."""
    return (EARTH_RADIUS_KM / width_km) ** 2


def log_kernel(cosines: Floats, kappa: npt.ArrayLike) -> Floats:
    """Logarithm of the von Mises-Fisher density on the sphere (Fisher 1953), per steradian.

    ``kappa / (2 pi (1 - exp(-2 kappa))) exp(kappa (cos - 1))``, which for kappa = 0 is the uniform 1 / (4 pi).

    Args:
        cosines: Of the angle between point and centre, any shape, float64.
        kappa: Concentration, 0 or more, broadcast against it.
    """
    k = np.asarray(kappa, dtype=np.float64)
    sharp = np.maximum(k, _FLAT)
    log_scale = np.where(k > _FLAT, np.log(sharp / (2 * np.pi * -np.expm1(-2 * sharp))), -LOG_SPHERE)
    return np.asarray(log_scale + k * (np.minimum(cosines, 1.0) - 1))


def log_mixture(weights: Floats, centres: Floats, kappa: npt.ArrayLike, points: Floats) -> Floats:
    """Logarithm of a mixture of kernels around centres that all photos share.

    Args:
        weights: (m, k), each row sums to 1.
        centres: (k, 3) unit vectors.
        kappa: A number or (k,).
        points: (p, 3) unit vectors.

    Returns:
        (m, p); -inf where the density is too small for a float64.
    """
    step = max(1, _KERNELS // len(centres))
    found = np.empty((len(weights), len(points)))
    with np.errstate(divide="ignore"):
        for first in range(0, len(points), step):
            kernels = np.exp(log_kernel(points[first : first + step] @ centres.T, kappa))
            found[:, first : first + step] = np.log(weights @ kernels.T)
    return found

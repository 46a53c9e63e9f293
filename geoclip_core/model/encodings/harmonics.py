"""Spherical harmonics: the waves of the sphere itself, without seam or poles (Russwurm et al., ICLR 2024)."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from geoclip_core.model.encodings.encoding import PositionEncoding, exact, lonlat_rad

_MOST_DEGREES = 100  # float64 recurrences are exact to 1e-12 far beyond this; 10,000 numbers are enough


class SphericalHarmonics(PositionEncoding):
    """Real, orthonormal ``Y_lm`` for ``l < L``: L^2 numbers, in the order l = 0 .. L-1, m = -l .. l.

    ``Y_lm = sqrt(2) P_lm(cos t) cos(m p)`` for m > 0, ``sqrt(2) P_l|m|(cos t) sin(|m| p)`` for m < 0, and
    ``P_l0(cos t)`` for m = 0, with fully normalised Legendre functions that hold the factor (-1)^m, polar angle
    t = lat + 90 degrees and azimuth p = lon + 180 degrees, as in the code of SatCLIP.

    Args:
        degrees: L; SatCLIP has 10 and 40, TorchSpatial 8.

    Raises:
        ValueError: L is below 1 or above 100.
    """

    def __init__(self, degrees: int = 10) -> None:
        if not 1 <= degrees <= _MOST_DEGREES:
            raise ValueError(f"degrees={degrees} is not between 1 and {_MOST_DEGREES}")
        super().__init__(degrees**2)
        self.degrees = degrees

    def encode(self, latlon: Tensor) -> Tensor:
        """(n, L^2) of points (n, 2) in degrees, computed in float64 where the device has it."""
        lon, lat = lonlat_rad(exact(latlon))
        legendre = normalised_legendre(-lat.sin(), lat.cos(), self.degrees)
        columns: list[Tensor] = []
        for degree in range(self.degrees):
            for order in range(-degree, degree + 1):
                column, azimuth = legendre[degree][abs(order)], abs(order) * (lon + math.pi)
                if order:
                    column = math.sqrt(2.0) * column * (azimuth.cos() if order > 0 else azimuth.sin())
                columns.append(column)
        return torch.stack(columns, dim=1).to(torch.float32)


def normalised_legendre(cosine: Tensor, sine: Tensor, degrees: int) -> list[list[Tensor]]:
    """Associated Legendre functions P_lm for 0 <= m <= l < L with the norm of the spherical harmonics.

    By the recurrence in l at fixed m, which is stable (Holmes and Featherstone 2002, eq. 11).

    Args:
        cosine: (n,) of the polar angle.
        sine: (n,) of it, at least 0.
        degrees: L.

    Returns:
        L lists; number l holds P_l0 .. P_ll, each (n,).
    """
    found: list[list[Tensor]] = [[] for _ in range(degrees)]
    diagonal = torch.full_like(cosine, math.sqrt(1.0 / (4.0 * math.pi)))
    for order in range(degrees):
        if order:
            diagonal = -math.sqrt((2 * order + 1) / (2 * order)) * sine * diagonal
        before, now = torch.zeros_like(cosine), diagonal
        found[order].append(now)
        for degree in range(order + 1, degrees):
            a = math.sqrt((4 * degree**2 - 1) / (degree**2 - order**2))
            b = math.sqrt(((degree - 1) ** 2 - order**2) / (4 * (degree - 1) ** 2 - 1))
            before, now = now, a * (cosine * now - b * before)
            found[degree].append(now)
    return found

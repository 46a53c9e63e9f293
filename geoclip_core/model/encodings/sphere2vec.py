"""Sphere2Vec's encodings (Mai et al., ISPRS 2023) and the double Fourier series that they are compared with.

All act on radians, with ``lat_k = f_k lat`` and ``lon_k = f_k lon`` (the order of TorchSpatial's code). Where an
``f_k`` is no whole number, ``sin(f_k lon)`` jumps at the antimeridian, in the published code too; ``whole=True`` rounds
the frequencies of longitude to whole numbers, which closes the seam and is not in the paper.
"""

from __future__ import annotations

import torch
from torch import Tensor

from geoclip_core.model.encodings.encoding import PositionEncoding, geometric_frequencies, lonlat_rad


class _OnSphere(PositionEncoding):
    """Sines and cosines of both angles at all frequencies, which the formulas below combine.

    Args:
        frequencies: F.
        shortest: r_min, so that the largest frequency is 1 / r_min.
        longest: r_max; 1 keeps the plain point of the sphere among the terms.
        whole: Round the frequencies of longitude to whole numbers, at least 1.
    """

    per_frequency: int
    f: Tensor
    f_lon: Tensor

    def __init__(
        self, frequencies: int = 16, shortest: float = 0.01, longest: float = 1.0, whole: bool = False
    ) -> None:
        super().__init__(self.per_frequency * frequencies)
        f = geometric_frequencies(frequencies, shortest, longest)
        lon = f.round().clamp(min=1) if whole else f
        self.seam = bool((lon != lon.round()).any())
        self.register_buffer("f", f.float(), persistent=False)
        self.register_buffer("f_lon", lon.float(), persistent=False)

    def waves(self, latlon: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """``sin lat_k, cos lat_k, sin lon_k, cos lon_k``, each (n, F)."""
        lon, lat = lonlat_rad(latlon)
        lat_k, lon_k = lat[:, None] * self.f, lon[:, None] * self.f_lon
        return lat_k.sin(), lat_k.cos(), lon_k.sin(), lon_k.cos()


class SphereC(_OnSphere):
    """``sin lat_k, cos lat_k cos lon_k, cos lat_k sin lon_k``: 3 F numbers (sphereC, eq. 6)."""

    per_frequency = 3

    def encode(self, latlon: Tensor) -> Tensor:
        """(n, 3 F) of points (n, 2) in degrees."""
        sin_lat, cos_lat, sin_lon, cos_lon = self.waves(latlon)
        return torch.cat((sin_lat, cos_lat * cos_lon, cos_lat * sin_lon), dim=1)


class SphereCPlus(_OnSphere):
    """sphereC and grid: ``sin lat_k, cos lat_k, sin lon_k, cos lon_k`` and the two products: 6 F numbers (sphereC+)."""

    per_frequency = 6

    def encode(self, latlon: Tensor) -> Tensor:
        """(n, 6 F) of points (n, 2) in degrees."""
        sin_lat, cos_lat, sin_lon, cos_lon = self.waves(latlon)
        return torch.cat((sin_lat, cos_lat, sin_lon, cos_lon, cos_lat * cos_lon, cos_lat * sin_lon), dim=1)


class SphereM(_OnSphere):
    """``sin lat_k, cos lat_k cos lon, cos lat cos lon_k, cos lat_k sin lon, cos lat sin lon_k``: 5 F numbers (sphereM).

    One factor of each product is always at scale 1.
    """

    per_frequency = 5

    def encode(self, latlon: Tensor) -> Tensor:
        """(n, 5 F) of points (n, 2) in degrees."""
        sin_lat, cos_lat, sin_lon, cos_lon = self.waves(latlon)
        lon, lat = (angle[:, None] for angle in lonlat_rad(latlon))
        products = (cos_lat * lon.cos(), lat.cos() * cos_lon, cos_lat * lon.sin(), lat.cos() * sin_lon)
        return torch.cat((sin_lat, *products), dim=1)


class SphereMPlus(_OnSphere):
    """sphereM and what grid adds to it: ``cos lat_k, sin lon_k, cos lon_k``: 8 F numbers (sphereM+)."""

    per_frequency = 8

    def encode(self, latlon: Tensor) -> Tensor:
        """(n, 8 F) of points (n, 2) in degrees."""
        _, cos_lat, sin_lon, cos_lon = self.waves(latlon)
        return torch.cat((SphereM.encode(self, latlon), cos_lat, sin_lon, cos_lon), dim=1)  # type: ignore[arg-type]


class DoubleFourier(_OnSphere):
    """``sin`` and ``cos`` of both angles and all their products: 4 F + 4 F^2 numbers (dfs; Orszag 1974).

    TorchSpatial takes ``f_k = r_max^(-k / (F - 1))``, from 1 downwards, so the defaults do.

    Args:
        frequencies: F.
        shortest: r_min.
        longest: r_max.
        whole: Round the frequencies of longitude to whole numbers, at least 1.
    """

    per_frequency = 4

    def __init__(
        self, frequencies: int = 8, shortest: float = 1.0, longest: float = 360.0, whole: bool = False
    ) -> None:
        super().__init__(frequencies, shortest, longest, whole)
        self.dim = 4 * frequencies + 4 * frequencies**2

    def encode(self, latlon: Tensor) -> Tensor:
        """(n, 4 F + 4 F^2) of points (n, 2) in degrees."""
        sin_lat, cos_lat, sin_lon, cos_lon = self.waves(latlon)
        lat, lon = torch.cat((sin_lat, cos_lat), dim=1), torch.cat((sin_lon, cos_lon), dim=1)
        return torch.cat((lat, lon, (lat[:, :, None] * lon[:, None, :]).flatten(1)), dim=1)

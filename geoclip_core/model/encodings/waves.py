"""Encodings made of random waves, of octaves in space, and of distances to anchors."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from geoclip_core.model.encodings.encoding import PositionEncoding, exact, fibonacci_lattice
from geoclip_core.model.encodings.plane import unit_vectors
from geoclip_core.model.fourier import FourierFeatures, check_sigmas
from geoclip_core.model.location_encoder import PAPER_SIGMAS

_EXACT = "donot_use_mm_for_euclid_dist"  # the other way loses short distances to rounding
_MOST_OCTAVES = 16  # 2^16 pi is what float32 still holds to a hundredth of a radian


class Nerf(PositionEncoding):
    """``sin`` and ``cos`` of ``2^k pi (x, y, z)`` of the unit vector: 6 F numbers (Mildenhall et al. 2020, eq. 4).

    All waves have a period of 2, so both ends of an axis, such as the two poles, are one point to this formula.

    Args:
        frequencies: F, octaves; at most 16.

    Raises:
        ValueError: There are no octaves, or more than float32 can hold.
    """

    f: Tensor

    def __init__(self, frequencies: int = 10) -> None:
        if not 1 <= frequencies <= _MOST_OCTAVES:
            raise ValueError(f"frequencies={frequencies} is not between 1 and {_MOST_OCTAVES}")
        super().__init__(6 * frequencies)
        self.register_buffer("f", math.pi * 2.0 ** torch.arange(frequencies), persistent=False)

    def encode(self, latlon: Tensor) -> Tensor:
        """(n, 6 F): sines of each axis at all octaves, then the cosines."""
        phase = (unit_vectors(latlon)[:, :, None] * self.f).flatten(1)
        return torch.cat((phase.sin(), phase.cos()), dim=1).to(torch.float32)


class Rbf(PositionEncoding):
    """``exp(-d^2 / 2 sigma^2)`` of the distances to anchors (rbf in Space2Vec and TorchSpatial: 100 to 200 anchors).

    The anchors are drawn from the training coordinates (:meth:`prepare`); until then they are spread evenly.

    Args:
        anchors: How many.
        sigma_deg: Width, degrees (TorchSpatial: 2).
        arc: Measure along the sphere; the papers measure on the plane of degrees, which has a seam.
    """

    points: Tensor

    def __init__(self, anchors: int = 200, sigma_deg: float = 2.0, arc: bool = False) -> None:
        if anchors < 1 or not sigma_deg > 0:
            raise ValueError(f"anchors={anchors}, sigma_deg={sigma_deg}: both must be above 0")
        super().__init__(anchors)
        self.sigma_deg, self.arc, self.seam = sigma_deg, arc, not arc
        self.register_buffer("points", fibonacci_lattice(anchors))

    def prepare(self, latlon: Tensor, generator: torch.Generator) -> None:
        """Draw the anchors from training coordinates (n, 2) in degrees; with replacement where there are too few."""
        if len(latlon) >= self.dim:
            rows = torch.randperm(len(latlon), generator=generator)[: self.dim]
        else:
            rows = torch.randint(len(latlon), (self.dim,), generator=generator)
        self.points.copy_(latlon[rows])

    def encode(self, latlon: Tensor) -> Tensor:
        """(n, anchors) in [0, 1] of points (n, 2) in degrees."""
        if self.arc:
            chord = torch.cdist(unit_vectors(latlon), unit_vectors(self.points), compute_mode=_EXACT)
            away = torch.rad2deg(2 * torch.asin((chord / 2).clamp(max=1)))
        else:
            away = torch.cdist(latlon, self.points, compute_mode=_EXACT)
        return torch.exp(-((away / self.sigma_deg) ** 2) / 2).to(torch.float32)


class Rff(PositionEncoding):
    """``sqrt(2 / D) cos(w x + b)``, whose inner products approach a Gaussian kernel (Rahimi and Recht 2007, fig. 1).

    ``x`` is (lon / 180, lat / 90); ``w ~ N(0, sigma^2)``, ``b ~ U(0, 2 pi)``. TorchSpatial's ``kernel_size`` is the
    variance, sigma^2.

    Args:
        features: D.
        sigma: Standard deviation of w.
    """

    seam = True
    w: Tensor
    b: Tensor

    def __init__(self, features: int = 512, sigma: float = 8.0) -> None:
        if features < 1 or not sigma > 0:
            raise ValueError(f"features={features}, sigma={sigma}: both must be above 0")
        super().__init__(features)
        self.register_buffer("w", torch.randn(2, features) * sigma)
        self.register_buffer("b", torch.rand(features) * (2 * math.pi))

    def encode(self, latlon: Tensor) -> Tensor:
        """(n, D) of points (n, 2) in degrees."""
        x = latlon.flip(1) / latlon.new_tensor((180.0, 90.0))
        return math.sqrt(2 / self.dim) * torch.cos(x @ self.w + self.b)


class PlainFourier(PositionEncoding):
    """GeoCLIP's Fourier features of (lon, lat) / 180 instead of the Equal Earth projection, all scales side by side.

    Args:
        sigmas: Scales (the paper's 2^0, 2^4, 2^8).
        rows: Directions per scale; each gives a cosine and a sine.
    """

    seam = True

    def __init__(self, sigmas: Sequence[float] = PAPER_SIGMAS, rows: int = 256) -> None:
        scales = check_sigmas(sigmas)
        super().__init__(2 * rows * len(scales))
        self.scales = torch.nn.ModuleList(FourierFeatures(sigma, rows) for sigma in scales)

    def encode(self, latlon: Tensor) -> Tensor:
        """(n, 2 rows per scale) of points (n, 2) in degrees, its phases, thousands of radians, in float64."""
        x = exact(latlon).flip(1) * (2 * math.pi / 180.0)
        phases = [x @ scale.get_buffer("b").to(x.dtype).T for scale in self.scales]
        return torch.cat([wave for phase in phases for wave in (phase.cos(), phase.sin())], dim=1).float()

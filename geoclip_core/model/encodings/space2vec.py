"""Space2Vec's encodings of the plane of degrees (Mai et al., ICLR 2020): they have a seam and know no poles."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from geoclip_core.model.encodings.encoding import PositionEncoding, geometric_frequencies


class Grid(PositionEncoding):
    """``sin`` and ``cos`` of ``f_k lon`` and of ``f_k lat``, on degrees: 4 F numbers (section 3.2, "grid").

    Args:
        frequencies: F.
        shortest: r_min, degrees per radian of phase; 1 and 360 are usual (TorchSpatial's code).
        longest: r_max, likewise.
    """

    seam = True
    f: Tensor

    def __init__(self, frequencies: int = 16, shortest: float = 1.0, longest: float = 360.0) -> None:
        super().__init__(4 * frequencies)
        self.register_buffer("f", geometric_frequencies(frequencies, shortest, longest).float(), persistent=False)

    def encode(self, latlon: Tensor) -> Tensor:
        """(n, 4 F): sines of longitude, cosines of longitude, sines and cosines of latitude."""
        lat, lon = (latlon[:, axis, None] * self.f for axis in (0, 1))
        return torch.cat((lon.sin(), lon.cos(), lat.sin(), lat.cos()), dim=1)


class Theory(PositionEncoding):
    """``sin`` and ``cos`` of ``f_k <x, u_j>`` along three directions 120 degrees apart: 6 F numbers (theorem 1).

    Args:
        frequencies: F.
        shortest: r_min, degrees per radian of phase; 1 and 360 are usual.
        longest: r_max, likewise.
    """

    seam = True
    f: Tensor
    directions: Tensor

    def __init__(self, frequencies: int = 16, shortest: float = 1.0, longest: float = 360.0) -> None:
        super().__init__(6 * frequencies)
        angles = [math.radians(turn) for turn in (0.0, 120.0, 240.0)]
        lonlat = [[math.cos(angle), math.sin(angle)] for angle in angles]
        self.register_buffer("f", geometric_frequencies(frequencies, shortest, longest).float(), persistent=False)
        self.register_buffer("directions", torch.tensor(lonlat), persistent=False)

    def encode(self, latlon: Tensor) -> Tensor:
        """(n, 6 F): sines of each direction at all frequencies, then the cosines."""
        along = latlon.flip(1) @ self.directions.T
        phase = (along[:, :, None] * self.f).flatten(1)
        return torch.cat((phase.sin(), phase.cos()), dim=1)

"""What all position encodings share, and the frequencies that most of them are made of."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from geoclip_core.model.location_encoder import BaseLocationEncoder


class PositionEncoding(BaseLocationEncoder):
    """A formula: points (n, 2) in degrees to (n, dim) float32, with nothing to train.

    It is called as every location encoder is. The attribute ``seam`` says whether the formula, as its paper has it,
    jumps where longitude goes from 180 to -180.
    """

    seam: bool = False

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.dim = dim


def exact(latlon: Tensor) -> Tensor:
    """The points in float64, in which a pole is a pole; as they are on a device that has no float64."""
    return latlon if latlon.device.type == "mps" else latlon.double()


def lonlat_rad(latlon: Tensor) -> tuple[Tensor, Tensor]:
    """Longitude and latitude in radians, each (n,), of points (n, 2) in degrees."""
    lat_rad, lon_rad = torch.deg2rad(latlon).unbind(1)
    return lon_rad, lat_rad


def geometric_frequencies(count: int, shortest: float, longest: float) -> Tensor:
    """Frequencies ``f_k = 1 / (r_min (r_max / r_min)^(k / (F - 1)))`` (Space2Vec, Mai et al. 2020, eq. 5).

    Args:
        count: How many, F, at least 1.
        shortest: r_min, above 0, in the unit that the formula acts on.
        longest: r_max, at least r_min.

    Returns:
        (count,) float64, falling from exactly 1 / shortest to exactly 1 / longest; a single one is 1 / shortest.

    Raises:
        ValueError: The numbers are out of range.
    """
    if count < 1 or not 0 < shortest <= longest < float("inf"):
        raise ValueError(
            f"frequencies={count}, shortest={shortest}, longest={longest}: needs 1 <= frequencies and "
            "0 < shortest <= longest"
        )
    found = 1.0 / np.geomspace(shortest, longest, count)
    return torch.from_numpy(found)


def fibonacci_lattice(count: int) -> Tensor:
    """(count, 2) float32 degrees, nearly even over the whole Earth and the same every time."""
    turns = np.arange(count) * (3.0 - 5.0**0.5) / 2.0  # the golden angle, in turns (Vogel 1979)
    lat = np.degrees(np.arcsin(1.0 - (2.0 * np.arange(count) + 1.0) / count))
    return torch.from_numpy(np.stack([lat, np.mod(turns, 1.0) * 360.0 - 180.0], axis=1).astype(np.float32))

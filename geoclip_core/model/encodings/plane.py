"""Encodings without waves: coordinates, their point on the sphere, their angles, and a grid of tiles."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from geoclip_core.model.encodings.encoding import PositionEncoding, exact, lonlat_rad


class Direct(PositionEncoding):
    """``(lon, lat)`` in radians: 2 numbers, as in the code of SatCLIP (Klemmer et al. 2025)."""

    seam = True

    def __init__(self) -> None:
        super().__init__(2)

    def encode(self, latlon: Tensor) -> Tensor:
        """(n, 2) of points (n, 2) in degrees."""
        return torch.stack(lonlat_rad(latlon), dim=1)


class Cartesian(PositionEncoding):
    """The unit vector ``(cos lat cos lon, cos lat sin lon, sin lat)``: 3 numbers."""

    def __init__(self) -> None:
        super().__init__(3)

    def encode(self, latlon: Tensor) -> Tensor:
        """(n, 3) of points (n, 2) in degrees."""
        return unit_vectors(latlon).to(torch.float32)


class Wrap(PositionEncoding):
    """``(cos lon, sin lon, cos lat, sin lat)``: 4 numbers (Mac Aodha et al. 2019, section 4).

    The angles are those of SatCLIP's code. Mac Aodha scale latitude by 2, which makes the two poles one point.
    """

    def __init__(self) -> None:
        super().__init__(4)

    def encode(self, latlon: Tensor) -> Tensor:
        """(n, 4) of points (n, 2) in degrees."""
        lon, lat = lonlat_rad(latlon)
        return torch.stack((lon.cos(), lon.sin(), lat.cos(), lat.sin()), dim=1)


class Tile(PositionEncoding):
    """One of the tiles of a grid of equal angles, one-hot: the linear layer behind it is a table of vectors.

    Args:
        interval_deg: Side of a tile, degrees; it divides 180 (Tang et al. 2015 use tiles, of another size).

    Raises:
        ValueError: The interval does not divide 180.
    """

    seam = True

    def __init__(self, interval_deg: float = 5.0) -> None:
        rows = round(180.0 / interval_deg) if interval_deg > 0 else 0
        if rows < 1 or abs(rows * interval_deg - 180.0) > 1e-9:
            raise ValueError(f"interval_deg={interval_deg} does not divide 180")
        super().__init__(2 * rows * rows)
        self.interval_deg, self.rows = interval_deg, rows

    def encode(self, latlon: Tensor) -> Tensor:
        """(n, dim) of zeros and a one, of points (n, 2) in degrees."""
        latlon = exact(latlon)
        row = ((latlon[:, 0] + 90.0) / self.interval_deg).floor().long().clamp(0, self.rows - 1)
        column = ((latlon[:, 1] + 180.0) / self.interval_deg).floor().long().remainder(2 * self.rows)
        return F.one_hot(row * 2 * self.rows + column, self.dim).to(torch.float32)


def unit_vectors(latlon: Tensor) -> Tensor:
    """Unit vectors (n, 3) of points (n, 2) in degrees, float64 where the device has it."""
    lon, lat = lonlat_rad(exact(latlon))
    return torch.stack((lat.cos() * lon.cos(), lat.cos() * lon.sin(), lat.sin()), dim=1)

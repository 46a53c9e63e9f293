"""Negatives: a queue of the coordinates of recent batches, and real places near the batch's own."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from geoclip_core.earth.distance import EARTH_RADIUS_KM
from geoclip_core.learning.objective.sphere import unit_points


class GpsQueue(nn.Module):
    """The last ``size`` coordinates, first in first out (GeoCLIP, section 3.3: 4096).

    Coordinates are kept, not vectors: they are encoded by the current network when used, and take 8 bytes each.
    They are buffers, so that they follow the module to its device and into its checkpoints.

    Args:
        size: How many; 0 makes a queue that stays empty.
    """

    latlon: Tensor
    cursor: Tensor
    seeded: Tensor

    def __init__(self, size: int = 4096) -> None:
        super().__init__()
        if size < 0:
            raise ValueError(f"The queue cannot hold {size} coordinates")
        self.register_buffer("latlon", torch.zeros(size, 2))
        self.register_buffer("cursor", torch.tensor(0))
        self.register_buffer("seeded", torch.tensor(False))

    def __len__(self) -> int:
        return len(self.latlon)

    @torch.no_grad()
    def seed(self, latlon: Tensor, generator: torch.Generator) -> None:
        """Fill the queue with real coordinates, once; a queue that came from a checkpoint stays as it is.

        Random numbers instead would be negatives that no photo can be confused with, or all at one place.

        Args:
            latlon: (n, 2) degrees, at least one row; drawn without repetition where there are enough.
            generator: Source of the draws, on the CPU.
        """
        if self.seeded or not len(self):
            return
        rounds = math.ceil(len(self) / len(latlon))
        order = torch.cat([torch.randperm(len(latlon), generator=generator) for _ in range(rounds)])
        self.latlon.copy_(latlon[order[: len(self)].to(latlon.device)])
        self.seeded.fill_(True)

    @torch.no_grad()
    def push(self, latlon: Tensor) -> None:
        """Put coordinates in, in order, in place of the oldest; of more than ``size`` the last stay.

        Args:
            latlon: (n, 2) degrees, any n.
        """
        size = len(self)
        if not size:
            return
        skipped = max(0, len(latlon) - size)
        places = self.cursor + skipped + torch.arange(len(latlon) - skipped, device=self.latlon.device)
        self.latlon[places % size] = latlon[skipped:].to(self.latlon)
        self.cursor.copy_((self.cursor + len(latlon)) % size)


def hard_negatives(latlon: Tensor, pool: Tensor, count: int, beyond_km: float) -> Tensor:
    """Real places that are hard to tell from the given ones: the nearest that are none of them.

    Args:
        latlon: (n, 2) degrees.
        pool: (m, 2) degrees, real places to choose from.
        count: How many per point.
        beyond_km: Distance up to which a place counts as the same, kilometres; such a place is no negative of
            any of the points.

    Returns:
        (k, 2) distinct rows of the pool, k at most ``n * count``.
    """
    here, there = unit_points(latlon), unit_points(pool)
    cosine = here @ there.T
    same = (cosine >= math.cos(beyond_km / EARTH_RADIUS_KM)).any(0)
    best = cosine.masked_fill(same, -2.0).topk(min(count, len(pool)), dim=1)
    chosen = torch.unique(best.indices[best.values > -2.0])
    return pool[chosen.to(pool.device)]

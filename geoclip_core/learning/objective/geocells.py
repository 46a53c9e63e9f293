"""Cells of the Earth that hold about as many photos each: fine where many are taken, coarse where few are.

Instead of comparing a photo with other photos' places, it can be compared with the centres of all cells: the
classification that PlaNet (Weyand, Kostrikov, Philbin; ECCV 2016) began. A class has no weights of its own here; its
vector is the location encoder's vector of the cell's centre, so that the trained model answers for any point on Earth.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from geoclip_core.earth.cells import cells_of
from geoclip_core.earth.coordinates import Floats, check_latlon, from_unit_vectors, unit_vectors
from geoclip_core.earth.distance import EARTH_RADIUS_KM
from geoclip_core.learning.objective.sphere import unit_points

_FINEST = 9  # H3 cells of 0.1 km2: photos taken at one spot stay together, however many


def geocell_centres(latlon: Floats, most: int) -> Floats:
    """Centres of an adaptive division of the Earth.

    H3's coarsest cells are divided into their children, and these again, wherever they hold more than ``most`` places;
    a centre is the mean of the places in its cell. Cells without places have none.

    Args:
        latlon: (n, 2) degrees, at least one row.
        most: How many places a cell may hold, unless it is as small as a city block.

    Returns:
        (k, 2) float64 degrees, in no particular order.
    """
    points = unit_vectors(check_latlon(latlon))
    cell = np.zeros(len(points), dtype=np.int64)  # number of the place's cell, once it is decided
    decided, cells = np.zeros(len(points), dtype=bool), 0
    for resolution in range(_FINEST + 1):
        rows = np.flatnonzero(~decided)
        if not len(rows):
            break
        _, inverse, counts = np.unique(cells_of(latlon[rows], resolution), return_inverse=True, return_counts=True)
        small = (counts <= most) | (resolution == _FINEST)
        numbers = np.cumsum(small) - 1 + cells
        chosen = small[inverse]
        cell[rows[chosen]] = numbers[inverse[chosen]]
        decided[rows[chosen]] = True
        cells += int(small.sum())
    sums = np.zeros((cells, 3))
    np.add.at(sums, cell, points)
    return from_unit_vectors(sums)


def geocell_loss(
    images: Tensor, latlon: Tensor, cells: Tensor, centres: Tensor, scale: Tensor, smoothing_km: float
) -> Tensor:
    """Cross-entropy of photos among cells, with labels shared among the cells that are near.

    The label of cell i for a photo is proportional to ``exp(-(d_i - d_min) / smoothing_km)``, where d_i is the distance
    from the photo to the cell's centre (haversine smoothing: PIGEON, Haas et al., CVPR 2024; its 75 km is recalled).

    Args:
        images: (n, P, d), P views of n photos, not normalised.
        latlon: (n, 2) degrees, where they were taken.
        cells: (k, d), vectors of the cells' centres, not normalised.
        centres: (k, 2) degrees.
        scale: Factor on cosines, a scalar.
        smoothing_km: Above 0.

    Returns:
        The loss, a float32 scalar.
    """
    cosine = (unit_points(latlon) @ unit_points(centres).T).clamp(-1, 1)
    labels = torch.softmax(-EARTH_RADIUS_KM / smoothing_km * torch.acos(cosine), dim=1).to(latlon.device, torch.float32)
    with torch.autocast(images.device.type, enabled=False):
        cosines = F.normalize(images.float(), dim=-1) @ F.normalize(cells.float(), dim=-1).T
        return -(labels[:, None] * F.log_softmax(scale.float() * cosines, dim=-1)).sum(-1).mean()

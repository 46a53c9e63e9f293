"""Cells of the Earth that hold about as many photos each: fine where many are taken, coarse where few are.

Instead of comparing a photo with other photos' places, it can be compared with the centres of all cells: the
classification that PlaNet (Weyand, Kostrikov, Philbin; ECCV 2016) began. A class has no weights of its own here; its
vector is the location encoder's vector of the cell's centre, so that the trained model answers for any point on Earth.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from geoclip_core.earth.cells import adaptive_partition
from geoclip_core.earth.coordinates import Floats
from geoclip_core.earth.distance import EARTH_RADIUS_KM
from geoclip_core.learning.objective.sphere import unit_points


def geocell_centres(latlon: Floats, most: int) -> Floats:
    """Centres of an adaptive division of the Earth.

    A centre is the mean of the places in its cell, see :func:`adaptive_partition`. Cells without
    places have none.

    Args:
        latlon: (n, 2) degrees, at least one row.
        most: How many places a cell may hold, unless they were taken at one spot.

    Returns:
        (k, 2) float64 degrees, in no particular order.
    """
    return adaptive_partition(latlon, most).centroids(latlon)


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

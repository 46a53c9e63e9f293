"""What the overhead model answers: equal parts of land with probabilities, and the distinct places among them."""

from __future__ import annotations

from dataclasses import dataclass

from geoclip_core.earth.coordinates import Floats
from geoclip_core.earth.disk import Disk
from geoclip_core.earth.distance import great_circle_km

CLUSTER_KM = 150.0
"""Points nearer than this to a likelier point belong to its cluster: less than half the width of the narrowest view."""

_CLUSTERS = 8  # at most


@dataclass(frozen=True)
class OverheadPrediction:
    """Where a view from above may have been taken.

    Attributes:
        latlon: (k, 2) degrees, centres of equal parts of land, the likeliest first.
        probability: (k,) float64, sums to 1.
        spread_km: Radius of each part, kilometres.
        clusters: Distinct places among them, the likeliest first; a disk's weight is its probability.
    """

    latlon: Floats
    probability: Floats
    spread_km: float
    clusters: tuple[Disk, ...]


def find_clusters(latlon: Floats, probability: Floats) -> tuple[Disk, ...]:
    """The likeliest point with all points near it, then the likeliest of the rest, and so on.

    Args:
        latlon: (k, 2) degrees.
        probability: (k,) float64.

    Returns:
        At most eight clusters, the likeliest first; no two centres are nearer than ``CLUSTER_KM``.
    """
    left = probability.copy()
    clusters: list[Disk] = []
    while len(clusters) < _CLUSTERS and left.max() > 0:
        lat, lon = latlon[left.argmax()]
        near = great_circle_km((lat, lon), latlon) <= CLUSTER_KM
        clusters.append(Disk("", (float(lat), float(lon)), CLUSTER_KM, float(left[near].sum())))
        left[near] = 0.0
    return tuple(sorted(clusters, key=lambda cluster: -cluster.weight))

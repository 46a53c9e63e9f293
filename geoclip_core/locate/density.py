"""How likely each piece of evidence is at points of the Earth: the one place where evidence meets points.

Alternatives that are vectors are compared by cosine under the location encoder, ``exp(s (cos(v_k, x) - 1))`` (GeoCLIP,
eq. 5). Alternatives that are points are compared by distance with the same function of the cosine between unit
vectors on the sphere, the von Mises-Fisher density (Mardia and Jupp 2000, section 9.3.2)
``exp((R / spread_k)^2 (cos(p_k, x) - 1))``: right at the poles and across the antimeridian, and as fine as the spread
says, however dense the gallery is.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from geoclip_core.earth.coordinates import Floats, unit_vectors
from geoclip_core.earth.distance import EARTH_RADIUS_KM
from geoclip_core.evidence.source import Evidence
from geoclip_core.locate.gallery import Gallery
from geoclip_core.locate.query import Query
from geoclip_core.model.encode import encode_points
from geoclip_core.model.location_encoder import BaseLocationEncoder

TINY = 1e-300
"""Stands for nothing, so that it has a logarithm."""

_VECTORS_AT_ONCE = 64  # alternatives per matrix product: 100,000 points x 64 floats are 26 MB
_POINTS_AT_ONCE = 1 << 22  # distances held at a time
_REACH = 6.0  # spreads beyond which a point says nothing


class ComparedPoints:
    """Points that evidence is compared at: a gallery, and others beside it.

    Args:
        gallery: Points with vectors.
        others: (m, 2) degrees.
        encoder: Encodes the others where evidence asks for vectors.
    """

    def __init__(self, gallery: Gallery, others: Floats, encoder: BaseLocationEncoder) -> None:
        self.gallery, self.others = gallery, others
        self.latlon = np.concatenate([gallery.latlon, others])
        self._encoder = encoder
        self._blocks: list[Tensor] = []

    def __len__(self) -> int:
        return len(self.latlon)

    def density(self, part: Evidence, scale: float, weights: Floats) -> Floats:
        """Density of one piece of evidence at all points, each alternative normalised over their weights.

        ``f(x) = sum_k w_k K_k(x) / sum_y m(y) K_k(y)``.

        Args:
            part: The piece.
            scale: Factor on cosines of vectors.
            weights: (n,) m, not negative.

        Returns:
            (n,) float64.
        """
        return self._by_vectors(part, scale, weights) if part.vectors is not None else self._by_points(part, weights)

    def _by_vectors(self, part: Evidence, scale: float, weights: Floats) -> Floats:
        assert part.vectors is not None
        if not self._blocks:
            own = encode_points(self._encoder, self.others).to(self.gallery.vectors.device)
            self._blocks = [self.gallery.vectors, *([own] if len(own) else [])]
        total = np.zeros(len(weights))
        for start in range(0, len(part.weights), _VECTORS_AT_ONCE):
            chosen = slice(start, start + _VECTORS_AT_ONCE)
            kernels = [_kernel(block, part.vectors[chosen], scale) for block in self._blocks]
            norm, offset = np.zeros(len(part.weights[chosen])), 0
            for kernel in kernels:
                mass = _like(weights[offset : offset + len(kernel)], kernel)
                norm += (mass @ kernel).double().cpu().numpy()
                offset += len(kernel)
            mix = part.weights[chosen] / norm
            total += np.concatenate([(kernel @ _like(mix, kernel)).double().cpu().numpy() for kernel in kernels])
        return total

    def _by_points(self, part: Evidence, weights: Floats) -> Floats:
        assert part.points is not None
        assert part.spread_km is not None
        centres, others = unit_vectors(part.points), unit_vectors(self.others)
        total = np.zeros(len(weights))
        reach = np.minimum(2.0, _REACH * part.spread_km / EARTH_RADIUS_KM)
        near = self.gallery.tree.query_ball_point(centres, reach)
        for centre, spread_km, weight, rows in zip(centres, part.spread_km, part.weights, near, strict=True):
            chosen = np.concatenate([np.asarray(rows, np.int64), np.arange(len(self.gallery), len(self))])
            points = np.concatenate([self.gallery.tree.data[rows], others])
            kernel = np.exp(-_squared_spreads(points, centre, spread_km) / 2)
            norm = float(weights[chosen] @ kernel)
            if norm > 0:
                total[chosen] += weight / norm * kernel
        return total


def log_density(query: Query, latlon: Floats, vectors: Tensor | None, scale: float, least_km: float = 0.0) -> Floats:
    """Logarithm of the density per area of any points under a question.

    Off the gallery there are no weights of points to normalise by: an alternative that is a vector is a hill as high as
    its weight, one that is a point a hill that holds its weight. Groups of evidence add up.

    Args:
        query: The question.
        latlon: (n, 2) degrees.
        vectors: (n, d) of length 1, of the same points; None where no evidence asks for them.
        scale: Factor on cosines of vectors.
        least_km: Spreads smaller than this are taken for so large, so that a hill between points is not missed.

    Returns:
        (n,) float64, comparable within one question.
    """
    logs = [
        part.power * np.log(_free_density(part, latlon, vectors, scale, least_km) + TINY) for part in query.evidence
    ]
    groups = sorted({part.group for part in query.evidence})
    sums = [
        np.sum([log for log, part in zip(logs, query.evidence, strict=True) if part.group == group], axis=0)
        for group in groups
    ]
    return np.asarray(np.logaddexp.reduce(sums, axis=0))


def asks_for_vectors(query: Query) -> bool:
    """Whether any evidence is compared by vectors."""
    return any(part.vectors is not None for part in query.evidence)


def unit_rows(vectors: Tensor) -> Tensor:
    """Rows of length 1."""
    return F.normalize(vectors, dim=1)


def _free_density(part: Evidence, latlon: Floats, vectors: Tensor | None, scale: float, least_km: float) -> Floats:
    density = np.zeros(len(latlon))
    if part.vectors is not None:
        assert vectors is not None
        for start in range(0, len(part.weights), _VECTORS_AT_ONCE):
            chosen = slice(start, start + _VECTORS_AT_ONCE)
            kernel = _kernel(vectors, part.vectors[chosen], scale)
            density += (kernel @ _like(part.weights[chosen], kernel)).double().cpu().numpy()
        return density
    assert part.points is not None
    assert part.spread_km is not None
    spread_km = np.hypot(part.spread_km, least_km)
    heights = part.weights / (2 * np.pi * spread_km**2)
    centres, points = unit_vectors(part.points), unit_vectors(latlon)
    for start in range(0, len(points), max(1, _POINTS_AT_ONCE // len(centres))):
        rows = points[start : start + max(1, _POINTS_AT_ONCE // len(centres))]
        hills = np.exp(-_squared_spreads(rows[:, None], centres, spread_km) / 2)
        density[start : start + len(rows)] = hills @ heights
    return density


def _squared_spreads(points: Floats, centre: Floats, spread_km: Floats | float) -> Floats:
    """Squared chord from a centre in squares of the spread: ``2 (R / spread)^2 (1 - cos)``, exact when near."""
    apart = sum((points[..., axis] - centre[..., axis]) ** 2 for axis in range(3))
    return np.asarray(apart * (EARTH_RADIUS_KM / spread_km) ** 2)


def _kernel(points: Tensor, vectors: Tensor, scale: float) -> Tensor:
    """``exp(s (cos - 1))``, in (0, 1]: the shift cancels in every ratio and keeps float32 far from overflow."""
    with torch.inference_mode():
        return (points @ vectors.to(points.device).T).sub_(1.0).mul_(scale).exp_()


def _like(values: Floats, other: Tensor) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values)).to(device=other.device, dtype=other.dtype)

"""How likely each piece of evidence is at points of the Earth: the one place where evidence meets points.

Alternatives that are vectors are compared by cosine under the location encoder, ``exp(s (cos(v_k, x) - 1))`` (GeoCLIP,
eq. 5). Alternatives that are points are compared by distance with the same function of the cosine between unit
vectors on the sphere, the von Mises-Fisher density (Mardia and Jupp 2000, section 9.3.2)
``exp((R / spread_k)^2 (cos(p_k, x) - 1))``: right at the poles and across the antimeridian, and as fine as the spread
says, however dense the gallery is. Alternatives that are regions are the prior within each of them.

Evidence of reliability r is mixed with the prior, ``r f + (1 - r) prior``: with probability 1 - r it says nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

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

EARTH_AREA_KM2 = 4 * np.pi * EARTH_RADIUS_KM**2

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

    def density(self, part: Evidence, scale: float, weights: Floats, cosines: Tensor | None = None) -> Floats:
        """Density of one piece of evidence at all points, each alternative normalised over their weights.

        ``f(x) = sum_k w_k K_k(x) / sum_y m(y) K_k(y)``.

        Args:
            part: The piece.
            scale: Factor on cosines of vectors.
            weights: (n,) m, not negative.
            cosines: Those of the gallery's vectors with the part's, see :func:`cosines_together`; else computed here.

        Returns:
            (n,) float64.
        """
        if part.regions is not None:
            found = self._by_regions(part, weights)
        elif part.vectors is not None:
            found = self._by_vectors(part, scale, weights, cosines)
        else:
            found = self._by_points(part, weights)
        if part.reliability < 1:
            found = part.reliability * found + (1 - part.reliability) / weights.sum()
        return found

    def _by_vectors(self, part: Evidence, scale: float, weights: Floats, cosines: Tensor | None) -> Floats:
        assert part.vectors is not None
        if not self._blocks:
            own = encode_points(self._encoder, self.others).to(self.gallery.vectors.device)
            self._blocks = [self.gallery.vectors, *([own] if len(own) else [])]
        total = np.zeros(len(weights))
        for start in range(0, len(part.weights), _VECTORS_AT_ONCE):
            chosen = slice(start, start + _VECTORS_AT_ONCE)
            vectors = part.vectors[chosen]
            kernels = [_kernel(block, vectors, scale) for block in self._blocks[cosines is not None :]]
            if cosines is not None:
                kernels.insert(0, _kernel_of(cosines[:, chosen].clone(), scale))
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

    def _by_regions(self, part: Evidence, weights: Floats) -> Floats:
        assert part.regions is not None
        total, beside = np.zeros(len(weights)), self.gallery.nearest(self.others)
        for region, weight in zip(part.regions, part.weights, strict=True):
            inside = self.gallery.inside(region)
            inside = np.concatenate([inside, inside[beside]])  # a point off the gallery lies where its nearest one does
            mass = float(weights[inside].sum())
            if mass > 0:
                total[inside] += weight / mass
        return total


def cosines_together(evidence: Sequence[Sequence[Evidence]], gallery: Gallery) -> list[tuple[Tensor | None, ...]]:
    """Cosines of a gallery with the vectors of many questions in one matrix product, which reads the gallery once.

    Args:
        evidence: The pieces of each question.
        gallery: Points with vectors.

    Returns:
        For each question and each piece of it, (gallery, alternatives) float32; None where it has no vectors.
    """
    pieces = [part.vectors for parts in evidence for part in parts if part.vectors is not None]
    if not pieces:
        return [(None,) * len(parts) for parts in evidence]
    with torch.inference_mode():
        # Rows of the product belong to one alternative, so that each piece's part of it lies together in memory.
        stacked = torch.cat([piece.to(gallery.vectors.device) for piece in pieces])
        found = iter(torch.split(stacked @ gallery.vectors.T, [len(piece) for piece in pieces]))
        return [tuple(next(found).T if part.vectors is not None else None for part in parts) for parts in evidence]


def log_density(
    query: Query,
    latlon: Floats,
    vectors: Tensor | None,
    scale: float,
    least_km: float = 0.0,
    gallery: Gallery | None = None,
) -> Floats:
    """Logarithm of the density per area of any points under a question.

    Off the gallery there are no weights of points to normalise by: an alternative that is a vector is a hill as high as
    its weight, one that is a point a hill that holds its weight. Groups of evidence add up.

    Args:
        query: The question.
        latlon: (n, 2) degrees.
        vectors: (n, d) of length 1, of the same points; None where no evidence asks for them.
        scale: Factor on cosines of vectors.
        least_km: Spreads smaller than this are taken for so large, so that a hill between points is not missed.
        gallery: Where people take photos, for evidence that is not fully reliable and for regions; evenly over the
            Earth when absent.

    Returns:
        (n,) float64, comparable within one question.
    """
    logs = [
        part.power * np.log(_free_density(part, latlon, vectors, scale, least_km, gallery) + TINY)
        for part in query.evidence
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


def only_regions(query: Query) -> bool:
    """Whether all evidence is of regions, which says nothing finer than where people take photos in them."""
    return all(part.regions is not None for part in query.evidence if part.power > 0)


def unit_rows(vectors: Tensor) -> Tensor:
    """Rows of length 1."""
    return F.normalize(vectors, dim=1)


def _free_density(
    part: Evidence, latlon: Floats, vectors: Tensor | None, scale: float, least_km: float, gallery: Gallery | None
) -> Floats:
    if part.regions is not None:
        return _odds_of_regions(part, latlon, gallery)
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
    if part.reliability < 1:  # as odds against the prior there, so that 1 - r is how high the plain is
        prior = gallery.prior_per_km2(part.points) if gallery is not None else 1 / EARTH_AREA_KM2
        heights, density = part.reliability * heights / prior, density + (1 - part.reliability)
    centres, points = unit_vectors(part.points), unit_vectors(latlon)
    for start in range(0, len(points), max(1, _POINTS_AT_ONCE // len(centres))):
        rows = points[start : start + max(1, _POINTS_AT_ONCE // len(centres))]
        hills = np.exp(-_squared_spreads(rows[:, None], centres, spread_km) / 2)
        density[start : start + len(rows)] += hills @ heights
    return density


def _odds_of_regions(part: Evidence, latlon: Floats, gallery: Gallery | None) -> Floats:
    """How much likelier each point is than by the prior alone."""
    assert part.regions is not None
    odds = np.full(len(latlon), 1 - part.reliability)
    if gallery is None:
        return odds + part.reliability
    beside = gallery.nearest(latlon)
    for region, weight in zip(part.regions, part.weights, strict=True):
        inside = gallery.inside(region)
        share = float(gallery.weights[inside].sum() / gallery.weights.sum())
        if share > 0:
            odds += part.reliability * weight / share * inside[beside]
    return odds


def _squared_spreads(points: Floats, centre: Floats, spread_km: Floats | float) -> Floats:
    """Squared chord from a centre in squares of the spread: ``2 (R / spread)^2 (1 - cos)``, exact when near."""
    apart = sum((points[..., axis] - centre[..., axis]) ** 2 for axis in range(3))
    return np.asarray(apart * (EARTH_RADIUS_KM / spread_km) ** 2)


def _kernel(points: Tensor, vectors: Tensor, scale: float) -> Tensor:
    with torch.inference_mode():
        return _kernel_of(points @ vectors.to(points.device).T, scale)


def _kernel_of(cosines: Tensor, scale: float) -> Tensor:
    """``exp(s (cos - 1))``, in (0, 1]: the shift cancels in every ratio and keeps float32 far from overflow.

    The cosines are overwritten.
    """
    with torch.inference_mode():
        return cosines.sub_(1.0).mul_(scale).exp_()


def _like(values: Floats, other: Tensor) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values)).to(device=other.device, dtype=other.dtype)

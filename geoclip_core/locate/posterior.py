"""From a question to probabilities over points, and from probabilities to distinct places."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from geoclip_core.earth.distance import EARTH_RADIUS_KM, disk_points, great_circle_km
from geoclip_core.earth.regions import Region
from geoclip_core.errors import RegionError
from geoclip_core.locate.gallery import Gallery, encode
from geoclip_core.locate.query import Anchor, Evidence, Query, own_points
from geoclip_core.model.location_encoder import LocationEncoder

Floats = npt.NDArray[np.float64]

_VECTORS_AT_ONCE = 64  # alternatives per matrix product: 100,000 points x 64 floats are 26 MB
_TINY = 1e-300
_REGION_POINTS = 256
_FEW = 16
MAX_SEEDS = 64

NEGLIGIBLE = 1e-4
"""A place less probable than this is no candidate, unless it is the best there is."""


@dataclass(frozen=True)
class Posterior:
    """Probability over a stated set of points: the gallery, the places the question names, the region.

    Attributes:
        latlon: (n, 2) degrees.
        spread_km: (n,) radius that each point speaks for.
        probability: (n,) float64, sums to 1.
        region_share: Probability that lay in the region before restricting to it; 1 without a region.
    """

    latlon: Floats
    spread_km: Floats
    probability: Floats
    region_share: float


@dataclass(frozen=True)
class Peak:
    """A distinct place among the points.

    Attributes:
        latlon: Where it is, degrees.
        probability: Sum over the points it absorbed.
        radius_km: Radius around it that holds half of that sum.
        anchor: The named place behind it, if the question named one.
    """

    latlon: tuple[float, float]
    probability: float
    radius_km: float
    anchor: Anchor | None = None


def posterior(query: Query, gallery: Gallery, encoder: LocationEncoder, scale: float) -> Posterior:
    """Probability of each point given a question.

    For evidence e with alternatives k, ``f_e(x) = sum_k w_k exp(s cos(v_k, x)) / Z_k`` where ``Z_k`` sums
    over the points x with their weights m(x); pieces of evidence multiply with their powers,
    ``p(x) ~ m(x) prod_e f_e(x)^power_e`` (with one vector this is the softmax of GeoCLIP, eq. 5).

    Args:
        query: The question, with its region.
        gallery: Points with vectors.
        encoder: Encodes the points of a region that the gallery does not reach.
        scale: Factor on cosines, ``exp`` of the logit scale.

    Raises:
        RegionError: The region holds no point at all.
    """
    region = query.region
    own, own_spread, own_vectors = own_points(query)
    extra = _points_in_gaps(region, gallery, own)
    blocks = [gallery.vectors, own_vectors.to(gallery.vectors.device)]
    latlon, spread = np.concatenate([gallery.latlon, own, extra]), [gallery.spread_km, own_spread]
    if len(extra):
        blocks.append(encode(encoder, extra))
        spread.append(np.zeros(len(extra)))
    # Points that only the region brings in carry no weight in the unrestricted comparison.
    outside = np.concatenate([gallery.weights, np.ones(len(own)), np.zeros(len(extra))])
    weights = np.concatenate([gallery.weights, np.ones(len(own)), np.ones(len(extra))])

    log_density = np.zeros(len(latlon))
    for part in query.evidence:
        log_density += part.power * np.log(_density(part, blocks, scale, outside) + _TINY)
    free = outside * np.exp(log_density - log_density.max())
    if region is None:
        return Posterior(latlon, np.concatenate(spread), free / free.sum(), 1.0)
    inside = region.contains(latlon)
    if not inside.any():
        raise RegionError(
            f"The region {region.label} holds none of the points that are compared", hint="choose a larger region"
        )
    share = float(free[inside].sum() / free.sum())
    kept = np.where(inside, weights * np.exp(log_density - log_density[inside].max()), 0.0)
    return Posterior(latlon, np.concatenate(spread), kept / kept.sum(), share)


def log_density(query: Query, vectors: Tensor, scale: float) -> Floats:
    """Logarithm of the density per area of any points under a question.

    Off the gallery there are no weights of points to normalise by, so ``f_e(x) = sum_k w_k exp(s cos(v_k, x))``:
    every alternative is a hill of its own weight's height.

    Args:
        query: The question.
        vectors: (n, d) of length 1.
        scale: Factor on cosines.

    Returns:
        (n,) float64, comparable within one question.
    """
    total = np.zeros(len(vectors))
    for part in query.evidence:
        density = np.zeros(len(vectors))
        for start in range(0, len(part.weights), _VECTORS_AT_ONCE):
            chosen = slice(start, start + _VECTORS_AT_ONCE)
            kernel = _kernel(vectors, part.vectors[chosen], scale)
            density += (kernel @ _like(part.weights[chosen], kernel)).double().cpu().numpy()
        total += part.power * np.log(density + _TINY)
    return total


def _kernel(points: Tensor, vectors: Tensor, scale: float) -> Tensor:
    """``exp(s (cos - 1))``, in (0, 1]: the shift cancels in every ratio and keeps float32 far from overflow."""
    with torch.inference_mode():
        return (points @ vectors.to(points.device).T).sub_(1.0).mul_(scale).exp_()


def _like(values: Floats, other: Tensor) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values)).to(device=other.device, dtype=other.dtype)


def _density(part: Evidence, blocks: list[Tensor], scale: float, weights: Floats) -> Floats:
    """Density of one piece of evidence at all points, each alternative normalised over their weights."""
    total = np.zeros(len(weights))
    for start in range(0, len(part.weights), _VECTORS_AT_ONCE):
        chosen = slice(start, start + _VECTORS_AT_ONCE)
        kernels = [_kernel(block, part.vectors[chosen], scale) for block in blocks if len(block)]
        norm, offset = np.zeros(len(part.weights[chosen])), 0
        for kernel in kernels:
            mass = _like(weights[offset : offset + len(kernel)], kernel)
            norm += (mass @ kernel).double().cpu().numpy()
            offset += len(kernel)
        mix = part.weights[chosen] / norm
        total += np.concatenate([(kernel @ _like(mix, kernel)).double().cpu().numpy() for kernel in kernels])
    return total


def _points_in_gaps(region: Region | None, gallery: Gallery, own: Floats) -> Floats:
    """Points of a region that gallery and question hardly reach, spread over it evenly."""
    if region is None:
        return np.zeros((0, 2))
    have = int(region.contains(gallery.latlon).sum()) + (int(region.contains(own).sum()) if len(own) else 0)
    if have >= _FEW:
        return np.zeros((0, 2))
    south, west, north, east = region.bounds
    span = (east - west) % 360.0 or 360.0
    middle = ((south + north) / 2, (west + span / 2 + 180.0) % 360.0 - 180.0)
    corners = [(lat, lon) for lat in (south, north) for lon in (west, middle[1], east)]
    reach = float(great_circle_km(middle, corners).max())
    for tries in (_REGION_POINTS, 16 * _REGION_POINTS):
        points = disk_points(middle, min(max(reach, 0.001) * 1.05, math.pi * EARTH_RADIUS_KM), tries)
        inside = points[region.contains(points)]
        if len(inside) >= _FEW:
            break
    return np.asarray(inside)


def distinct_places(answer: Posterior, query: Query, top_k: int, apart_km: float = 25.0) -> tuple[Peak, ...]:
    """The most probable places, each standing for the points around it.

    Places that the question names come first and absorb what lies within their extent; then the most
    probable remaining point is taken again and again, and absorbs what lies within ``apart_km``.

    Args:
        answer: Probabilities.
        query: The question they belong to.
        top_k: How many places at most.
        apart_km: Radius that a place absorbs, unless the question names a larger one.

    Returns:
        Places by falling probability; fewer than ``top_k`` where nothing worth naming is left.
    """
    left = answer.probability.copy()
    peaks: list[Peak] = []
    only_named = len(query.evidence) == 1
    # The likelier meaning first: of two that overlap, it keeps its ground, however small.
    for anchor in sorted(query.anchors, key=lambda anchor: (-anchor.weight, anchor.extent_km)):
        near = _within(answer.latlon, anchor.latlon, max(apart_km, anchor.extent_km))
        near = near[left[near] > 0]
        if len(near):
            best = anchor.latlon if only_named else _point(answer.latlon[near[left[near].argmax()]])
            peaks.append(_peak(answer, left, near, best, anchor))
            left[near] = 0.0
    for _ in range(MAX_SEEDS):
        rest = left.sum()
        if rest <= 0 or (len(peaks) >= top_k and rest <= sorted(p.probability for p in peaks)[-top_k]):
            break
        best = _point(answer.latlon[left.argmax()])
        near = _within(answer.latlon, best, apart_km)
        near = near[left[near] > 0]
        peaks.append(_peak(answer, left, near, best, None))
        left[near] = 0.0
    ranked = sorted(peaks, key=lambda p: -p.probability)[:top_k]
    return tuple(p for p in ranked if p is ranked[0] or p.probability >= NEGLIGIBLE)


def _point(row: Floats) -> tuple[float, float]:
    return float(row[0]), float(row[1])


def _within(points: Floats, latlon: tuple[float, float], radius_km: float) -> npt.NDArray[np.intp]:
    """Rows of the points within a distance: those of the band of latitudes are few, and only they are measured."""
    band_deg = math.degrees(radius_km / EARTH_RADIUS_KM) + 1e-9
    rows = np.flatnonzero(np.abs(points[:, 0] - latlon[0]) <= band_deg)
    return np.asarray(rows[great_circle_km(latlon, points[rows]) <= radius_km])


def _peak(
    answer: Posterior, left: Floats, near: npt.NDArray[np.intp], latlon: tuple[float, float], anchor: Anchor | None
) -> Peak:
    mass = left[near]
    away = great_circle_km(latlon, answer.latlon[near])
    order = np.argsort(away)
    half = int(np.searchsorted(np.cumsum(mass[order]), mass.sum() / 2))
    middle = near[order[min(half, len(order) - 1)]]
    radius = max(float(away[order[min(half, len(order) - 1)]]), float(answer.spread_km[middle]))
    return Peak(latlon, float(mass.sum()), radius, anchor)

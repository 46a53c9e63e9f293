"""From a question to probabilities over points: the gallery, the places it names, the region."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from geoclip_core.earth.coordinates import Floats
from geoclip_core.earth.distance import EARTH_RADIUS_KM, disk_points, great_circle_km
from geoclip_core.earth.regions import Region
from geoclip_core.errors import RegionError
from geoclip_core.evidence.source import Evidence
from geoclip_core.locate.gallery import Gallery
from geoclip_core.locate.query import Query
from geoclip_core.model.encode import encode_points
from geoclip_core.model.location_encoder import BaseLocationEncoder

_VECTORS_AT_ONCE = 64  # alternatives per matrix product: 100,000 points x 64 floats are 26 MB
_TINY = 1e-300
_REGION_POINTS = 256
_FEW = 16


@dataclass(frozen=True)
class Posterior:
    """Probability over a stated set of points: the gallery, the places the question names, the region.

    Attributes:
        latlon: (n, 2) degrees.
        spread_km: (n,) radius in km around each point that it stands for.
        probability: (n,) float64, sums to 1.
        region_share: Probability that lay in the region before restricting to it; 1 without a region.
    """

    latlon: Floats
    spread_km: Floats
    probability: Floats
    region_share: float


def posterior(query: Query, gallery: Gallery, encoder: BaseLocationEncoder, scale: float) -> Posterior:
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
    own, own_spread, own_vectors = query.named_points()
    extra = _points_in_gaps(region, gallery, own)
    blocks = [gallery.vectors, own_vectors.to(gallery.vectors.device)]
    latlon, spread = np.concatenate([gallery.latlon, own, extra]), [gallery.spread_km, own_spread]
    if len(extra):
        blocks.append(encode_points(encoder, extra))
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

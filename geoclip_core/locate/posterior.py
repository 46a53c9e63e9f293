"""From a question to probabilities over points: the gallery, the places it names, the region."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from geoclip_core.earth.coordinates import Floats
from geoclip_core.earth.distance import EARTH_RADIUS_KM, disk_points, great_circle_km
from geoclip_core.earth.regions import Region
from geoclip_core.errors import RegionError
from geoclip_core.locate.density import TINY, ComparedPoints
from geoclip_core.locate.gallery import Gallery
from geoclip_core.locate.query import Query
from geoclip_core.model.location_encoder import BaseLocationEncoder

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


@dataclass(frozen=True)
class Comparison:
    """Every piece of evidence, compared at every point.

    Attributes:
        latlon: (n, 2) degrees: the gallery, the points that the evidence names, points that only the region brings in.
        spread_km: (n,) radius in km around each point that it stands for.
        prior: (n,) weight of each point in the unrestricted comparison, not negative.
        inside: (n,) weight of each point in the region, 0 outside it; the prior without a region.
        logs: (parts, n) natural logarithm of each piece's density, times its power.
    """

    latlon: Floats
    spread_km: Floats
    prior: Floats
    inside: Floats
    logs: Floats


def compare(query: Query, gallery: Gallery, encoder: BaseLocationEncoder, scale: float) -> Comparison:
    """Compare a question with every point; see ``density.py`` for how.

    Args:
        query: The question, with its region.
        gallery: Points with vectors.
        encoder: Encodes the points of a region that the gallery does not reach.
        scale: Factor on cosines, ``exp`` of the logit scale.

    Raises:
        RegionError: The region holds no point at all.
    """
    region = query.region
    own, own_spread = query.named_points()
    extra = _points_in_gaps(region, gallery, own)
    points = ComparedPoints(gallery, np.concatenate([own, extra]), encoder)
    spread = np.concatenate([gallery.spread_km, own_spread, np.zeros(len(extra))])
    # Points that only the region brings in carry no weight in the unrestricted comparison.
    prior = np.concatenate([gallery.weights, np.ones(len(own)), np.zeros(len(extra))])
    inside = prior
    if region is not None:
        held = region.contains(points.latlon)
        if not held.any():
            raise RegionError(
                f"The region {region.label} holds none of the points that are compared", hint="choose a larger region"
            )
        inside = np.where(held, np.concatenate([prior[: len(prior) - len(extra)], np.ones(len(extra))]), 0.0)
    logs = [part.power * np.log(points.density(part, scale, prior) + TINY) for part in query.evidence]
    return Comparison(points.latlon, spread, prior, inside, np.array(logs))


def combine(query: Query, compared: Comparison) -> Posterior:
    """Probability of each point given a question.

    Pieces e of one group g multiply, ``p_g(x) ~ m(x) prod_e f_e(x)^power_e`` (with one vector this is the softmax of
    GeoCLIP, eq. 5), and groups add, ``p = mean_g p_g``. The region is applied to each group, which then weighs as much
    as it had there.

    Args:
        query: The question.
        compared: What :func:`compare` made of it; another grouping of the same evidence may be combined from it.
    """
    groups = sorted({part.group for part in query.evidence})
    total, share = np.zeros(len(compared.prior)), 0.0
    for group in groups:
        rows = [i for i, part in enumerate(query.evidence) if part.group == group]
        log_density = compared.logs[rows].sum(axis=0)
        free = compared.prior * np.exp(log_density - log_density.max())
        held = compared.inside > 0
        within = float(free[held].sum() / free.sum())
        kept = compared.inside * np.exp(np.where(held, log_density - log_density[held].max(), -np.inf))
        # A group that had nothing in the region counts only where none of the others had either.
        total += max(within, TINY) * kept / kept.sum()
        share += within / len(groups)
    if query.region is None:
        share = 1.0
    return Posterior(compared.latlon, compared.spread_km, total / total.sum(), share)


def posterior(query: Query, gallery: Gallery, encoder: BaseLocationEncoder, scale: float) -> Posterior:
    """Probability of each point given a question: :func:`compare`, then :func:`combine`."""
    return combine(query, compare(query, gallery, encoder, scale))


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

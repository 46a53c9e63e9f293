"""From a question to probabilities over points: the gallery, the places it names, the region."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from torch import Tensor

from geoclip_core.earth.coordinates import Floats
from geoclip_core.earth.distance import EARTH_RADIUS_KM, disk_points, great_circle_km
from geoclip_core.earth.regions import Region
from geoclip_core.errors import RegionError
from geoclip_core.locate.density import TINY, ComparedPoints
from geoclip_core.locate.gallery import Gallery, spacing_km
from geoclip_core.locate.query import Query
from geoclip_core.model.location_encoder import BaseLocationEncoder

LEAST_NAMED = 0.01
"""Probability that the evidence must speak for, so that places and pictures stand for that part only."""

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
        named: (n,) the part of each probability that the evidence speaks for; the rest, up to 1, "could be anywhere
            people take photos" (see ``evidence/calibrated.py``). The probability itself without a calibration.
    """

    latlon: Floats
    spread_km: Floats
    probability: Floats
    region_share: float
    named: Floats = dataclasses.field(default=None)  # type: ignore[arg-type]

    def __post_init__(self) -> None:
        if self.named is None:
            object.__setattr__(self, "named", self.probability)

    @property
    def placed(self) -> Floats:
        """(n,) what lies at the points: what is named, or all where the evidence hardly speaks for what is searched."""
        return self.named if self.named.sum() > LEAST_NAMED else self.probability


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


def compare(
    query: Query,
    gallery: Gallery,
    encoder: BaseLocationEncoder,
    scale: float,
    cosines: Sequence[Tensor | None] | None = None,
    also: Floats | None = None,
) -> Comparison:
    """Compare a question with every point; see ``density.py`` for how.

    Args:
        query: The question, with its region.
        gallery: Points with vectors.
        encoder: Encodes the points of a region that the gallery does not reach.
        scale: Factor on cosines, ``exp`` of the logit scale.
        cosines: What :func:`density.cosines_together` made of the question; else it is computed here.
        also: (m, 2) degrees of further points to compare, each of weight 1; none by default.

    Raises:
        RegionError: The region holds no point at all.
    """
    region = query.region
    own, own_spread = query.named_points()
    if also is not None:
        own, own_spread = np.concatenate([own, also]), np.concatenate([own_spread, np.zeros(len(also))])
    own_weights, gallery_weights = np.ones(len(own)), gallery.weights
    head = gallery.larger.head(query) if gallery.larger is not None else None
    if head is not None:
        own, own_spread = np.concatenate([own, head.latlon]), np.concatenate([own_spread, spacing_km(head.latlon)])
        own_weights, gallery_weights = np.concatenate([own_weights, head.weights]), head.rest
    # Each point is looked up in the region once: borders are long.
    held = np.concatenate([region.contains(gallery.latlon), region.contains(own)]) if region is not None else None
    extra = _points_in_gaps(region, held)
    points = ComparedPoints(gallery, np.concatenate([own, extra]), encoder)
    spread = np.concatenate([gallery.spread_km, own_spread, np.zeros(len(extra))])
    # Points that only the region brings in carry no weight in the unrestricted comparison.
    prior = np.concatenate([gallery_weights, own_weights, np.zeros(len(extra))])
    inside = prior
    if region is not None and held is not None:
        held = np.concatenate([held, np.ones(len(extra), bool)])
        if not held.any():
            raise RegionError(
                f"The region {region.label} holds none of the points that are compared", hint="choose a larger region"
            )
        inside = np.where(held, np.concatenate([prior[: len(prior) - len(extra)], np.ones(len(extra))]), 0.0)
    known = cosines or (None,) * len(query.evidence)
    logs = [
        part.power * np.log(points.density(part, scale, prior, of_part) + TINY)
        for part, of_part in zip(query.evidence, known, strict=True)
    ]
    return Comparison(points.latlon, spread, prior, inside, np.array(logs))


def combine(query: Query, compared: Comparison) -> Posterior:
    """Probability of each point given a question.

    Pieces e of one group g multiply, ``p_g(x) ~ m(x) prod_e f_e(x)^power_e`` (with one vector this is the softmax of
    GeoCLIP, eq. 5), and groups add, ``p = mean_g p_g``. The region is applied to each group, which then weighs as much
    as it had there. Evidence with a share e of the prior is ``(1 - e) f + e``, with f normalised: it can be wrong.

    Args:
        query: The question.
        compared: What :func:`compare` made of it; another grouping of the same evidence may be combined from it.
    """
    groups = sorted({part.group for part in query.evidence})
    total, anywhere, share = np.zeros(len(compared.prior)), np.zeros(len(compared.prior)), 0.0
    for group in groups:
        rows = [i for i, part in enumerate(query.evidence) if part.group == group]
        log_density, log_anywhere = _mixed(query, compared, rows)
        free = compared.prior * np.exp(log_density - log_density.max())
        held = compared.inside > 0
        within = float(free[held].sum() / free.sum()) * math.prod(query.evidence[i].region_share for i in rows)
        kept = compared.inside * np.exp(np.where(held, log_density - log_density[held].max(), -np.inf))
        # A group that had nothing in the region counts only where none of the others had either.
        weight = max(within, TINY) / kept.sum()
        total += weight * kept
        if log_anywhere > -np.inf:
            anywhere += weight * compared.inside * np.exp(log_anywhere - log_density[held].max())
        share += within / len(groups)
    if query.region is None:
        share = 1.0
    probability = total / total.sum()
    named = np.maximum(probability - anywhere / total.sum(), 0.0) if anywhere.any() else probability
    return Posterior(compared.latlon, compared.spread_km, probability, share, named)


def _mixed(query: Query, compared: Comparison, rows: list[int]) -> tuple[Floats, float]:
    """Logarithm of the density of pieces that multiply, and of the part of it that is none of theirs.

    Pieces of one kind and witness, such as ten crops, are one piece of evidence, which is right or wrong as a whole.
    """
    if not any(query.evidence[i].prior_share for i in rows):
        return compared.logs[rows].sum(axis=0), -math.inf
    units: dict[tuple[str, str], list[int]] = {}
    for i in rows:
        units.setdefault((query.evidence[i].witness, query.evidence[i].family or query.evidence[i].kind), []).append(i)
    total, anywhere = np.zeros(len(compared.prior)), 0.0
    mass = compared.prior.sum()
    for members in units.values():
        logs = compared.logs[members].sum(axis=0)
        share = query.evidence[members[0]].prior_share
        if not share:
            total, anywhere = total + logs, -math.inf
            continue
        kernel = np.exp(logs - logs.max())
        total = total + np.log((1 - share) * kernel / (compared.prior @ kernel) + share / mass)
        anywhere += math.log(share / mass)
    return total, anywhere


def posterior(query: Query, gallery: Gallery, encoder: BaseLocationEncoder, scale: float) -> Posterior:
    """Probability of each point given a question: :func:`compare`, then :func:`combine`."""
    return combine(query, compare(query, gallery, encoder, scale))


def _points_in_gaps(region: Region | None, held: npt.NDArray[np.bool_] | None) -> Floats:
    """Points of a region that gallery and question hardly reach, spread over it evenly.

    Args:
        region: The region, if there is one.
        held: Which points of gallery and question lie in it.
    """
    if region is None or held is None or held.sum() >= _FEW:
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

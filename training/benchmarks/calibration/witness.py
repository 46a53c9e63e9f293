"""What one source says of one question with a known answer, in the form that calibration is fitted from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from geoclip_core.earth.coordinates import Floats, unit_vectors
from geoclip_core.earth.distance import EARTH_RADIUS_KM, destination, great_circle_km
from geoclip_core.evaluation.areas import EARTH_KM2
from geoclip_core.evaluation.tempering import Alternatives, Places, Tempering
from geoclip_core.evidence.source import Evidence
from geoclip_core.locate.candidates import MERGE_KM, distinct_places
from geoclip_core.locate.gallery import Gallery
from geoclip_core.locate.locator import Locator
from geoclip_core.locate.posterior import Posterior
from geoclip_core.locate.query import Query
from training.benchmarks.calibration.questions import Question

LEAST_KM = 10.0
"""Nothing is said below this: a truth is as likely as the density smoothed so far. Half of the mass of a place lies
within 12 km then, less than the 25 km within which points are one place."""

DRAWS = 100
"""Points drawn from a density, to find the mass of what is denser than the truth."""

_EXACT, _BLOCK = 2048, 128  # likeliest points of a gallery by themselves, the others in blocks of nearly equal ones
_PRIOR_IN_PLACE = 1e-3  # of where people take photos, within 25 km of one of the places that matter
_REACH = 4.0  # standard deviations beyond which a point says nothing
_EVERYWHERE = 0.01  # of the prior, spread evenly over the Earth: people are at sea and in Antarctica, too


@dataclass(frozen=True)
class Witness:
    """One question.

    Attributes:
        part: The evidence, as it was found.
        truth: Degrees.
        tolerance_km: How far from the truth is right beyond the usual; also how widely the truth is known.
        group: Whose it is.
        scene: What it shows, where that is known.
        meant: Whether it means a place at all.
        latlon: (k, 2) points that the evidence spreads over.
        spread_km: (k,).
        log_base: (k,) logarithm of the share of each point in its alternative.
        log_weight: (k,) logarithm of the weight of its alternative, which a temperature divides.
    """

    part: Evidence
    truth: tuple[float, float]
    tolerance_km: float
    group: str
    scene: str
    meant: bool
    latlon: Floats
    spread_km: Floats
    log_base: Floats
    log_weight: Floats

    @property
    def sigma_km(self) -> float:
        """Standard deviation along each axis with which the truth is known."""
        return max(LEAST_KM, self.tolerance_km / 2)

    def probability(self, fit: Tempering) -> Floats:
        """(k,) of the points, summing to 1, where the evidence speaks at all."""
        total = np.zeros(len(self.log_base))
        for temperature, share in ((fit.temperature, 1 - fit.kept), (1.0, fit.kept)):
            if share:
                logs = self.log_base + self.log_weight.astype(np.float64) / temperature
                kernel = np.exp(logs - logs.max())
                total += share * kernel / kernel.sum()
        return total

    def density(self, probability: Floats, points: Floats) -> Floats:
        """(m,) density per km2 of the tempered evidence at (m, 2) points, smoothed as far as the truth is known."""
        sigma = np.hypot(self.spread_km, self.sigma_km)
        seen = probability > probability.max() * 1e-9
        return _hills(points, self.latlon[seen], sigma[seen], probability[seen])

    @property
    def reach_km(self) -> float:
        """How far from a place the truth may lie for it to be right, unless the place is larger."""
        areas = self.part.disks if self.part.alternative is None else ()
        return max([MERGE_KM, self.tolerance_km, *(disk.radius_km for disk in areas)])

    @cached_property
    def first(self) -> tuple[npt.NDArray[np.bool_], bool]:
        """Which points are right if an answer's first place is, which no temperature changes; and whether it is.

        Both go by one distance: a truth that is known to 300 km only is right where the answer lies within 300 km of
        it, and what the answer says of that is its probability within 300 km.
        """
        found = Posterior(self.latlon, self.spread_km, self.probability(Tempering()), 1.0)
        best = distinct_places(found, Query((self.part,)), 1)[0]
        reach = max(self.reach_km, best.disk.radius_km if best.disk else 0.0)
        right = self.meant and bool(great_circle_km(best.latlon, self.truth) <= reach)
        return great_circle_km(best.latlon, self.latlon) <= reach, right

    def outcome(self) -> tuple[Floats, Floats, Floats]:
        """(j,) logarithms of base and weight of alternatives, and the share of each that is as it turned out.

        What turned out is that the truth is in the first place, or that it is not.
        """
        members, right = self.first
        return self._alternatives((members == right).astype(np.float64))

    def landing(self) -> tuple[Floats, Floats, Floats]:
        """The same, with the density of each alternative at the truth, per km2."""
        if not self.meant:
            return self._alternatives(np.ones(len(self.latlon)))
        sigma = np.hypot(self.spread_km, self.sigma_km)
        return self._alternatives(_kernel(np.array([self.truth]), self.latlon, sigma)[0])

    def _alternatives(self, values: Floats) -> tuple[Floats, Floats, Floats]:
        """(j,) logarithms of base and weight of alternatives, and the mean of (k,) values over the points of each."""
        base, weight = self.log_base, self.log_weight.astype(np.float64)
        if self.part.alternative is not None:  # the points of one place share a weight, and act as one
            weight, place = np.unique(weight, return_inverse=True)
            mass = np.bincount(place, np.exp(base))
            return np.log(mass), weight, np.bincount(place, np.exp(base) * values) / mass
        if len(base) <= 2 * _EXACT:
            return base, weight, values
        order = np.argsort(-weight)
        blocks = np.r_[np.arange(_EXACT), np.arange(_EXACT, len(order), _BLOCK)]
        mass = np.exp(base[order])
        total = np.add.reduceat(mass, blocks)
        return (
            np.log(total),
            np.add.reduceat(mass * weight[order], blocks) / total,
            np.add.reduceat(mass * values[order], blocks) / total,
        )

    def first_place(self, fit: Tempering) -> tuple[float, bool]:
        """Probability that an answer gives its first place, and whether the truth is there."""
        members, right = self.first
        chance = self.probability(fit) * (1 - fit.prior_share)
        return min(float(chance[members].sum()), 1.0), right

    def mass_before(self, fit: Tempering, prior: PriorDensity, rng: np.random.Generator) -> float:
        """Share of the density's mass where it is denser than at the truth, from points drawn of it."""
        if not self.meant:
            return 1.0
        chance = self.probability(fit)
        rows = rng.choice(len(chance), DRAWS, p=chance)
        away = np.hypot(self.spread_km[rows], self.sigma_km) * np.sqrt(-2 * np.log(rng.random(DRAWS)))
        drawn = destination(self.latlon[rows], rng.uniform(0, 360, DRAWS), np.minimum(away, 20_000.0))
        anywhere = rng.random(DRAWS) < fit.prior_share
        drawn[anywhere] = prior.draw(int(anywhere.sum()), rng)
        points = np.concatenate([[self.truth], drawn])
        density = (1 - fit.prior_share) * self.density(chance, points) + fit.prior_share * prior(points)
        return float((density[1:] > density[0]).mean())


class PriorDensity:
    """Where people take photos: the gallery, each point spread over what it stands for.

    Args:
        gallery: The model's.
    """

    def __init__(self, gallery: Gallery) -> None:
        self._gallery = gallery
        self._latlon = gallery.latlon
        self._sigma = np.hypot(gallery.spread_km, LEAST_KM)
        self._weight = gallery.weights / gallery.weights.sum()
        corners = unit_vectors(gallery.latlon)
        edges = [0.0, 1.5 * LEAST_KM, 3 * LEAST_KM, np.inf]  # points that reach about as far are looked for together
        groups = [(self._sigma > low) & (self._sigma <= high) for low, high in pairwise(edges)]
        self._parts = [(cKDTree(corners[g]), self._sigma[g], self._weight[g]) for g in groups if g.any()]

    def __call__(self, points: Floats) -> Floats:
        """(m,) density per km2 at (m, 2) points."""
        corners = unit_vectors(points)
        total = np.full(len(points), _EVERYWHERE / EARTH_KM2)
        for tree, sigma, weight in self._parts:
            near = tree.query_ball_point(corners, _REACH * float(sigma.max()) / EARTH_RADIUS_KM)
            counts = [len(rows) for rows in near]
            if not any(counts):
                continue
            rows = np.concatenate([np.asarray(part, np.int64) for part in near])
            owner = np.repeat(np.arange(len(points)), counts)
            chord = ((corners[owner] - tree.data[rows]) ** 2).sum(axis=1)
            hills = np.exp(-chord * (EARTH_RADIUS_KM / sigma[rows]) ** 2 / 2) / (2 * np.pi * sigma[rows] ** 2)
            total += (1 - _EVERYWHERE) * np.bincount(owner, weight[rows] * hills, len(points))
        return total

    def country_shares(self) -> dict[str, float]:
        """Share of the gallery's weight in each country, by its code; "" at sea."""
        codes, owner = np.unique(self._gallery.countries, return_inverse=True)
        return dict(zip(codes.tolist(), np.bincount(owner, self._weight).tolist(), strict=True))

    def draw(self, count: int, rng: np.random.Generator) -> Floats:
        """(count, 2) points of it."""
        rows = rng.choice(len(self._weight), count, p=self._weight)
        away = self._sigma[rows] * np.sqrt(-2 * np.log(rng.random(count)))
        return np.asarray(destination(self._latlon[rows], rng.uniform(0, 360, count), away))


def witness_of(locator: Locator, parts: tuple[Evidence, ...], question: Question) -> Witness | None:
    """The witness of a question; None where several sources speak, or one that is never recalibrated.

    Args:
        locator: The model.
        parts: All evidence that was found.
        question: With its answer.
    """
    if len(parts) != 1 or not parts[0].family:
        return None
    part, gallery = parts[0], locator.gallery
    known = (
        part,
        question.truth or (-90.0, 0.0),
        question.tolerance_km,
        question.group,
        question.scene,
        question.truth is not None,
    )
    if part.vectors is not None:
        if len(part.vectors) != 1:
            return None
        cosines = (gallery.vectors @ part.vectors[0].to(gallery.vectors.device)).cpu().numpy()
        base = np.asarray(np.log(gallery.weights))
        return Witness(*known, gallery.latlon, gallery.spread_km, base, cosines * np.float32(locator.scale))
    assert part.points is not None
    assert part.spread_km is not None
    kept = part.weights > 0
    weights = part.weights[kept]
    groups = np.arange(len(weights)) if part.alternative is None else part.alternative[kept]
    whole = np.bincount(groups, weights)[groups]
    return Witness(*known, part.points[kept], part.spread_km[kept], np.log(weights / whole), np.log(whole))


def outcomes_of(witnesses: list[Witness]) -> tuple[Alternatives, Floats]:
    """What a fit needs to know of what is right: whether the first place of each answer was.

    A calibrated answer is right as often as its first place says, so the likelihood is that of this outcome: with a
    share e of the prior it is right with ``(1 - e) p`` and wrong with ``1 - (1 - e) p``.

    Returns:
        The probability of what turned out as a function of the temperature, and the (n,) logarithm of what the prior
        gives to it: nearly nothing to one place, nearly everything to others.
    """
    right = np.array([witness.first[1] for witness in witnesses])
    prior = np.where(right, np.log(_PRIOR_IN_PLACE), np.log1p(-_PRIOR_IN_PLACE))
    return _joined([witness.outcome() for witness in witnesses]), np.asarray(prior, np.float64)


def places_of(witnesses: list[Witness], prior: PriorDensity) -> Places:
    """What a fit needs to know of where the truths lie.

    Args:
        witnesses: Of one kind of evidence.
        prior: Where people take photos.
    """
    meant = np.array([witness.meant for witness in witnesses])
    log_prior = np.zeros(len(witnesses))
    if meant.any():
        log_prior[meant] = np.log(prior(np.array([witness.truth for witness in witnesses])[meant]))
    return Places(_joined([witness.landing() for witness in witnesses]).of, log_prior)


def _joined(parts: list[tuple[Floats, Floats, Floats]]) -> Alternatives:
    return Alternatives([part[1] for part in parts], [part[2] for part in parts], [part[0] for part in parts])


def _kernel(points: Floats, centres: Floats, sigma_km: Floats) -> Floats:
    """(m, k) densities per km2 of round hills, each holding a mass of 1."""
    a, b = unit_vectors(points), unit_vectors(centres)
    chord = sum((a[:, None, axis] - b[None, :, axis]) ** 2 for axis in range(3))
    return np.asarray(np.exp(-chord * (EARTH_RADIUS_KM / sigma_km) ** 2 / 2) / (2 * np.pi * sigma_km**2))


def _hills(points: Floats, centres: Floats, sigma_km: Floats, mass: Floats) -> Floats:
    return np.asarray(_kernel(points, centres, sigma_km) @ mass)

"""Holding a claimed place against the evidence: how far inside the answer it lies, and which source speaks against it.

The Earth is cut into cells of about ``CELL_KM``; of each the answer says how probable it is. Cells, from the most
probable down, make the smallest region that holds a given probability (Hyndman 1996); the claim's level is what all
cells that are more probable than the claimed place hold together. Where the probabilities are right, the true place has
a level below 0.9 nine times in ten.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from geoclip_core.earth.coordinates import Floats
from geoclip_core.earth.distance import disk_points, great_circle_km
from geoclip_core.locate.answer import Answer
from geoclip_core.locate.claim.claimed import ClaimedPlace
from geoclip_core.locate.claim.wording import summary
from geoclip_core.locate.posterior import Comparison, Posterior
from geoclip_core.locate.query import Query

CELL_KM = 25.0
"""Side of a cell: what is nearer than this to the claimed place is not told apart from it (a city)."""

LEVELS = (0.5, 0.9, 0.99)

LEAST_FACTOR = 10**0.5
"""A Bayes factor nearer to 1 than this is "not worth more than a bare mention" (Jeffreys 1961, appendix B)."""

MOST_TIMES = 1e9
"""A larger ratio of probabilities says no more than this one."""

_DEGREE_KM = 111.195
_SAMPLES = 4000  # points that a claimed area is laid out with, at most

Verdict = Literal["not contradicted", "doubtful", "contradicted"]


@dataclass(frozen=True)
class Side:
    """What one source says of the claim.

    Attributes:
        kind: Kind of the evidence.
        label: What it is, in words.
        factor: Bayes factor: how much likelier the evidence is if the claim is true than if the place is anywhere.
        used: Whether the verdict rests on it; False where it is only told, such as a file's position beside the pixels.
    """

    kind: str
    label: str
    factor: float
    used: bool = True

    @property
    def says(self) -> Literal["for", "against", "neither"]:
        """Which way it points."""
        if self.factor >= LEAST_FACTOR:
            return "for"
        return "against" if self.factor <= 1 / LEAST_FACTOR else "neither"


@dataclass(frozen=True)
class ClaimCheck:
    """A claim held against the evidence.

    Attributes:
        claim: The claimed place.
        answer: What the evidence says by itself, without the claim.
        level: Probability of all that is more probable than the claimed place, 0 (the best place) to 1.
        times: How many times likelier the best cell is than the best one of the claimed place; at most ``MOST_TIMES``.
        distance_km: From the claimed place to the best place; 0 where that lies in it.
        sides: Source by source.
    """

    claim: ClaimedPlace
    answer: Answer
    level: float
    times: float
    distance_km: float
    sides: tuple[Side, ...]

    @property
    def inside(self) -> float | None:
        """The smallest of ``LEVELS`` whose credible region holds the claimed place; None outside all of them."""
        return next((level for level in LEVELS if self.level < level), None) if self.times < MOST_TIMES else None

    @property
    def verdict(self) -> Verdict:
        """Inside the 90 % region, only inside the 99 % region, or outside; a claim is never confirmed."""
        if self.inside is None:
            return "contradicted"
        return "doubtful" if self.inside > 0.9 else "not contradicted"

    @property
    def sentence(self) -> str:
        """The verdict as a careful person would word it."""
        return summary(self)

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain JSON types; points as [latitude, longitude] in degrees."""
        sides = [
            {"kind": s.kind, "label": s.label, "factor": s.factor, "says": s.says, "used": s.used} for s in self.sides
        ]
        return {
            "claim": {
                "words": self.claim.words,
                "source": self.claim.source,
                "latlon": list(self.claim.latlon),
                "places": [
                    {"name": d.name, "latlon": list(d.latlon), "radius_km": d.radius_km} for d in self.claim.disks
                ],
            },
            "verdict": self.verdict,
            "sentence": self.sentence,
            "inside": self.inside,
            "level": self.level,
            "times_likelier": self.times,
            "distance_km": self.distance_km,
            "cell_km": CELL_KM,
            "sources": sides,
            "answer": self.answer.to_dict(),
        }


def claim_points(claim: ClaimedPlace, latlon: Floats) -> Floats:
    """Points that a comparison lacks: the middle of each claimed place that holds none of the given points.

    Args:
        claim: The claimed place.
        latlon: (n, 2) degrees, the points of the gallery.
    """
    middles = np.array([disk.latlon for disk in claim.disks], dtype=np.float64).reshape(-1, 2)
    empty = [not (great_circle_km(disk.latlon, latlon) <= max(disk.radius_km, CELL_KM)).any() for disk in claim.disks]
    return np.asarray(middles[empty])


def judge(
    claim: ClaimedPlace,
    answer: Answer,
    query: Query,
    compared: Comparison,
    world: Posterior,
    told: Sequence[tuple[str, str, Floats]] = (),
) -> ClaimCheck:
    """Hold a claim against an answer.

    Args:
        claim: The claimed place.
        answer: The answer of all evidence but the claim.
        query: Its evidence.
        compared: What ``posterior.compare`` made of it, with :func:`claim_points`.
        world: What ``posterior.combine`` made of that.
        told: Kind, label and log density (n,) of evidence that is only shown beside the answer.
    """
    claimed = _claimed(claim, world.latlon)
    cells = _cells(world.latlon)
    order, inverse = np.unique(cells, return_inverse=True)
    mass = np.bincount(inverse, world.probability, len(order))
    own = float(mass[np.unique(inverse[claimed])].max(initial=0.0))
    level = float(mass[mass > own].sum())
    best = float(mass.max())
    times = min(best / own, MOST_TIMES) if own > 0 else MOST_TIMES
    parts: dict[tuple[str, str], Floats] = {}
    for piece, log in zip(query.evidence, compared.logs, strict=True):
        key = (piece.kind, piece.label)
        parts[key] = parts[key] + log if key in parts else log
    sides = [Side(kind, label, _factor(log, compared.prior, claimed)) for (kind, label), log in parts.items()]
    sides += [Side(kind, label, _factor(log, compared.prior, claimed), used=False) for kind, label, log in told]
    peak = answer.candidates[0].latlon
    away = (
        0.0
        if claim.holds(np.array([peak]), 0.0)[0]
        else min(
            max(0.0, float(great_circle_km(disk.latlon, peak)) - (disk.radius_km if claim.region is None else 0.0))
            for disk in claim.disks
        )
    )
    return ClaimCheck(claim, answer, level, times, away, tuple(sides))


def _claimed(claim: ClaimedPlace, latlon: Floats) -> npt.NDArray[np.bool_]:
    """Which points lie in the claimed place or in a cell that it touches."""
    held = claim.holds(latlon, CELL_KM / 2)
    if claim.region is not None:
        return held
    touched = [
        disk_points(d.latlon, r, min(_SAMPLES, 16 + math.ceil(4 * math.pi * (r / CELL_KM) ** 2)))
        for d in claim.disks
        for r in (max(d.radius_km, CELL_KM / 2),)
    ]
    return np.asarray(held | np.isin(_cells(latlon), _cells(np.concatenate(touched))))


def _cells(latlon: Floats) -> npt.NDArray[np.int64]:
    """The cell of each point: bands of latitude, cut into pieces of nearly equal area."""
    high = CELL_KM / _DEGREE_KM
    band = np.floor((latlon[:, 0] + 90.0) / high).astype(np.int64)
    middle = np.radians(np.clip((band + 0.5) * high - 90.0, -90.0, 90.0))
    around = np.maximum(1.0, np.round(360.0 * np.cos(middle) / high))
    return np.asarray(band * 100_000 + np.floor((latlon[:, 1] + 180.0) % 360.0 / 360.0 * around).astype(np.int64))


def _factor(log: Floats, prior: Floats, claimed: npt.NDArray[np.bool_]) -> float:
    """Share of the likelihood in the claimed place, relative to its share of the prior."""
    likelihood = prior * np.exp(log - log[prior > 0].max())
    share, expected = likelihood[claimed].sum() / likelihood.sum(), prior[claimed].sum() / prior.sum()
    return float(share / expected) if expected > 0 else 1.0

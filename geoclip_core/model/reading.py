"""What was read in a text: places with weights, and the points that stand for them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from geoclip_core.earth.distance import disk_points
from geoclip_core.places.gazetteer import Place

How = Literal["exact", "fuzzy", "meaning", "country", "language", "coordinates"]
Floats = npt.NDArray[np.float64]

MOST_POINTS = 2048
_SPACING_KM = 2.0  # the released location encoder tells points a few kilometres apart in towns
_MOST_PER_DISK = 256
_FEWEST_PER_DISK = 7  # the centre and six around it


@dataclass(frozen=True)
class Alternative:
    """One way to understand a text.

    Args:
        place: The place.
        weight: Share of belief, in (0, 1]; all alternatives of a reading sum to 1.
        matched_text: The words that named it, as written; empty for the sound of a language.
        how: What it was recognised by.
        score: Log odds against no evidence, comparable between readings of the same ``how`` only.
    """

    place: Place
    weight: float
    matched_text: str
    how: How
    score: float


@dataclass(frozen=True)
class Reading:
    """What a text says about where.

    Args:
        text: The cleaned text.
        alternatives: Heaviest first; empty when nothing was recognised.
        explanation: One sentence for the reader.
        towns: Gives the places of countries and regions where people are: (latlon (n, 2), weights (n,)).
    """

    text: str
    alternatives: tuple[Alternative, ...]
    explanation: str
    towns: Callable[[Place], tuple[Floats, Floats]] = field(repr=False, compare=False)

    @property
    def recognised(self) -> bool:
        """Whether there is anything to show."""
        return bool(self.alternatives)

    def points(self) -> tuple[Floats, Floats]:
        """The alternatives spread over their extents.

        Countries and regions are spread over their towns, all other places over the area of their disks.

        Returns:
            latlon of shape (n, 2) and weights of shape (n,) that sum to 1, n at most 2,048 (and at least one
            per part of every place); both empty when nothing was recognised.
        """
        spread = [self._spread(alternative) for alternative in self.alternatives]
        if not spread:
            return np.empty((0, 2)), np.empty(0)
        latlon = np.concatenate([points for points, _ in spread])
        weights = np.concatenate([weights for _, weights in spread])
        if len(weights) > MOST_POINTS:  # keep the heaviest; what is left out was next to nothing
            heaviest = np.sort(np.argsort(-weights, kind="stable")[:MOST_POINTS])
            latlon, weights = latlon[heaviest], weights[heaviest]
        return latlon, weights / weights.sum()

    def _spread(self, alternative: Alternative) -> tuple[Floats, Floats]:
        place, share = alternative.place, alternative.weight
        if alternative.how == "coordinates":
            return np.array([place.latlon]), np.array([share])
        if place.kind in ("country", "region"):
            latlon, weights = self.towns(place)
            if len(latlon):
                most = max(1, round(MOST_POINTS * share))
                return latlon[:most], share * weights[:most] / weights[:most].sum()
        extents = np.array([extent for _, _, extent in place.parts])
        budget = max(1.0, MOST_POINTS * share / len(extents))
        points, weights = [], []
        for (lat, lon, extent), part in zip(place.parts, extents / extents.sum(), strict=True):
            wanted = np.clip(np.pi * extent**2 / _SPACING_KM**2, _FEWEST_PER_DISK, _MOST_PER_DISK)
            n = int(max(1, min(wanted, budget)))
            points.append(disk_points((lat, lon), extent, n))
            weights.append(np.full(n, share * part / n))
        return np.concatenate(points), np.concatenate(weights)

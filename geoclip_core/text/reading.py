"""What was read in a text: places with weights, and the points that stand for them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from geoclip_core.earth.coordinates import Floats, unit_vectors
from geoclip_core.earth.distance import chord_to_km, disk_points
from geoclip_core.places.gazetteer import Gazetteer, Place
from geoclip_core.text import settings

How = Literal["exact", "fuzzy", "inflected", "meaning", "country", "language", "coordinates", "relation"]


@dataclass(frozen=True)
class Alternative:
    """One place that a text may mean.

    Args:
        place: The place.
        weight: Share of belief, in (0, 1]; all alternatives of a reading sum to 1.
        matched_text: The words that named it, as written; empty where only the language of the words tells.
        how: What it was recognised by.
        score: Log odds against no evidence, comparable between readings of the same ``how`` only.
    """

    place: Place
    weight: float
    matched_text: str
    how: How
    score: float


@dataclass(frozen=True)
class Disk:
    """One of the disks that the places of a reading consist of.

    Args:
        name: What the part is called, else the place with its region and country.
        latlon: Degrees, latitude first.
        extent_km: Radius.
        country_code: ISO 3166-1 alpha-2, or empty.
        weight: Share of belief; the disks of a reading sum to 1.
    """

    name: str
    latlon: tuple[float, float]
    extent_km: float
    country_code: str
    weight: float


@dataclass(frozen=True)
class Spread:
    """Points that stand for the places of a reading.

    Args:
        latlon: (n, 2) degrees.
        weights: (n,), sum 1.
        spread_km: (n,) radius of the disk that each point stands for: the truth may lie anywhere in it.
        alternative: (n,) index of the alternative that each point belongs to.
    """

    latlon: Floats
    weights: Floats
    spread_km: Floats
    alternative: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Reading:
    """The places that a text may mean, with weights.

    Args:
        text: The cleaned text.
        alternatives: Heaviest first; empty when nothing was recognised.
        explanation: One sentence for a person: what was understood, or that nothing was, and why.
        gazetteer: Where the places come from.
        suggestions: Other texts to ask, such as "Paris, Texas, United States", nearest first.
    """

    text: str
    alternatives: tuple[Alternative, ...]
    explanation: str
    gazetteer: Gazetteer = field(repr=False, compare=False)
    suggestions: tuple[str, ...] = ()

    @property
    def recognised(self) -> bool:
        """Whether there is anything to show."""
        return bool(self.alternatives)

    def disks(self) -> tuple[Disk, ...]:
        """The parts of all alternatives, heaviest alternative first; a part weighs as its radius does."""
        disks = []
        for alternative in self.alternatives:
            place = alternative.place
            label = self.gazetteer.label(place)
            total = sum(extent for _, _, extent in place.parts)
            for (lat, lon, extent), part in zip(place.parts, place.part_names, strict=True):
                weight = alternative.weight * extent / total
                disks.append(Disk(_part_label(place, label, part), (lat, lon), extent, place.country_code, weight))
        return tuple(disks)

    def points(self) -> tuple[Floats, Floats]:
        """Latlon (n, 2) and weights (n,) of :meth:`spread`."""
        spread = self.spread()
        return spread.latlon, spread.weights

    def spread(self) -> Spread:
        """The alternatives spread over their extents.

        Countries and regions are spread over their towns, by the square root of the population; all other
        places evenly over the area of their disks.

        Returns:
            At most ``settings.MOST_POINTS`` points, none when nothing was recognised.
        """
        pieces = [self._spread(alternative) for alternative in self.alternatives]
        if not pieces:
            return Spread(np.empty((0, 2)), np.empty(0), np.empty(0), np.empty(0, np.int64))
        latlon, weights, spread_km = (np.concatenate(columns) for columns in zip(*pieces, strict=True))
        belongs = np.repeat(np.arange(len(pieces)), [len(piece[1]) for piece in pieces])
        if len(weights) > settings.MOST_POINTS:  # rounding up gave a little more than there is room for
            heaviest = np.sort(np.argsort(-weights, kind="stable")[: settings.MOST_POINTS])
            latlon, weights, spread_km = latlon[heaviest], weights[heaviest], spread_km[heaviest]
            belongs = belongs[heaviest]
        return Spread(latlon, weights / weights.sum(), spread_km, belongs)

    def _spread(self, alternative: Alternative) -> tuple[Floats, Floats, Floats]:
        place, share = alternative.place, alternative.weight
        if place.kind in ("country", "region"):
            rows = self.gazetteer.settlements(place.row)[: max(1, round(settings.MOST_POINTS * share))]
            if len(rows):
                weights = np.sqrt(self.gazetteer.population[rows] + 1.0)
                latlon, extents = self.gazetteer.latlon[rows], self.gazetteer.extent_km[rows].astype(np.float64)
                return latlon, share * weights / weights.sum(), np.maximum(extents, _half_way_km(latlon))
        extents = np.array([extent for _, _, extent in place.parts])
        budget = settings.MOST_POINTS * share / len(extents)
        wanted = np.clip(np.pi * extents**2 / settings.SPACING_KM**2, settings.FEWEST_PER_DISK, settings.MOST_PER_DISK)
        if alternative.how == "coordinates" and place.extent_km <= settings.SPACING_KM:
            wanted = np.ones(1)
        counts = np.maximum(1, np.minimum(wanted, budget)).astype(np.int64)
        points = [
            disk_points((lat, lon), extent, n)
            for (lat, lon, extent), n in zip(place.parts, counts.tolist(), strict=True)
        ]
        weights = np.repeat(share * extents / extents.sum() / counts, counts)
        return np.concatenate(points), weights, np.repeat(extents / np.sqrt(counts), counts)


def _half_way_km(latlon: Floats) -> Floats:
    """Half the distance from each town to its third neighbour: a country is more than its largest towns."""
    if len(latlon) <= settings.NEIGHBOUR:
        return np.zeros(len(latlon))
    corners = unit_vectors(latlon)
    chord = cKDTree(corners).query(corners, k=settings.NEIGHBOUR + 1)[0][:, settings.NEIGHBOUR]
    return np.asarray(np.minimum(chord_to_km(chord) / 2, settings.LARGEST_HALF_WAY_KM))


def _part_label(place: Place, label: str, part: str) -> str:
    """A region of a landscape goes by its own name, a part of anything else by that of the whole as well."""
    if not part:
        return label
    return part if place.kind == "landscape" else f"{part}, {label}"

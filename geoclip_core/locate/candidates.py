"""From probabilities over points to distinct places."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geoclip_core.earth.coordinates import Floats
from geoclip_core.earth.disk import Disk
from geoclip_core.earth.distance import EARTH_RADIUS_KM, HALF_TURN_KM, great_circle_km
from geoclip_core.errors import QueryError
from geoclip_core.locate.posterior import Posterior
from geoclip_core.locate.query import Query

MERGE_KM = 25.0
"""Points nearer than this to a more probable one belong to its place: a city, the second threshold of the field."""

NEGLIGIBLE = 1e-4
"""A place less probable than this is no candidate, unless it is the best there is."""

_MOST_SEEDS = 64


@dataclass(frozen=True)
class Peak:
    """A distinct place among the points.

    Attributes:
        latlon: Where it is, degrees.
        probability: Sum over the points it absorbed.
        radius_km: Radius around it that holds half of that sum.
        disk: The named place behind it, if the question named one.
    """

    latlon: tuple[float, float]
    probability: float
    radius_km: float
    disk: Disk | None = None


def check_merge(merge_km: float) -> None:
    """Refuse a radius of places that is not on Earth.

    Raises:
        QueryError: It is out of range.
    """
    if not 0 <= merge_km <= HALF_TURN_KM:
        allowed = f"0 to {HALF_TURN_KM:.1f} km"
        raise QueryError(f"merge_km is {merge_km}", allowed=allowed, hint=f"leave it at {MERGE_KM:g}")


def distinct_places(answer: Posterior, query: Query, top_k: int, merge_km: float = MERGE_KM) -> tuple[Peak, ...]:
    """The most probable places, each standing for the points around it.

    Places that the question names come first and absorb what lies within their extent; then the most
    probable remaining point is taken again and again, and absorbs what lies within ``merge_km``. What could be anywhere
    (:attr:`Posterior.placed`) makes no place.

    Args:
        answer: Probabilities.
        query: The question they belong to.
        top_k: How many places at most.
        merge_km: Radius that a place absorbs, unless the question names a larger one; 0 to 20015.1 km.

    Returns:
        Places by falling probability; fewer than ``top_k`` where nothing worth naming is left.

    Raises:
        QueryError: The radius is out of range.
    """
    check_merge(merge_km)
    left = answer.placed.copy()
    points = _Points(answer.latlon)
    peaks: list[Peak] = []
    only_named = len(query.evidence) == 1
    # Evidence that excludes each other stays apart, however near: each place keeps what is nearest to it.
    rivals = query.disks if len({part.group for part in query.evidence}) > 1 else ()
    # The likelier meaning first: of two that overlap, it keeps its ground, however small.
    for disk in sorted(query.disks, key=lambda disk: (-disk.weight, disk.radius_km)):
        near, _ = points.within(disk.latlon, max(merge_km, disk.radius_km))
        near = near[left[near] > 0]
        near = near[_nearest_of(answer.latlon[near], disk, rivals)] if len(near) and rivals else near
        if len(near):
            best = disk.latlon if only_named else _point(answer.latlon[near[left[near].argmax()]])
            away_km = great_circle_km(best, answer.latlon[near])
            peaks.append(_peak(answer, left, near, away_km, best, disk))
            left[near] = 0.0
    rest = left.sum()
    for _ in range(_MOST_SEEDS):
        least = sorted((p.probability for p in peaks), reverse=True)
        # What is left makes no place that is worth naming, or none among the first.
        if (
            rest <= 0
            or (least and rest < min(NEGLIGIBLE, least[0]))
            or (len(peaks) >= top_k and rest <= least[top_k - 1])
        ):
            break
        best = _point(answer.latlon[left.argmax()])
        near, away_km = points.within(best, merge_km)
        some = left[near] > 0
        near, away_km = near[some], away_km[some]
        peaks.append(_peak(answer, left, near, away_km, best, None))
        left[near] = 0.0
        rest -= peaks[-1].probability
    ranked = sorted(peaks, key=lambda p: -p.probability)[:top_k]
    return tuple(p for p in ranked if p is ranked[0] or p.probability >= NEGLIGIBLE)


def _nearest_of(points: Floats, disk: Disk, rivals: Sequence[Disk]) -> npt.NDArray[np.bool_]:
    """Which points are nearer to a disk's centre than to that of any of its rivals."""
    away = np.array([great_circle_km(rival.latlon, points) for rival in rivals])
    return np.asarray(great_circle_km(disk.latlon, points) <= away.min(axis=0))


def _point(row: Floats) -> tuple[float, float]:
    return float(row[0]), float(row[1])


class _Points:
    """Points of which those near to one are found fast, again and again.

    Args:
        latlon: (n, 2) degrees.
    """

    def __init__(self, latlon: Floats) -> None:
        self._latlon = latlon
        self._order = np.argsort(latlon[:, 0], kind="stable")
        self._lat, self._lon = latlon[self._order, 0], latlon[self._order, 1]

    def within(self, latlon: tuple[float, float], radius_km: float) -> tuple[npt.NDArray[np.intp], Floats]:
        """Rows of the points within a distance, in order, and how far away they are, in kilometres.

        Only those in the box around the distance are measured.
        """
        reach_rad = radius_km / EARTH_RADIUS_KM
        reach_deg, lat = math.degrees(reach_rad) + 1e-9, latlon[0]
        first = int(np.searchsorted(self._lat, lat - reach_deg, "left"))
        last = int(np.searchsorted(self._lat, lat + reach_deg, "right"))
        rows = self._order[first:last]
        if abs(lat) + reach_deg < 90:  # else the disk holds a pole, and every longitude
            wide_deg = math.degrees(math.asin(min(1.0, math.sin(reach_rad) / math.cos(math.radians(lat))))) + 1e-9
            apart_deg = np.abs(self._lon[first:last] - latlon[1])
            rows = rows[(apart_deg <= wide_deg) | (apart_deg >= 360.0 - wide_deg)]  # or beyond the antimeridian
        rows = np.sort(rows)
        away_km = great_circle_km(latlon, self._latlon[rows])
        near = away_km <= radius_km
        return rows[near], away_km[near]


def _peak(
    answer: Posterior,
    left: Floats,
    near: npt.NDArray[np.intp],
    away_km: Floats,
    latlon: tuple[float, float],
    disk: Disk | None,
) -> Peak:
    mass = left[near]
    order = np.argsort(away_km)
    half = int(np.searchsorted(np.cumsum(mass[order]), mass.sum() / 2))
    middle = order[min(half, len(order) - 1)]
    radius_km = max(float(away_km[middle]), float(answer.spread_km[near[middle]]))
    return Peak(latlon, float(mass.sum()), radius_km, disk)

"""Scores of one fitted rival on the photos of the test: errors, likelihood, and the area to be searched."""

from __future__ import annotations

import functools
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from geoclip_core.earth.coordinates import Floats
from geoclip_core.earth.distance import EARTH_RADIUS_KM, HALF_TURN_KM, disk_points
from geoclip_core.evaluation.metrics import error_km, geoguessr_score
from geoclip_core.rivals.comparison.photo_sets import PhotoSet
from geoclip_core.rivals.contract import Rival
from geoclip_core.rivals.densities.plonk import Plonk

GRID_POINTS = 8192
"""Equal cells of the whole Earth among which areas are measured: 62,000 km2 each, below which nothing is said."""

SEARCHED_PHOTOS = 100
"""Photos of the test, the first, whose area is measured."""

_FLOW_POINTS = 32  # samples of a flow, and as many even points, by which its areas are estimated
_EARTH_KM2 = 4 * np.pi * EARTH_RADIUS_KM**2
_AT_ONCE = 250


@dataclass(frozen=True)
class Scores:
    """Of one rival with one seed.

    Attributes:
        errors_km: Of each photo of the test.
        log_density: Natural logarithm of the density at the true place, per steradian, of each.
        areas_km2: Area with a density at least as high as the true place's, of the first photos; not measured on made
            data, whose likelihood says more.
        parameters: Numbers trained.
        seconds: Processor time of the fit.
        settings: What was chosen, in words.
        notes: What a reader must know.
    """

    errors_km: list[float]
    log_density: list[float]
    areas_km2: list[float]
    parameters: int
    seconds: float
    settings: str
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Scores:
        """The inverse of :meth:`to_dict`."""
        return cls(**{**values, "notes": tuple(values["notes"])})

    @property
    def points(self) -> Floats:
        """GeoGuessr score of each photo."""
        return geoguessr_score(self.errors_km)


def score(rival: Rival, data: PhotoSet, rows: npt.NDArray[np.int64], settings: str) -> Scores:
    """Scores of a fitted rival on rows of the data, in blocks: memory does not grow with their number.

    Args:
        rival: Fitted on other rows.
        data: The photos.
        rows: (m,) photos to score.
        settings: What was chosen for the rival, in words.
    """
    errors, densities = [], []
    for part in np.array_split(rows, -(-len(rows) // _AT_ONCE)):
        inputs = data.inputs(part)
        errors.append(error_km(rival.predict(**inputs), data.latlon[part]))
        densities.append(rival.log_density_at(latlon=data.latlon[part], **inputs))
    density = np.concatenate(densities)
    some = rows[:SEARCHED_PHOTOS]
    areas = np.empty(0) if data.right_answer else searched_areas_km2(rival, data, some, data.latlon[some])
    return Scores(
        np.concatenate(errors).round(4).tolist(),
        density.round(5).tolist(),
        areas.round(1).tolist(),
        rival.parameters,
        round(rival.seconds, 2),
        settings,
        rival.notes,
    )


def searched_areas_km2(rival: Rival, data: PhotoSet, rows: npt.NDArray[np.int64], truth: Floats) -> Floats:
    """Area that is searched, by falling density, until the true place is reached (Bianco et al., WACV 2025).

    Args:
        rival: Fitted.
        data: The photos.
        rows: (m,).
        truth: (m, 2) degrees, the true place of each.

    Returns:
        (m,) km2, at least one cell of the grid, which is the truth's own; of equal cells half are counted. For a flow,
        whose densities are slow to compute, it is an estimate by importance sampling, from its own samples and even
        points, half and half (defensive mixture: Hesterberg 1995).
    """
    cell = _EARTH_KM2 / GRID_POINTS
    if isinstance(rival, Plonk):
        found = [_flow_area(rival, data.features[row], place) for row, place in zip(rows, truth, strict=True)]
        return np.maximum(np.array(found) * EARTH_RADIUS_KM**2, cell)
    # The truth is among the points of the same call, so that it is exactly as dense as the cell that holds it.
    density = rival.log_density(points=np.concatenate([_grid(), truth]), **data.inputs(rows))
    level, density = np.diagonal(density[:, GRID_POINTS:])[:, None], density[:, :GRID_POINTS]
    ties = np.isclose(density, level, rtol=0, atol=1e-9)
    return np.asarray(cell * (1 + ((density > level) & ~ties).sum(axis=1) + ties.sum(axis=1) / 2))


def _flow_area(rival: Plonk, vector: npt.NDArray[np.float32], truth: Floats) -> float:
    """Area with a density of at least the true place's, steradian."""
    own = rival.samples(vector[None], _FLOW_POINTS)[0]
    points = np.concatenate([own, disk_points((90.0, 0.0), HALF_TURN_KM, _FLOW_POINTS)])
    *density, level = rival.log_density(vector[None], np.concatenate([points, truth[None]]))[0]
    proposal = 0.5 * np.exp(density) + 0.5 / (4 * np.pi)
    return float(np.where(density >= level, 1 / proposal, 0.0).mean())


@functools.cache
def _grid() -> Floats:
    return disk_points((90.0, 0.0), HALF_TURN_KM, GRID_POINTS)

"""Recall against area: how much of the Earth must be searched until the truth is found.

Regions are searched by falling density; the area that was searched when the region of the truth is reached, that region
included, is one number per question (Bianco, Eigen, Gormish, WACV 2025, arXiv 2407.13862). A system that gives a point
only is searched in growing discs around it, so that both can be compared. Nothing is said below the size of a cell.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geoclip_core.earth.distance import EARTH_RADIUS_KM

Floats = npt.NDArray[np.float64]

EARTH_KM2 = float(4 * np.pi * EARTH_RADIUS_KM**2)


def searched_area_km2(mass: npt.ArrayLike, area_km2: npt.ArrayLike, truth: int) -> float:
    """Area that is searched until the truth's cell is reached, its own cell in full.

    Cells are taken by falling density, mass over area; of cells as dense as the truth's, half is counted.

    Args:
        mass: (c,) of each cell, not negative.
        area_km2: (c,) of each cell, above 0.
        truth: Index of the cell that holds the truth.

    Raises:
        ValueError: A mass is NaN or negative, all are 0, or an area is not above 0.
    """
    density, area = _density(mass, area_km2)
    before, ties = density > density[truth], density == density[truth]
    return float(area[before].sum() + (area[ties].sum() + area[truth]) / 2)


def mass_before(mass: npt.ArrayLike, area_km2: npt.ArrayLike, truth: int) -> float:
    """Share of the mass in cells denser than the truth's, and of half of those as dense: in [0, 1].

    The smallest region that holds a share q contains the truth where this is below q: over many questions, a calibrated
    system has it below 0.9 in 90 % of them.

    Args:
        mass: As in :func:`searched_area_km2`.
        area_km2: As there.
        truth: As there.

    Raises:
        ValueError: As there.
    """
    density, _ = _density(mass, area_km2)
    weights = np.asarray(mass, dtype=np.float64)
    before, ties = density > density[truth], density == density[truth]
    return float((weights[before].sum() + weights[ties].sum() / 2) / weights.sum())


def log_likelihood_per_km2(mass: npt.ArrayLike, area_km2: npt.ArrayLike, truth: int, floor: float = 1e-12) -> float:
    """Natural logarithm of the density at the truth, per km2.

    Args:
        mass: As in :func:`searched_area_km2`.
        area_km2: As there.
        truth: As there.
        floor: Share of the mass that is spread evenly over the cells' area, so that no answer is infinitely bad.

    Raises:
        ValueError: As there.
    """
    density, area = _density(mass, area_km2)
    share = density[truth] / float(np.asarray(mass, dtype=np.float64).sum())
    return float(np.log((1 - floor) * share + floor / area.sum()))


def disc_area_km2(errors_km: npt.ArrayLike) -> Floats:
    """Area of the disc around each answer that just reaches the truth, ``2 pi R^2 (1 - cos(d / R))``.

    Args:
        errors_km: (n,) km; infinite for a question without an answer, which costs the whole Earth.

    Raises:
        ValueError: An error is NaN or negative.
    """
    errors = np.asarray(errors_km, dtype=np.float64)
    if np.isnan(errors).any() or (errors < 0).any():
        raise ValueError("An error is NaN or negative; a question that was not answered has an infinite error")
    angle = np.minimum(errors / EARTH_RADIUS_KM, np.pi)
    return np.asarray(EARTH_KM2 * np.sin(angle / 2) ** 2)


def recall_at(areas_km2: npt.ArrayLike, at_km2: npt.ArrayLike) -> Floats:
    """Share of questions whose truth is found in at most each area; a uniform guess has ``a / EARTH_KM2``.

    Args:
        areas_km2: (n,) of :func:`searched_area_km2` or :func:`disc_area_km2`.
        at_km2: (k,).

    Returns:
        (k,) in [0, 1].

    Raises:
        ValueError: There are no questions, or an area is NaN.
    """
    areas = _areas(areas_km2)
    return np.asarray((areas[:, None] <= np.asarray(at_km2, np.float64).reshape(-1)).mean(axis=0))


def area_under_recall(areas_km2: npt.ArrayLike, least_km2: float) -> float:
    """Area under the recall curve on a logarithmic axis from the size of a cell to the whole Earth: 0 to 1.

    ``mean (log A_Earth - log A) / (log A_Earth - log a_min)``.

    Args:
        areas_km2: (n,) as in :func:`recall_at`; areas below the least count as the least.
        least_km2: Size of a cell. Compare only numbers with the same least area.

    Raises:
        ValueError: There are no questions, an area is NaN, or the least area is out of range.
    """
    areas = _areas(areas_km2)
    if not 0 < least_km2 < EARTH_KM2:
        raise ValueError(f"The least area is {least_km2} km2; it lies between 0 and that of the Earth")
    clipped = np.clip(areas, least_km2, EARTH_KM2)
    return float((np.log(EARTH_KM2 / clipped) / np.log(EARTH_KM2 / least_km2)).mean())


def _areas(areas_km2: npt.ArrayLike) -> Floats:
    areas = np.asarray(areas_km2, dtype=np.float64).reshape(-1)
    if not len(areas) or np.isnan(areas).any():
        raise ValueError("There are no areas, or one is NaN")
    return areas


def _density(mass: npt.ArrayLike, area_km2: npt.ArrayLike) -> tuple[Floats, Floats]:
    weights, area = np.asarray(mass, dtype=np.float64).reshape(-1), np.asarray(area_km2, dtype=np.float64).reshape(-1)
    if np.isnan(weights).any() or (weights < 0).any() or not weights.sum() > 0 or not (area > 0).all():
        raise ValueError("A mass is NaN or negative, all are 0, or an area is not above 0")
    return weights / area, area

"""Recall against area: an oracle, no knowledge, and discs."""

from __future__ import annotations

import numpy as np
import pytest

from geoclip_core.earth.distance import HALF_TURN_KM
from geoclip_core.evaluation.areas import (
    EARTH_KM2,
    area_under_recall,
    disc_area_km2,
    log_likelihood_per_km2,
    mass_before,
    recall_at,
    searched_area_km2,
)
from geoclip_core.evaluation.metrics import shares_within
from geoclip_core.evaluation.selective import area_under_risk, risk_coverage


def cells(seed: int = 0, count: int = 500) -> np.ndarray:
    size = np.random.default_rng(seed).uniform(0.5, 2, count)
    return size * EARTH_KM2 / size.sum()


def test_an_oracle_searches_one_cell_and_a_uniform_guess_half_of_the_earth():
    area = cells()
    mass = np.zeros(500)
    mass[7] = 1
    assert searched_area_km2(mass, area, 7) == pytest.approx(area[7])
    assert mass_before(mass, area, 7) == 0.5
    uniform = area / area.sum()
    found = [
        searched_area_km2(uniform * (1 + 1e-9 * np.random.default_rng(i).random(500)), area, 3) for i in range(300)
    ]
    assert np.mean(found) == pytest.approx(EARTH_KM2 / 2, rel=0.1)
    assert recall_at(found, [EARTH_KM2 / 4, EARTH_KM2])[0] == pytest.approx(0.25, abs=0.08)


def test_cells_are_searched_by_density_and_ties_count_half():
    area, mass = np.array([1.0, 10.0, 2.0, 2.0]), np.array([0.3, 0.5, 0.1, 0.1])  # densities 0.3, 0.05, 0.05, 0.05
    assert searched_area_km2(mass, area, 0) == 1.0
    assert searched_area_km2(mass, area, 1) == pytest.approx(1 + 10 + (2 + 2) / 2)
    assert searched_area_km2(mass, area, 2) == pytest.approx(1 + 2 + (10 + 2) / 2)
    assert mass_before(mass, area, 1) == pytest.approx(0.3 + 0.7 / 2)


def test_a_disc_of_small_radius_has_the_recall_of_the_threshold():
    errors = np.abs(np.random.default_rng(1).standard_cauchy(400)) * 40
    errors = np.minimum(errors, HALF_TURN_KM)
    for km in (1.0, 25.0, 200.0):
        assert recall_at(disc_area_km2(errors), [np.pi * km**2])[0] == pytest.approx(
            shares_within(errors, [km])[0], abs=0.01
        )
    assert disc_area_km2([0.0, HALF_TURN_KM, np.inf]) == pytest.approx([0, EARTH_KM2, EARTH_KM2])


def test_the_area_under_the_curve_is_1_for_a_cell_and_0_for_the_earth():
    assert area_under_recall([10.0, 3.0], 10.0) == 1.0
    assert area_under_recall([EARTH_KM2], 10.0) == pytest.approx(0.0)
    assert area_under_recall([np.sqrt(10 * EARTH_KM2)], 10.0) == pytest.approx(0.5)


def test_the_likelihood_of_a_uniform_guess_is_one_over_the_earth():
    area = cells()
    assert log_likelihood_per_km2(area, area, 4) == pytest.approx(-np.log(EARTH_KM2))
    nothing = np.zeros(500)
    nothing[0] = 1.0
    assert log_likelihood_per_km2(nothing, area, 4) == pytest.approx(np.log(1e-12 / EARTH_KM2))


def test_nonsense_is_refused():
    area = cells()
    for mass in (np.zeros(500), np.full(500, np.nan), -area):
        with pytest.raises(ValueError, match="mass"):
            searched_area_km2(mass, area, 0)
    for bad in ([], [np.nan]):
        with pytest.raises(ValueError, match="areas"):
            recall_at(bad, [1.0])
    with pytest.raises(ValueError, match="NaN or negative"):
        disc_area_km2([np.nan])
    with pytest.raises(ValueError, match="least area"):
        area_under_recall([1.0], 0.0)


def test_risk_falls_with_coverage_if_confidence_tells_anything():
    covered, risk = risk_coverage([0.9, 0.1, 0.5, 0.7], [1, 0, 0, 1])
    assert covered.tolist() == [0.25, 0.5, 0.75, 1.0]
    assert risk == pytest.approx([0, 0, 1 / 3, 1 / 2])
    assert area_under_risk([0.5] * 4, [1, 0, 0, 1]) == pytest.approx(0.5)
    assert area_under_risk([0.9, 0.1, 0.5, 0.7], [1, 0, 0, 1]) < area_under_risk([0.1, 0.9, 0.5, 0.3], [1, 0, 0, 1])
    with pytest.raises(ValueError, match="questions"):
        risk_coverage([], [])

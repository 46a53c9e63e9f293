"""Truths drawn from the system's own density: its regions hold as many as they say."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from geoclip_core.earth.distance import destination
from geoclip_core.evaluation.calibration import coverage
from geoclip_core.evaluation.tempering import Tempering
from geoclip_core.evidence.source import from_points
from training.benchmarks.calibration.witness import LEAST_KM, PriorDensity, Witness

COUNT, PLACES = 250, 8


def prior() -> PriorDensity:
    """Where people take photos, made up: 400 points all over the Earth."""
    rng = np.random.default_rng(1)
    points = np.stack([np.degrees(np.arcsin(rng.uniform(-1, 1, 400))), rng.uniform(-180, 180, 400)], 1)
    gallery = SimpleNamespace(latlon=points, spread_km=np.full(400, 300.0), weights=rng.random(400))
    return PriorDensity(gallery)  # type: ignore[arg-type]


def witnesses(fit: Tempering, everywhere: PriorDensity) -> list[Witness]:
    """Questions of a few places each, whose truths are drawn from the density with what was fitted."""
    rng, made = np.random.default_rng(0), []
    for i in range(COUNT):
        points = np.stack([rng.uniform(-60, 60, PLACES), rng.uniform(-180, 180, PLACES)], 1)
        weights, spread = rng.dirichlet(np.full(PLACES, 0.4)) + 1e-6, rng.uniform(5, 200, PLACES)
        weights /= weights.sum()
        chance = weights ** (1 / fit.temperature)
        row = rng.choice(PLACES, p=chance / chance.sum())
        away = float(np.hypot(spread[row], LEAST_KM) * np.sqrt(-2 * np.log(rng.random())))
        truth = destination(points[row], float(rng.uniform(0, 360)), away)
        if rng.random() < fit.prior_share:
            truth = everywhere.draw(1, rng)[0]
        part = from_points("text", "made up", points, weights, spread, (), np.arange(PLACES))
        where = (float(truth[0]), float(truth[1]))
        made.append(
            Witness(part, where, 0.0, str(i), "", True, points, spread, np.zeros(PLACES), np.log(weights))
        )  # fmt: skip
    return made


def test_truths_of_the_density_fill_its_regions():
    everywhere, fit, rng = prior(), Tempering(2.0, 0.2), np.random.default_rng(2)
    heard = witnesses(fit, everywhere)
    before = [witness.mass_before(fit, everywhere, rng) for witness in heard]
    for level in (0.5, 0.9):
        share, error = coverage(before, level)
        assert abs(share - level) < 2 * error
    # A system that is surer than that has regions that are too small.
    share, error = coverage([witness.mass_before(Tempering(), everywhere, rng) for witness in heard], 0.9)
    assert share < 0.9 - 5 * error

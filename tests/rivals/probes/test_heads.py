"""Probes against closed forms, and on data whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from geoclip_core.rivals.probes.heads import columns_of, neighbours, network, ridge, score, standardise


@pytest.mark.parametrize("width", [5, 300])
def test_ridge_is_the_closed_form_with_the_best_of_its_penalties(width: int) -> None:
    chance = np.random.default_rng(0)
    x = chance.normal(3, 2, (200, width))
    y = x[:, :3] @ chance.normal(size=(3, 2)) + chance.normal(0, 1, (200, 2))
    learn, choose, test = np.arange(100), np.arange(100, 140), np.arange(140, 200)
    z = (x - x[learn].mean(0)) / x[learn].std(0)
    mean = y[learn].mean(0)
    tried = []
    for power in range(-3, 4):
        inverse = np.linalg.inv(z[learn].T @ z[learn] + 100 * 10.0**power * np.eye(width))
        predicted = z @ (inverse @ z[learn].T @ (y[learn] - mean)) + mean
        tried.append((((predicted - y)[choose] ** 2).mean(), predicted[test]))
    expected = min(tried, key=lambda pair: pair[0])[1]
    np.testing.assert_allclose(ridge(x, y, learn, choose, test), expected, atol=1e-6)


def test_a_constant_column_is_of_no_use_and_does_no_harm() -> None:
    x = np.array([[1.0, 5.0], [2.0, 5.0], [3.0, 5.0], [4.0, 6.0]])
    z = standardise(x, np.arange(3))
    assert not z[:, 1].any()
    assert np.isfinite(z).all()


@pytest.mark.parametrize("kind", ["class", "number", "yes-no"])
def test_the_network_learns_what_a_line_cannot(kind: str) -> None:
    chance = np.random.default_rng(0)
    x = chance.uniform(-1, 1, (1200, 2))
    product = x[:, 0] * x[:, 1]
    values = {"class": product > 0, "number": product * 50 + 7, "yes-no": product > 0}[kind]
    wanted = columns_of(values.astype(float), kind)
    learn, choose, test = np.arange(800), np.arange(800, 1000), np.arange(1000, 1200)
    found = network(x, wanted, kind, learn, choose, test, 0)
    line = ridge(x, wanted, learn, choose, test)
    (measure, *_), better = score(found, wanted[test], kind), score(found, wanted[test], kind)
    assert better[measure] > 0.85
    assert score(line, wanted[test], kind)[measure] < better[measure] - 0.15
    assert np.array_equal(found, network(x, wanted, kind, learn, choose, test, 0))


def test_neighbours_on_earth_see_across_the_antimeridian() -> None:
    latlon = np.array([[0.0, 179.0 + i / 10] for i in range(5)] + [[0.0, 0.1 * i] for i in range(5)] + [[0.0, -179.9]])
    values = np.r_[np.ones(5), np.zeros(6)]
    found = neighbours(latlon, columns_of(values, "yes-no"), np.arange(10), np.array([10]))
    assert found.tolist() == [[1.0]]


def test_scores_of_each_kind() -> None:
    wanted = columns_of(np.array([3.0, 3.0, 8.0]), "class")
    assert score(wanted[[0, 2, 2]], wanted, "class") == {"accuracy": pytest.approx(2 / 3), "balanced": 0.75}
    numbers = np.array([[1.0], [2.0], [3.0]])
    assert score(numbers + 1, numbers, "number") == {"r2": pytest.approx(-0.5), "rmse": pytest.approx(1.0)}
    assert score(numbers, np.array([[0.0], [0.0], [1.0]]), "yes-no") == {"auc": 1.0}

"""kNN: where the exponent turns, what is snapped to, the seam of the paper's grid, and exact search."""

from __future__ import annotations

import numpy as np
import pytest

from geoclip_core.earth.distance import great_circle_km
from geoclip_core.rivals.retrieval.knn import ExactSearch, NearestNeighbours

QUERY = np.eye(1, 16, dtype=np.float32)


def at_squared_distances(squared: list[float]) -> np.ndarray:
    """Unit vectors (n, 16) with these squared distances from the query, each in a direction of its own."""
    cosine = 1 - np.array(squared) / 2
    vectors = np.zeros((len(squared), 16))
    vectors[:, 0] = cosine
    vectors[np.arange(len(squared)), 1 + np.arange(len(squared)) % 15] = np.sqrt(1 - cosine**2)
    return vectors.astype(np.float32)


@pytest.mark.parametrize(("ratio", "many_win"), [(1.24, True), (1.28, False)])  # 10 r^-10 = 1 at r = 1.259
def test_ten_farther_neighbours_outweigh_one_up_to_the_ratio_of_the_exponent(ratio: float, many_win: bool) -> None:
    features = at_squared_distances([0.1] + [0.1 * ratio] * 10)
    places = np.array([[10.0, 10.0]] + [[-30.0, 100.0]] * 10)
    found = NearestNeighbours().fit(features, places).predict(QUERY)[0]
    assert (great_circle_km(found, places[1]) < 1) == many_win


@pytest.mark.parametrize("paper", [False, True])
def test_the_answer_is_the_place_of_the_most_similar_neighbour_near_the_peak(paper: bool) -> None:
    features = at_squared_distances([0.10, 0.11, 0.11, 0.11, 0.11, 0.11])
    places = np.array([[50.123456789, 9.0], [20.0, 20.1], [20.0, 20.0], [20.1, 20.0], [20.1, 20.1], [20.05, 20.05]])
    found = NearestNeighbours(paper=paper).fit(features, places).predict(QUERY)[0]
    assert found.tolist() == places[1].tolist()


def test_neighbours_across_the_antimeridian_reinforce_each_other_but_not_on_the_papers_grid() -> None:
    features = at_squared_distances([0.1, 0.105, 0.105])
    places = np.array([[0.5, 20.5], [0.5, 179.9], [0.5, -179.9]])
    assert abs(NearestNeighbours().fit(features, places).predict(QUERY)[0, 1]) > 179
    assert NearestNeighbours(paper=True).fit(features, places).predict(QUERY)[0, 1] == 20.5


def test_a_narrow_kernel_is_the_nearest_neighbour_and_a_wide_one_the_crowd() -> None:
    features = at_squared_distances([0.1, 0.11, 0.11, 0.11])
    places = np.array([[0.0, 0.0], [0.0, 8.0], [8.0, 8.0], [4.0, 9.0]])
    narrow, wide = (NearestNeighbours(sigma_deg=sigma).fit(features, places).predict(QUERY)[0] for sigma in (0.01, 30))
    assert narrow.tolist() == [0.0, 0.0]
    assert wide.tolist() != [0.0, 0.0]


def test_the_same_photo_again_is_found_without_an_infinite_weight() -> None:
    features = at_squared_distances([0.0, 0.5, 0.5])
    rival = NearestNeighbours().fit(features, [[1.0, 2.0], [50.0, 60.0], [50.0, 60.0]])
    assert rival.predict(QUERY).tolist() == [[1.0, 2.0]]
    assert np.isfinite(rival.log_density(QUERY, [[1.0, 2.0], [-50.0, 60.0]])).all()


def test_search_is_exact_and_does_not_depend_on_how_many_are_asked() -> None:
    chance = np.random.default_rng(0)
    stored, asked = chance.normal(size=(500, 8)).astype(np.float32), chance.normal(size=(300, 8)).astype(np.float32)
    rows, squared = ExactSearch(stored).nearest(asked, 20)
    a, b = (v / np.linalg.norm(v, axis=1, keepdims=True) for v in (asked.astype(float), stored.astype(float)))
    slow = ((a[:, None] - b) ** 2).sum(axis=2)
    assert np.array_equal(rows, np.argsort(slow, axis=1)[:, :20])
    assert squared == pytest.approx(np.sort(slow, axis=1)[:, :20], abs=1e-6)
    again, exactly = ExactSearch(stored).nearest(asked[37:38], 20)
    assert np.array_equal(again[0], rows[37])
    assert np.array_equal(exactly[0], squared[37])

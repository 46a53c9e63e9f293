"""Intervals by group hold the truth as often as they say; those by question do not."""

from __future__ import annotations

import numpy as np
import pytest

from geoclip_core.evaluation.intervals import clustered_interval, paired_difference


def photographers(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Hits and misses of 60 people with 10 photos each, who are good or bad as a whole; 0.3 in the long run."""
    rng = np.random.default_rng(seed)
    owners = np.repeat(np.arange(60), 10)
    return (rng.random(600) < rng.beta(0.3, 0.7, 60)[owners]).astype(float), owners


def test_the_truth_is_held_in_95_of_100_cases_and_not_by_the_naive_interval():
    clustered = naive = 0
    for seed in range(400):
        hits, owners = photographers(seed)
        low, high = clustered_interval(hits, owners, samples=1000)
        clustered += low <= 0.3 <= high
        low, high = clustered_interval(hits, np.arange(600), samples=100)
        naive += low <= 0.3 <= high
    assert 0.93 <= clustered / 400 <= 0.97
    assert naive / 400 < 0.75


def test_the_mean_is_drawn_as_any_statistic_is():
    hits, owners = photographers(0)
    fast = clustered_interval(hits, owners, samples=300)
    assert fast == pytest.approx(clustered_interval(hits, owners, lambda v: float(v.mean()), samples=300))
    low, high = clustered_interval(hits, [f"author {o}" for o in owners], np.median, samples=100)
    assert low == 0.0
    assert high in (0.0, 1.0)


def test_groups_of_unequal_size_and_a_single_one():
    assert clustered_interval([3.0, 3.0], ["a", "b"]) == (3.0, 3.0)
    assert clustered_interval([1.0, 2.0], ["a", "a"]) == (1.5, 1.5)
    low, high = clustered_interval([0.0] * 50 + [1.0], ["many"] * 50 + ["one"])
    assert (low, high) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("values", "groups", "level"),
    [([], [], 0.95), ([1.0, np.nan], [0, 1], 0.95), ([1.0], [0, 1], 0.95), ([1.0, 2.0], [0, 1], 1.0)],
)
def test_what_has_no_interval_is_refused(values, groups, level):
    with pytest.raises(ValueError, match=r"[Vv]alues|level"):
        clustered_interval(values, groups, level=level)


def test_pairs_decide_what_two_intervals_cannot():
    hits, owners = photographers(3)
    worse = hits.copy()
    worse[np.flatnonzero(hits)[::12]] = 0.0
    found = paired_difference(hits, worse, owners)
    assert found.mean == pytest.approx((hits - worse).mean())
    assert found.decided
    assert clustered_interval(worse, owners)[1] > hits.mean()
    assert not paired_difference(hits, hits, owners).decided
    with pytest.raises(ValueError, match="paired"):
        paired_difference([1.0], [1.0, 2.0], [0])

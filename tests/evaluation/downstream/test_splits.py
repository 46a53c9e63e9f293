"""Blocks cover the Earth without a seam, and groups stay on one side."""

from __future__ import annotations

import numpy as np
import pytest

from geoclip_core.errors import DataError
from geoclip_core.evaluation.downstream.splits import spatial_blocks, split_groups, spots


def everywhere(count: int) -> np.ndarray:
    chance = np.random.default_rng(0)
    return np.stack([np.degrees(np.arcsin(chance.uniform(-1, 1, count))), chance.uniform(-180, 180, count)], axis=1)


def test_blocks_are_about_equal_in_size_and_compact() -> None:
    points = everywhere(40_000)
    blocks = spatial_blocks(points, 10.0)
    counts = np.bincount(blocks)
    assert len(counts) == pytest.approx(4 * np.pi / np.radians(10) ** 2, rel=0.05)
    assert counts.min() > 0.25 * counts.mean()
    assert counts.max() < 2 * counts.mean()
    for block in np.unique(blocks)[::37]:
        assert np.ptp(points[blocks == block, 0]) <= 10.0
    assert len(np.unique(spatial_blocks([[90, 0], [90, -180], [-90, 179.9], [0, -180], [0, 179.9]]))) == 4 + 1


@pytest.mark.parametrize("seed", range(3))
def test_a_group_is_on_one_side_only(seed: int) -> None:
    groups = np.random.default_rng(seed).integers(0, 50, 1000)
    train, test = split_groups(groups, 0.4, seed)
    assert not set(groups[train]) & set(groups[test])
    assert sorted([*train, *test]) == list(range(1000))
    assert len(test) == pytest.approx(400, abs=60)
    assert np.array_equal(test, split_groups(groups, 0.4, seed)[1])


def test_one_group_cannot_be_split() -> None:
    with pytest.raises(DataError, match="10 rows in 1 groups cannot be split"):
        split_groups(np.zeros(10), 0.2, 0)


def test_spots_are_photos_of_one_small_square() -> None:
    same = spots([[48.8581, 2.2941], [48.8589, 2.2949], [48.8681, 2.2941], [-48.8581, 2.2941]])
    assert same[0] == same[1]
    assert len(set(same.tolist())) == 3

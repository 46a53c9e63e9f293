"""Squares against the definition: areas, children, and points across the antimeridian."""

from __future__ import annotations

import numpy as np
import pytest

from geoclip_core.earth.cells.squares import FINEST, ancestors, leaf_squares, square_areas_sr, square_levels
from geoclip_core.earth.distance import disk_points
from geoclip_core.errors import CoordinateError

EARTH = disk_points((90.0, 0.0), 20015.0, 20_000)


def test_the_six_faces_are_a_sixth_of_the_sphere_each() -> None:
    faces, counts = np.unique(ancestors(leaf_squares(EARTH), 0), return_counts=True)
    assert len(faces) == 6
    assert counts == pytest.approx(len(EARTH) / 6, rel=0.02)
    assert square_areas_sr(faces) == pytest.approx(2 * np.pi / 3)


@pytest.mark.parametrize("level", [1, 2, 4])
def test_squares_of_one_level_cover_the_sphere_and_hold_points_by_their_area(level: int) -> None:
    squares, counts = np.unique(ancestors(leaf_squares(EARTH), level), return_counts=True)
    assert len(squares) == 6 * 4**level
    areas = square_areas_sr(squares)
    assert areas.sum() == pytest.approx(4 * np.pi, abs=1e-12)
    expected = len(EARTH) * areas / areas.sum()
    assert np.abs(counts - expected).max() < 6 * np.sqrt(expected.max())


def test_four_children_tile_their_parent() -> None:
    children = np.unique(ancestors(leaf_squares(EARTH), 4))
    parents, inverse, counts = np.unique(ancestors(children, 3), return_inverse=True, return_counts=True)
    assert set(counts.tolist()) == {4}
    assert np.bincount(inverse, square_areas_sr(children)) == pytest.approx(square_areas_sr(parents), abs=1e-12)


def test_tiny_squares_keep_their_area() -> None:
    leaf = leaf_squares([[48.8584, 2.2945]])
    for level in (15, 20, 30):
        part = square_areas_sr(ancestors(leaf, level))[0]
        assert part == pytest.approx(4 * np.pi / 6 / 4**level, rel=0.5)
    assert square_areas_sr(ancestors(leaf, 29))[0] == pytest.approx(4 * square_areas_sr(leaf)[0], rel=1e-6)


def test_ancestors_agree_whatever_the_way() -> None:
    leaves = leaf_squares(EARTH[:500])
    assert np.array_equal(ancestors(ancestors(leaves, 12), 5), ancestors(leaves, 5))
    assert set(square_levels(ancestors(leaves, 12)).tolist()) == {12}
    with pytest.raises(CoordinateError, match="no ancestor of level 13"):
        ancestors(ancestors(leaves, 12), 13)


def test_special_points_have_squares() -> None:
    odd = [[90, 0], [-90, 0], [0, 180], [0, -180], [0, 45], [35.26438968, 45], [0, 0]]
    squares = leaf_squares(odd)
    assert set(square_levels(squares).tolist()) == {FINEST}
    assert squares[2] == squares[3]

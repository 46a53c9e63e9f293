from __future__ import annotations

import numpy as np
import pytest

from geoclip_core.earth.coordinates import (
    check_latlon,
    from_unit_vectors,
    unit_vectors,
    wrap_longitude,
)
from geoclip_core.errors import CoordinateError


@pytest.mark.parametrize("shape", [(2,), (0, 2), (5, 2), (3, 4, 2)])
def test_check_keeps_shape_and_bits(shape: tuple[int, ...]) -> None:
    given = np.random.default_rng(0).uniform(-90, 90, shape).astype(np.float32)
    checked = check_latlon(given)
    assert checked.dtype == np.float64
    assert np.array_equal(checked, given)


def test_check_wraps_longitudes_up_to_a_full_turn() -> None:
    lon = [180.0, 181.0, 359.0, 360.0, -180.0, 179.5]
    assert check_latlon([[0.0, x] for x in lon])[:, 1].tolist() == [-180.0, -179.0, -1.0, 0.0, -180.0, 179.5]


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ([[0.0, 0.0], [float("nan"), 2.0]], r"row 1 is \(nan, 2\)"),
        ([[0.0, float("inf")]], r"row 0 is \(0, inf\)"),
        ([[0.0, 0.0], [0.0, 0.0], [1.0, -180.5]], r"row 2 is \(1, -180.5\)"),
        ([[0.0, 360.5]], "row 0"),
        ([[[0.0, 0.0]], [[-90.001, 0.0]]], r"row \(1, 0\)"),
        ([91.0, 200.0], r"latlon is \(91, 200\)"),
        ([1.0, 2.0, 3.0], r"shape \(3,\)"),
        (5.0, r"shape \(\)"),
        ([], r"shape \(0,\)"),
        (["north", "west"], "not a number"),
        ([[1.0, 2.0], [3.0]], "not a number"),
    ],
)
def test_check_names_what_is_wrong(bad: object, says: str) -> None:
    with pytest.raises(CoordinateError, match=says):
        check_latlon(bad)  # type: ignore[arg-type]


def test_check_suspects_swapped_columns_only_when_swapping_helps() -> None:
    with pytest.raises(CoordinateError, match="columns look swapped"):
        check_latlon([[2.35, 48.85], [139.7, 35.7]])
    for bad in ([[91.0, 100.0]], [[139.7, 35.7], [100.0, 100.0]], [[float("nan"), 35.7]]):
        with pytest.raises(CoordinateError) as caught:
            check_latlon(bad)
        assert "swapped" not in str(caught.value)


def test_check_uses_the_callers_name() -> None:
    with pytest.raises(CoordinateError, match="gallery row 0"):
        check_latlon([[95.0, 0.0]], name="gallery")


def test_longitudes_stay_inside_the_half_open_range() -> None:
    lon = np.concatenate([np.linspace(-1000, 1000, 4001), [-180.0 - 1e-14, np.nextafter(180.0, 0), -540.0, 540.0]])
    wrapped = wrap_longitude(lon)
    assert (wrapped >= -180).all()
    assert (wrapped < 180).all()
    turns = (lon - wrapped) / 360
    assert np.allclose(turns, np.round(turns), atol=1e-12)
    assert wrap_longitude(0.1) == 0.1


def test_unit_vectors_and_back() -> None:
    assert np.allclose(
        unit_vectors([[0, 0], [0, 90], [90, 33], [-90, 0]]), [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, -1]]
    )
    rng = np.random.default_rng(1)
    points = rng.uniform([-90, -180], [90, 180], (1000, 2))
    back = from_unit_vectors(7.5 * unit_vectors(points))
    assert np.allclose(back, points, atol=1e-9)
    assert from_unit_vectors([-1.0, 0.0, 0.0]).tolist() == [0.0, -180.0]

from __future__ import annotations

import math

import numpy as np
import pytest

from geoclip_core.earth.distance import HALF_TURN_KM, bearing_deg, great_circle_km
from geoclip_core.earth.plane import from_plane_km, plane_scale, square_bounds, to_plane_km

CENTRES = [(48.85, 2.35), (90.0, 0.0), (-90.0, 70.0), (-17.0, 179.9), (0.0, 0.0)]


@pytest.mark.parametrize("centre", CENTRES)
def test_distance_and_direction_from_the_centre_are_true(centre: tuple[float, float]) -> None:
    points = np.random.default_rng(0).uniform([-90, -180], [90, 180], (500, 2))
    x_km, y_km = to_plane_km(centre, points)
    assert np.allclose(np.hypot(x_km, y_km), great_circle_km(centre, points), atol=1e-6)
    turn = np.degrees(np.arctan2(x_km, y_km)) - bearing_deg(centre, points)
    assert np.abs((turn + 180) % 360 - 180).max() < 1e-6
    assert great_circle_km(from_plane_km(centre, x_km, y_km), points).max() < 1e-6


def test_the_centre_and_its_antipode() -> None:
    assert to_plane_km((0, 0), (0, 0)) == (0, 0)
    for pole_lon in (0, 150):  # at 150 the antipode has no direction at all, not even a rounding error's
        x_km, y_km = to_plane_km((90, pole_lon), (-90, pole_lon - 180))
        assert math.hypot(x_km, y_km) == pytest.approx(HALF_TURN_KM)
    assert from_plane_km((10, 20), 0, 0).tolist() == pytest.approx([10, 20])


def test_the_scale_is_the_area_element() -> None:
    assert plane_scale(0, 0) == 1
    assert plane_scale(HALF_TURN_KM / 2, 0) == pytest.approx(2 / math.pi)
    assert plane_scale(0, HALF_TURN_KM) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(("centre", "side_km"), [(c, s) for c in CENTRES for s in (2, 500, 6000, 20000)])
def test_bounds_hold_the_square_tightly(centre: tuple[float, float], side_km: float) -> None:
    south, west, north, east = square_bounds(centre, side_km)
    axis = np.linspace(-side_km / 2, side_km / 2, 301)
    points = from_plane_km(centre, *np.meshgrid(axis, axis))
    lat, turn = points[..., 0], (points[..., 1] - west) % 360
    slack = 1e-4 * side_km / 111
    assert lat.min() >= south - slack
    assert lat.max() <= north + slack
    width = (east - west) % 360 or 360
    assert ((turn <= width + slack) | (turn >= 360 - slack)).all()
    if width < 360:
        assert lat.min() == pytest.approx(south, abs=slack)
        assert lat.max() == pytest.approx(north, abs=slack)
        assert turn[turn <= width + slack].max() == pytest.approx(width, abs=20 * slack)
    else:
        assert max(abs(south), north) == 90

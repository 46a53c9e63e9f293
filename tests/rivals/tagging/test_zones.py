"""UTM zones against the MGRS library, and their grids."""

from __future__ import annotations

import mgrs
import numpy as np
import pytest

from geoclip_core.earth.distance import great_circle_km
from geoclip_core.rivals.tagging.zones import BANDS, ZONES, cell_of, soft_grid, utm_zones, zone_bounds, zone_grid

LETTERS = "CDEFGHJKLMNPQRSTUVWX"


def test_zones_are_those_of_mgrs_with_norway_and_svalbard() -> None:
    chance = np.random.default_rng(0)
    north = np.stack([chance.uniform(56, 84, 500), chance.uniform(0, 42, 500)], axis=1)
    points = np.concatenate([north, np.stack([chance.uniform(-80, 84, 500), chance.uniform(-180, 180, 500)], axis=1)])
    converter = mgrs.MGRS()
    for point, zone in zip(points, utm_zones(points), strict=True):
        said = converter.toMGRS(*point).zfill(15)
        assert (zone // BANDS + 1, LETTERS[zone % BANDS]) == (int(said[:2]), said[2])
        south, west, end, east = zone_bounds(int(zone))
        assert south <= point[0] <= end
        assert west <= point[1] <= east


def test_the_poles_belong_to_the_outermost_bands() -> None:
    zones = utm_zones([[90, 0], [-90, 0], [0, 180], [0, -180], [84, 179.9]])
    assert zones.min() >= 0
    assert zones.max() < ZONES
    assert zones[0] % BANDS == BANDS - 1
    assert zones[2] == zones[3]


def test_the_soft_grid_is_highest_at_the_cell_of_the_point() -> None:
    chance = np.random.default_rng(1)
    points = np.stack([chance.uniform(48, 56, 30), chance.uniform(6, 12, 30)], axis=1)
    zone = int(utm_zones(points[:1])[0])
    grid = soft_grid(points, zone)
    assert grid.shape == (30, 400)
    near = grid.argmax(axis=1)
    assert np.allclose(grid.max(axis=1), np.exp(-great_circle_km(points, zone_grid(zone)[near]) / 20), atol=1e-6)
    assert (cell_of(points, np.full(30, zone)) - zone * 400 == near).mean() > 0.9
    assert cell_of(points[:1], np.array([zone]), 1)[0] == zone
    assert np.abs(zone_grid(zone, 1) - [52.0, 9.0]).max() == pytest.approx(0)

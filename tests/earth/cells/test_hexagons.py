from __future__ import annotations

import h3
import numpy as np
import pytest

from geoclip_core.earth.cells import cell_areas_km2, cell_centres, cells_of
from geoclip_core.earth.distance import EARTH_RADIUS_KM, great_circle_km
from geoclip_core.errors import CoordinateError

SPECIAL = [[48.8584, 2.2945], [90, 0], [-90, 0], [0, -180], [-17, 179.99], [64, -175]]


@pytest.mark.parametrize("resolution", [0, 4, 9, 15])
def test_cells_are_those_of_h3(resolution: int) -> None:
    cells = cells_of(SPECIAL, resolution)
    assert cells.dtype == np.uint64
    assert [h3.int_to_str(int(c)) for c in cells] == [h3.latlng_to_cell(*p, resolution) for p in SPECIAL]


def test_shapes_follow_the_input() -> None:
    points = np.random.default_rng(0).uniform([-90, -180], [90, 180], (3, 5, 2))
    cells = cells_of(points, 5)
    assert cells.shape == (3, 5)
    assert cell_centres(cells).shape == (3, 5, 2)
    assert cell_areas_km2(cells).shape == (3, 5)
    assert cells_of(np.zeros((0, 2)), 5).shape == (0,)
    assert cell_centres(np.zeros(0, dtype=np.uint64)).shape == (0, 2)


def test_a_centre_lies_in_its_cell_and_near_its_points() -> None:
    points = np.random.default_rng(1).uniform([-90, -180], [90, 180], (500, 2))
    cells = cells_of(points, 6)
    centres = cell_centres(cells)
    assert np.array_equal(cells_of(centres, 6), cells)
    assert great_circle_km(points, centres).max() < 6  # edges are 3.7 km on average


def test_the_coarsest_cells_cover_the_earth_once() -> None:
    everything = np.array([h3.str_to_int(c) for c in h3.get_res0_cells()], dtype=np.uint64)
    assert cell_areas_km2(everything).sum() == pytest.approx(4 * np.pi * EARTH_RADIUS_KM**2, rel=1e-4)


def test_nonsense_is_refused() -> None:
    with pytest.raises(CoordinateError, match="resolution is 16"):
        cells_of([[0, 0]], 16)
    with pytest.raises(CoordinateError, match="5 is not an H3 cell"):
        cell_centres([5])
    with pytest.raises(CoordinateError, match="dtype"):
        cell_areas_km2([1.5])
    with pytest.raises(CoordinateError):
        cells_of([[float("nan"), 0]], 3)

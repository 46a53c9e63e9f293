from __future__ import annotations

import numpy as np
import pytest
import shapely
from pyproj import Geod
from shapely.geometry.polygon import orient

from geoclip_core.earth.distance import EARTH_RADIUS_KM
from geoclip_core.earth.outline import boxes_of, corners_of, outline
from geoclip_core.earth.window import Window

SPHERE = Geod(a=1000 * EARTH_RADIUS_KM, b=1000 * EARTH_RADIUS_KM)

WINDOWS = {
    "world": Window.world((90, 180)),
    "world mercator": Window.world((128, 128), "mercator"),
    "box": Window.box(40, -10, 60, 20, (64, 96)),
    "antimeridian": Window.box(-30, 150, 20, -150, (50, 60), "mercator"),
    "local": Window.around((48.8584, 2.2945), 300, (64, 64)),
    "local, antimeridian": Window.around((-16.8, 179.9), 300, (64, 64)),
    "local, north pole": Window.around((89.5, 30.0), 500, (64, 64)),
    "local, south pole": Window.around((-90.0, 0.0), 2000, (64, 64)),
    "local, a quarter of the Earth": Window.around((70.0, -170.0), 9000, (128, 128)),
}


def area_km2(geometry) -> float:
    """By pyproj, in slices: to a geodesic polygon, the whole Earth and nothing are the same."""
    slices = [geometry.intersection(shapely.box(west, -90, west + 60, 90)) for west in range(-180, 180, 60)]
    parts = [orient(part) for part in shapely.get_parts(slices) if part.geom_type == "Polygon"]
    return sum(SPHERE.geometry_area_perimeter(shapely.segmentize(part, 0.2))[0] for part in parts) / 1e6


def blob(window: Window, seed: int) -> np.ndarray:
    """A few disks and a hole, some over the edge."""
    height, width = window.size
    rows, columns = np.indices(window.size)
    mask = np.zeros(window.size, bool)
    rng = np.random.default_rng(seed)
    for _ in range(6):
        row, column, radius = rng.uniform(0, height), rng.uniform(0, width), rng.uniform(0.05, 0.25) * height
        mask |= np.hypot(rows - row, columns - column) < radius
    mask[height // 3 : height // 2, width // 3 : width // 2] = False
    return mask


@pytest.mark.parametrize("window", WINDOWS.values(), ids=WINDOWS)
@pytest.mark.parametrize("seed", [0, 1])
def test_the_outline_has_the_area_and_the_pixels_of_the_mask(window, seed):
    mask = blob(window, seed)
    shape = outline(window, boxes_of(mask))
    assert shape.is_valid
    assert shape.geom_type == "MultiPolygon"
    west, south, east, north = shape.bounds
    assert -180 <= west <= east <= 180
    assert -90 <= south <= north <= 90
    assert area_km2(shape) == pytest.approx(window.pixel_area_km2()[mask].sum(), rel=0.01)
    points = window.pixel_latlon().reshape(-1, 2)
    inside = shapely.contains_xy(shape, points[:, 1], points[:, 0]).reshape(window.size)
    assert (inside != mask).sum() <= 2  # at the pole itself, the longitude of a point says nothing


@pytest.mark.parametrize("window", WINDOWS.values(), ids=WINDOWS)
def test_the_whole_window_is_as_large_as_its_pixels(window):
    shape = outline(window, boxes_of(np.ones(window.size, bool)))
    assert shape.is_valid
    assert area_km2(shape) == pytest.approx(window.pixel_area_km2().sum(), rel=0.01)


def test_a_pole_is_inside_the_outline_around_it():
    window = WINDOWS["local, north pole"]
    row, column = window.pixel_of((90.0, 0.0))
    mask = np.zeros(window.size, bool)
    mask[row - 1 : row + 2, column - 1 : column + 2] = True
    shape = outline(window, boxes_of(mask))
    assert shape.bounds[3] == 90
    assert (shape.bounds[0], shape.bounds[2]) == (-180, 180)
    assert shapely.contains_xy(shape, np.arange(-179.0, 180.0), 89.9999).all()


def test_exterior_rings_run_anticlockwise_as_geojson_asks():
    shape = outline(WINDOWS["box"], boxes_of(blob(WINDOWS["box"], 0)))
    assert all(part.exterior.is_ccw and not any(hole.is_ccw for hole in part.interiors) for part in shape.geoms)


def test_a_region_over_the_antimeridian_is_cut_there():
    window = WINDOWS["antimeridian"]
    shape = outline(window, boxes_of(np.ones(window.size, bool)))
    assert len(shape.geoms) == 2
    assert sorted(part.bounds[::2] for part in shape.geoms) == [(-180, -150), (150, 180)]


def test_no_boxes_are_nothing():
    assert outline(WINDOWS["box"], boxes_of(np.zeros((64, 96), bool))).is_empty


def test_blocks_at_the_edge_are_cut_off():
    window = Window.box(0, 0, 10, 10, (5, 5))
    shape = outline(window, boxes_of(np.ones((3, 3), bool), block=2))
    assert shape.bounds == (0, 0, 10, 10)


def test_corners_are_counted_before_they_are_drawn():
    rng = np.random.default_rng(0)
    for _ in range(20):
        mask = rng.random((9, 11)) < rng.random()
        shape = shapely.union_all(boxes_of(mask)).simplify(0)
        rings = [ring for part in shapely.get_parts(shape) for ring in (part.exterior, *part.interiors)]
        # A ring may start in the middle of an edge, which is one point more.
        assert 0 <= sum(len(ring.coords) - 1 for ring in rings) - corners_of(mask) <= len(rings)

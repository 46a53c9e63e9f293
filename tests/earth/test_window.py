from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from geoclip_core.earth.coordinates import Floats
from geoclip_core.earth.distance import EARTH_RADIUS_KM, great_circle_km
from geoclip_core.earth.projection import MERCATOR_MAX_LAT, Projection
from geoclip_core.earth.window import Window
from geoclip_core.errors import CoordinateError

EARTH_KM2 = 4 * np.pi * EARTH_RADIUS_KM**2
WINDOWS = {
    "world": Window.world((9, 18)),
    "world, odd": Window.world((7, 5)),
    "world, mercator": Window.world((16, 16), "mercator"),
    "world, default": Window.world(),
    "Fiji": Window.box(-20, 170, -10, -170, (33, 47)),
    "Fiji, mercator": Window.box(-20, 170, -10, 190, (33, 47), "mercator"),
    "one pixel": Window.box(1, 2, 3, 4, (1, 1)),
    "to the pole": Window.box(60, -30, 90, 200, (10, 20)),
    "Paris": Window.around((48.85, 2.35), 20, (64, 65)),
    "Paris, mercator": Window.around((48.85, 2.35), 20, (64, 65), "mercator"),
    "north pole": Window.around((90, 0), 500, (40, 41)),
    "south pole, off centre": Window.around((-89.5, 100), 500, (40, 40)),
    "antimeridian": Window.around((64, 180), 300, (50, 50)),
    "antimeridian, flat": Window.around((64, 180), 300, (50, 50), "equirectangular"),
    "half the Earth": Window.around((10, 20), 20000, (31, 31)),
}
every_window = pytest.mark.parametrize("window", WINDOWS.values(), ids=WINDOWS.keys())


def pixels(window: Window) -> np.ndarray:
    return np.stack(np.indices(window.size), axis=-1)


@every_window
def test_every_pixel_finds_itself(window: Window) -> None:
    centres = window.pixel_latlon()
    assert centres.shape == (*window.size, 2)
    assert np.array_equal(window.pixel_of(centres), pixels(window))
    assert window.contains(centres).all()


@every_window
def test_no_meridian_twice_and_no_pole_as_a_centre(window: Window) -> None:
    lat, lon = np.moveaxis(window.pixel_latlon(), -1, 0)
    assert (lon >= -180).all()
    assert (lon < 180).all()
    assert len(np.unique(window.pixel_latlon().reshape(-1, 2), axis=0)) == window.size[0] * window.size[1]
    if window.projection != "local":
        assert (np.abs(lat) < 90).all()
        assert len(np.unique(lon[0])) == window.size[1]


@every_window
def test_bounds_hold_the_pixels(window: Window) -> None:
    south, west, north, east = window.bounds
    lat, lon = np.moveaxis(window.pixel_latlon(), -1, 0)
    assert (lat >= south).all()
    assert (lat <= north).all()
    assert ((lon - west) % 360 <= ((east - west) % 360 or 360)).all()


def test_rows_run_south_and_columns_east() -> None:
    centres = Window.world((4, 8)).pixel_latlon()
    assert centres[:, 0, 0].tolist() == [67.5, 22.5, -22.5, -67.5]
    assert centres[0, :, 1].tolist() == [-157.5, -112.5, -67.5, -22.5, 22.5, 67.5, 112.5, 157.5]
    crossing = Window.box(0, 175, 10, -175, (1, 4)).pixel_latlon()
    assert crossing[0, :, 1].tolist() == [176.25, 178.75, -178.75, -176.25]


def test_mercator_rows_are_those_of_the_square_web_map() -> None:
    lat = Window.world((4, 4), "mercator").pixel_latlon()[:, 0, 0]
    y = np.pi * np.array([0.75, 0.25, -0.25, -0.75])
    assert np.allclose(lat, np.degrees(np.arctan(np.sinh(y))), atol=1e-7)


@pytest.mark.parametrize("size", [(1, 1), (3, 5), (180, 360)])
def test_areas_of_the_world_sum_to_the_sphere(size: tuple[int, int]) -> None:
    area = Window.world(size).pixel_area_km2()
    assert area.shape == size
    assert area.sum() == pytest.approx(EARTH_KM2, rel=1e-12)
    band = Window.world(size, "mercator").pixel_area_km2().sum()
    assert band == pytest.approx(EARTH_KM2 * np.sin(np.radians(MERCATOR_MAX_LAT)), rel=1e-12)


def test_areas_of_a_box_are_exact_and_of_a_plane_nearly() -> None:
    octant = Window.box(0, 170, 90, 260, (5, 7)).pixel_area_km2()
    assert octant.sum() == pytest.approx(EARTH_KM2 / 8, rel=1e-12)
    half = Window.around((30, 40), np.pi * EARTH_RADIUS_KM, (401, 401))
    near = great_circle_km(half.pixel_latlon(), (30, 40)) <= np.pi * EARTH_RADIUS_KM / 2
    assert half.pixel_area_km2()[near].sum() == pytest.approx(EARTH_KM2 / 2, rel=2e-3)  # a hemisphere


@every_window
def test_areas_are_about_the_square_of_the_spacing(window: Window) -> None:
    height, width = window.size
    middle = window.pixel_area_km2()[height // 2, width // 2]
    assert middle > 0
    if min(height, width) >= 30:
        assert middle == pytest.approx(np.prod(window.spacing_km), rel=0.05)


def test_spacing_is_the_distance_between_neighbours() -> None:
    for window in (WINDOWS["Paris"], WINDOWS["Paris, mercator"], WINDOWS["Fiji"], WINDOWS["antimeridian, flat"]):
        row, column = window.size[0] // 2, window.size[1] // 2
        centres = window.pixel_latlon()
        rows_km = great_circle_km(centres[row, column], centres[row + 1, column])
        columns_km = great_circle_km(centres[row, column], centres[row, column + 1])
        assert (rows_km, columns_km) == pytest.approx(window.spacing_km, rel=0.01)


def test_a_local_window_is_a_square_in_kilometres_at_the_pole() -> None:
    centres = WINDOWS["north pole"].pixel_latlon()
    corners = centres[[0, 0, -1, -1], [0, -1, 0, -1]]
    half = np.array([500 * 39 / 40, 500 * 40 / 41]) / 2
    assert np.allclose(great_circle_km((90, 0), corners), np.hypot(*half))
    assert WINDOWS["north pole"].bounds[1:] == (-180, 90, 180)


def test_outside_is_minus_one() -> None:
    fiji = WINDOWS["Fiji"]
    outside = [(-15, 169.9), (-15, -169.9), (-9.99, 180), (-20.01, 180), (15, 0), (90, 0)]
    assert (fiji.pixel_of(outside) == -1).all()
    assert not fiji.contains(outside).any()
    assert fiji.pixel_of([[(-15, 0)], [(-15, 180)]]).tolist() == [[[-1, -1]], [[16, 23]]]
    assert (WINDOWS["world, mercator"].pixel_of([(86, 0), (90, 0), (-90, 0)]) == -1).all()
    assert (WINDOWS["Paris"].pixel_of([(48.85, 2.6), (-48.85, -177.65), (90, 0)]) == -1).all()


def test_edges_belong_to_the_window() -> None:
    box = Window.box(-20, 170, -10, -170, (10, 20))
    corners = [(-10, 170), (-20, -170), (-10, -170), (-20, 170)]
    assert box.pixel_of(corners).tolist() == [[0, 0], [9, 19], [0, 19], [9, 0]]
    ends = [(90, -180), (90, 180), (-90, 179.999), (0, 0)]
    assert Window.world((4, 8)).pixel_of(ends).tolist() == [[0, 0], [0, 0], [3, 7], [2, 4]]


def test_the_edges_of_a_box_may_be_written_in_several_ways() -> None:
    assert Window.box(0, 170, 10, 190, (2, 2)) == Window.box(0, 170, 10, -170, (2, 2))
    assert Window.box(-90, 0, 90, 360, (2, 4)) == Window.world((2, 4))
    assert Window.box(0, 180, 10, 200, (2, 2)).bounds == (0, -180, 10, -160)
    assert Window.box(0, 170, 10, -180, (2, 2)).bounds == (0, 170, 10, 180)


@pytest.mark.parametrize("projection", ["equirectangular", "mercator"])
@pytest.mark.parametrize("centre", [(48.85, 2.35), (-17, 179.9), (80, -40)])
def test_a_flat_window_around_a_point_covers_the_square(centre: tuple[float, float], projection: Projection) -> None:
    flat = Window.around(centre, 400, (50, 50), projection)
    square = Window.around(centre, 400, (50, 50))
    assert flat.contains(square.pixel_latlon()).all()
    assert flat.bounds == square.bounds


def test_a_flat_window_is_clamped_at_the_pole() -> None:
    assert Window.around((89, 10), 500, (9, 9), "equirectangular").bounds[1:] == (-180, 90, 180)
    assert Window.around((84, 10), 500, (9, 9), "mercator").bounds[2] == MERCATOR_MAX_LAT


def test_windows_are_values() -> None:
    assert Window.around((1, 2), 3, (4, 5)) == Window.around((1, 2), 3, (4, 5))
    assert len({Window.world(), Window.world()}) == 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        Window.world().south = 0.0  # type: ignore[misc]


def nan_box() -> Window:
    return Window.box(float("nan"), 0, 1, 1, (2, 2))


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Window.box(10, 0, 10, 5, (5, 5)), "south 10 to north 10"),
        (lambda: Window.box(20, 0, 10, 5, (5, 5)), "south < north"),
        (lambda: Window.box(1, 5, 2, 5, (5, 5)), "west 5 to east 5"),
        (lambda: Window.box(1, -170, 2, 300, (5, 5)), "up to 360"),
        (lambda: Window.box(1, 0, 95, 5, (5, 5)), "row 1 is"),
        (nan_box, "nan"),
        (lambda: Window.world((0, 5)), "0 x 5"),
        (lambda: Window.world((2.5, 5)), "whole numbers"),  # type: ignore[arg-type]
        (lambda: Window.world(5), "height, width"),  # type: ignore[arg-type]
        (lambda: Window.world((5, 5), "robinson"), "'robinson'"),  # type: ignore[arg-type]
        (lambda: Window.world((5, 5), "local"), "Window.around"),
        (lambda: Window(0, 0, 1, 1, (2, 2), "mercator", (0.5, 0.5), 3.0), "none for the others"),
        (lambda: Window.box(0, 0, 90, 5, (5, 5), "mercator"), "Mercator"),
        (lambda: Window.around((89, 0), 10, (5, 5), "mercator"), "latitude 89"),
        (lambda: Window.around((0, 0), 0, (5, 5)), "side is 0 km"),
        (lambda: Window.around((0, 0), float("nan"), (5, 5)), "side is nan km"),
        (lambda: Window.around((0, 0), 30000, (5, 5)), "Window.world"),
        (lambda: Window.around([(0, 0), (1, 1)], 10, (5, 5)), "one centre"),
        (lambda: Window(0, 200, 1, 210, (5, 5)), r"west in \[-180, 180\)"),
    ],
)
def test_nonsense_is_refused(make: object, says: str) -> None:
    with pytest.raises(CoordinateError, match=says):
        make()  # type: ignore[operator]


def test_points_that_are_not_on_earth_are_refused() -> None:
    for window in (Window.world(), WINDOWS["Paris"]):
        with pytest.raises(CoordinateError, match="row 0"):
            window.pixel_of([[float("nan"), 0.0]])


def test_probability_summed_into_pixels_is_kept() -> None:
    rng = np.random.default_rng(0)
    points: Floats = rng.uniform([-90, -180], [90, 180], (5000, 2))
    window = Window.world((18, 36))
    row, column = window.pixel_of(points).T
    counts = np.zeros(window.size)
    np.add.at(counts, (row, column), 1)
    assert counts.sum() == 5000
    nearest_row = np.abs(points[:, :1] - window.pixel_latlon()[:, 0, 0]).argmin(axis=1)
    assert np.array_equal(row, nearest_row)

from __future__ import annotations

import numpy as np
import pytest

from geoclip_core.earth.equal_earth import X_MAX, Y_MAX, from_equal_earth, to_equal_earth
from geoclip_core.errors import CoordinateError


def test_the_map_has_the_published_size() -> None:
    x, y = to_equal_earth([[0, -180], [90, 0]])
    assert x.tolist() == pytest.approx([-X_MAX, 0], abs=5e-7)
    assert y.tolist() == pytest.approx([0, Y_MAX], abs=5e-8)
    assert pytest.approx(180 / X_MAX, abs=1e-4) == 66.50336  # the scale that GeoCLIP's released encoder uses


def test_the_map_is_symmetric() -> None:
    x, y = to_equal_earth([[35.0, 40.0], [-35.0, 40.0], [35.0, -40.0]]).T
    assert x.tolist() == [x[0], x[0], -x[0]]
    assert y.tolist() == [y[0], -y[0], y[0]]


def test_round_trip() -> None:
    lat = np.r_[-90:90:37j, 89.999999, -1e-9]
    lon = np.r_[-180:179.999:41j]
    points = np.stack(np.meshgrid(lat, lon, indexing="ij"), axis=-1)
    back = from_equal_earth(to_equal_earth(points))
    inner = np.abs(points[..., 0]) < 89.99  # asin loses half of the digits at the pole line
    assert np.allclose(back[inner], points[inner], rtol=0, atol=1e-10)
    assert np.allclose(back[~inner], points[~inner], rtol=0, atol=2e-6)


def test_areas_are_preserved_everywhere() -> None:
    rng = np.random.default_rng(0)
    points = rng.uniform([-89, -179], [89, 179], (1000, 2))
    h = 1e-4
    up, right = np.array([h, 0.0]), np.array([0.0, h])
    north, south = to_equal_earth(points + up), to_equal_earth(points - up)
    east, west = to_equal_earth(points + right), to_equal_earth(points - right)
    (dx1, dy1), (dx2, dy2) = (east - west).T, (north - south).T
    on_map = dx1 * dy2 - dx2 * dy1
    on_sphere = np.radians(2 * h) ** 2 * np.cos(np.radians(points[:, 0]))
    assert np.allclose(on_map, on_sphere, rtol=2e-5)


@pytest.mark.parametrize("beside", [(0, 1.32), (2.71, 0), (2.6, 1.3), (float("nan"), 0)])
def test_points_beside_the_map_are_refused(beside: tuple[float, float]) -> None:
    with pytest.raises(CoordinateError, match="beside the map"):
        from_equal_earth(beside)


def test_wrong_shapes_are_refused() -> None:
    with pytest.raises(CoordinateError, match="shape"):
        from_equal_earth([1.0, 2.0, 3.0])

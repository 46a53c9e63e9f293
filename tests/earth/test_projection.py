from __future__ import annotations

from typing import get_args

import numpy as np
import pyproj
import pytest

from geoclip_core.earth.projection import CYLINDRICAL, MERCATOR_MAX_LAT, Projection


def test_every_projection_is_in_the_table_or_the_plane() -> None:
    assert set(get_args(Projection)) == {*CYLINDRICAL, "local"}


@pytest.mark.parametrize("name", CYLINDRICAL)
def test_latitude_returns_from_the_map(name: str) -> None:
    shown = CYLINDRICAL[name]
    lat = np.linspace(-shown.max_lat, shown.max_lat, 1001)
    y = shown.y(lat)
    assert (np.diff(y) > 0).all()
    assert np.allclose(shown.lat(y), lat, rtol=0, atol=1e-10)
    assert float(shown.y(0.0)) == 0.0


@pytest.mark.parametrize("name", CYLINDRICAL)
@pytest.mark.parametrize("lat", [-80.0, 0.0, 33.3, 60.0])
def test_the_scale_is_the_derivative_of_the_inverse(name: str, lat: float) -> None:
    shown = CYLINDRICAL[name]
    y = float(shown.y(lat))
    slope = float(shown.lat(y + 1e-4) - shown.lat(y - 1e-4)) / 2e-4
    assert shown.lat_per_y(lat) == pytest.approx(slope, rel=1e-6)


def test_the_mercator_map_is_square() -> None:
    assert float(CYLINDRICAL["mercator"].y(MERCATOR_MAX_LAT)) == pytest.approx(180.0, abs=1e-6)
    assert np.isfinite(CYLINDRICAL["mercator"].y([-90.0, 90.0])).all()


@pytest.mark.parametrize("name", CYLINDRICAL)
def test_the_plane_of_geographic_programs_is_the_one_that_pyproj_knows(name: str) -> None:
    shown = CYLINDRICAL[name]
    to_plane = pyproj.Transformer.from_crs("EPSG:4326", shown.crs, always_xy=True)
    for lon, lat in ((-180.0, -80.0), (12.5, 41.9), (179.0, 0.0)):
        assert shown.to_crs(lon, lat) == pytest.approx(to_plane.transform(lon, lat), abs=1e-6)

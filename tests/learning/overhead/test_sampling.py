"""Which views are drawn: on land, uniform by area, within the limits that are asked for."""

from __future__ import annotations

import numpy as np
import pytest

from geoclip_core.earth.countries import country_at
from geoclip_core.earth.distance import great_circle_km
from geoclip_core.errors import RegionError
from geoclip_core.learning.overhead.sampling import Sampling, ViewSampler, land_cells


def test_centres_lie_on_land_uniformly_by_area_and_keep_away() -> None:
    kept_out = ((0.0, 20.0), (65.0, 100.0))
    views = ViewSampler(Sampling(kept_out=kept_out, kept_out_km=500.0)).draw(4000, np.random.default_rng(1))
    assert (country_at(views.latlon, tolerance_km=10.0) != "").mean() > 0.999
    assert np.abs(views.latlon[:, 0]).max() <= 72
    for place in kept_out:
        assert great_circle_km(views.latlon, place).min() > 500
    free = ViewSampler(Sampling()).draw(20_000, np.random.default_rng(2)).latlon
    # Australia's mainland and Tasmania are 7.69 of about 134.2 million km2 of land within 72 degrees.
    assert (country_at(free, tolerance_km=0.0) == "AU").mean() == pytest.approx(7.69 / 134.2, rel=0.08)
    assert views.width_km.min() >= 400
    assert views.width_km.max() <= 1600
    assert np.median(views.width_km) == pytest.approx(800, rel=0.05)  # log-uniform
    assert np.abs(views.heading_deg).max() <= 45


@pytest.mark.slow
def test_centres_may_lie_off_the_coast_and_must_lie_somewhere() -> None:
    wide = ViewSampler(Sampling(coast_km=200.0), height=360).draw(4000, np.random.default_rng(0)).latlon
    at_sea = country_at(wide, tolerance_km=0.0) == ""
    assert 0.1 < at_sea.mean() < 0.5
    with pytest.raises(RegionError, match="No land between"):
        ViewSampler(Sampling(south_deg=85.0, north_deg=88.0), height=180)


def test_cells_of_land_are_equal_and_on_land() -> None:
    cells = land_cells(8_000)
    assert 0.25 < len(cells) / 8_000 < 0.28  # 134.6 of 510.1 million km2
    assert np.abs(cells[:, 0]).max() <= 72
    assert (country_at(cells[::4], tolerance_km=10.0) != "").mean() > 0.99

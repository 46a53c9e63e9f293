"""Windows that the map shows."""

from __future__ import annotations

import pytest

from geoclip_core.earth.regions import parse_region
from geoclip_core.errors import CoordinateError
from geoclip_core.locate import field
from geoclip_core.page.state import views


def test_the_largest_window_that_is_sampled_is_that_of_the_field() -> None:
    assert pytest.approx(field.FINEST_KM * (field.SAMPLES - 1)) == views.SAMPLED_KM


def test_a_box_may_run_over_the_antimeridian_and_the_poles() -> None:
    south, west, north, east = views.boxed(-20.0, 170.0, 90.0, 200.0).window.bounds
    assert (south, west, east) == pytest.approx((-20, 170, -160))
    assert north < 85.1
    assert views.boxed(-60.0, -200.0, 60.0, 170.0) is views.WORLD
    with pytest.raises(CoordinateError):
        views.boxed(10.0, 20.0, 10.0, 20.0)


def test_a_search_area_is_framed_with_a_margin() -> None:
    view = views.framed(parse_region("40,0,50,10"))
    assert view.window.bounds == pytest.approx((39.2, -0.8, 50.8, 10.8))
    assert view.label == "Search area"
    assert views.framed(parse_region("continent:Antarctica")) is views.WORLD

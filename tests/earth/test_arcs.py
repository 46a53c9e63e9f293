from __future__ import annotations

import pytest

from geoclip_core.earth.arcs import arc, arc_width, checked_arc, shortest_cover
from geoclip_core.errors import CoordinateError


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ((-10, 20), (-10, 20)),
        ((-180, 180), (-180, 180)),
        ((0, 360), (-180, 180)),
        ((170, -170), (170, -170)),
        ((170, 190), (170, -170)),
        ((170, -180), (170, 180)),
        ((180, 200), (-180, -160)),
        ((350, 10), (-10, 10)),
        ((10, 350), (10, -10)),
    ],
)
def test_edges_as_people_write_them(given: tuple[float, float], read: tuple[float, float]) -> None:
    assert checked_arc(*given) == read


@pytest.mark.parametrize("given", [(5, 5), (-170, 300)])
def test_no_arc_at_all(given: tuple[float, float]) -> None:
    with pytest.raises(CoordinateError, match="runs from west"):
        checked_arc(*given)


def test_width_and_arc_are_inverse() -> None:
    for west, east in [(-180, 180), (170, -170), (0, 180), (-180, 0), (10, 5)]:
        assert arc(west, arc_width(west, east)) == (west, east)
    assert arc_width(-180, 180) == 360
    assert arc_width(179, -179) == 2


@pytest.mark.parametrize(
    ("arcs", "cover"),
    [
        ([(10, 5)], (10, 15)),
        ([(10, 5), (20, 5)], (10, 25)),
        ([(170, 10), (-180, 10)], (170, -170)),  # Fiji
        ([(-100, 10), (100, 10)], (100, -90)),  # shorter across the antimeridian
        ([(-50, 100), (0, 10)], (-50, 50)),  # one inside the other
        ([(0, 200), (150, 180)], (0, -30)),
        ([(0, 200), (150, 230)], (-180, 180)),
        ([(-180, 360), (5, 1)], (-180, 180)),
        ([(0, 90), (120, 90), (240, 90)], (0, -30)),
    ],
)
def test_shortest_cover(arcs: list[tuple[float, float]], cover: tuple[float, float]) -> None:
    assert shortest_cover(arcs) == pytest.approx(cover)
    assert shortest_cover(arcs[::-1]) == pytest.approx(cover)

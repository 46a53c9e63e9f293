from __future__ import annotations

import itertools

import pytest
from shapely.geometry import Point, shape

from geoclip_core.maps.surroundings import MOST_TOWNS, surroundings


def test_cairo_is_named_around_giza_and_stands_on_land() -> None:
    near = surroundings((29.979, 31.134), 50.0)
    towns = {town.name: town.latlon for town in near.towns}
    assert "Cairo" in towns
    lat, lon = towns["Cairo"]
    assert any(shape(part).contains(Point(lon, lat)) for part in near.land)
    (south, west), (north, east) = near.box
    assert south < lat < north
    assert west < lon < east
    for part in near.land:
        left, bottom, right, top = shape(part).bounds
        assert west - 1e-3 <= left < right <= east + 1e-3
        assert south - 1e-3 <= bottom < top <= north + 1e-3


def test_both_sides_of_the_antimeridian_are_drawn() -> None:
    near = surroundings((-16.85, 179.97), 50.0)  # Taveuni, Fiji
    assert near.box[0][1] < 180 < near.box[1][1]
    land = [shape(part) for part in near.land]
    assert any(part.contains(Point(179.3, -16.6)) for part in land)  # Vanua Levu, west of it
    assert max(part.bounds[2] for part in land) > 180.0  # and the part of Taveuni east of it


def test_the_open_sea_is_empty() -> None:
    near = surroundings((-48.88, -123.39), 50.0)  # Point Nemo
    assert near.land == ()
    assert near.towns == ()


@pytest.mark.parametrize("point", [(35.68, 139.69), (51.5, -0.12)])
def test_labels_do_not_cover_each_other(point: tuple[float, float]) -> None:
    near = surroundings(point, 50.0)
    assert 5 <= len(near.towns) <= MOST_TOWNS
    for one, other in itertools.combinations(near.towns, 2):
        assert abs(one.latlon[0] - other.latlon[0]) > 0.02 or abs(one.latlon[1] - other.latlon[1]) > 0.08

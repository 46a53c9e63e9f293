from __future__ import annotations

import json

import pytest
from shapely.geometry import Point, shape

from geoclip_core.earth.window import Window
from geoclip_core.files import asset_path
from geoclip_core.maps.surroundings import MOST_TOWNS, WORLD_TOWNS, surroundings, world_towns


def around(latlon: tuple[float, float]) -> Window:
    return Window.around(latlon, 50.0, (1, 1), "mercator")


def test_cairo_is_named_around_giza_and_stands_on_land() -> None:
    near = surroundings(around((29.979, 31.134)))
    towns = {town.name: town.latlon for town in near.towns}
    assert next(iter(towns)) == "Cairo"  # the largest comes first
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
    near = surroundings(around((-16.85, 179.97)))  # Taveuni, Fiji
    assert near.box[0][1] < 180 < near.box[1][1]
    land = [shape(part) for part in near.land]
    assert any(part.contains(Point(179.3, -16.6)) for part in land)  # Vanua Levu, west of it
    assert max(part.bounds[2] for part in land) > 180.0  # and the part of Taveuni east of it
    assert all(near.box[0][1] <= town.latlon[1] <= near.box[1][1] for town in near.towns)


def test_the_open_sea_is_empty() -> None:
    near = surroundings(around((-48.88, -123.39)))  # Point Nemo
    assert near.land == ()
    assert near.towns == ()


@pytest.mark.parametrize("point", [(35.68, 139.69), (51.5, -0.12)])
def test_a_dense_region_is_light_enough_to_send(point: tuple[float, float]) -> None:
    near = surroundings(around(point))
    assert len(near.towns) == MOST_TOWNS
    assert len(json.dumps(near.land)) < 100_000


def test_the_largest_towns_of_the_world_come_first() -> None:
    rows = json.loads(world_towns())
    assert rows == json.loads(asset_path("web/towns.json").read_text(encoding="utf-8"))
    assert len(rows) == WORLD_TOWNS
    names = [name for name, *_ in rows]
    assert names.index("Tokyo") < names.index("Boston") < 1000
    by_name = {name: (lat, lon) for name, lat, lon in reversed(rows)}
    assert by_name["Paris"] == pytest.approx((48.85, 2.35), abs=0.02)

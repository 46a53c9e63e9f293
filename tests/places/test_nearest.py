from __future__ import annotations

import numpy as np
import pytest

from geoclip_core.earth.coordinates import unit_vectors
from geoclip_core.earth.distance import great_circle_km
from geoclip_core.errors import CoordinateError
from geoclip_core.places.gazetteer import load_gazetteer
from geoclip_core.places.nearest import NearbyPlace, nearest_places


def nearest_place(latlon: tuple[float, float]) -> NearbyPlace:
    return nearest_places([latlon])[0]


def test_a_landmark_is_named_where_one_stands_in_it():
    here = nearest_place((48.8584, 2.2945))
    assert here.name == "Eiffel Tower, France"
    assert (here.distance_km, here.direction) == (0.0, "")
    assert here.country_code == "FR"


def test_a_city_wins_over_its_quarters_and_villages_inside_it():
    here = nearest_place((51.546, -0.477))  # Uxbridge, at the edge of London
    assert here.country_name == "United Kingdom"
    assert here.direction == ""
    assert great_circle_km(here.place.latlon, (51.546, -0.477)) <= max(here.place.extent_km, 1.0)


def test_beside_a_town_distance_and_direction_are_told():
    here = nearest_place((24.0, 15.0))
    assert here.country_code == "LY"
    km = great_circle_km(here.place.latlon, (24.0, 15.0))
    assert here.distance_km == pytest.approx(float(km), abs=0.5)
    assert here.name == f"{round(here.distance_km)} km {here.direction} of {here.place.name}, Libya"


def test_the_direction_is_the_one_in_which_the_point_lies():
    flores = nearest_place((38.5, -32.5))
    assert flores.place.latlon[1] > -32.5
    assert "W" in flores.direction


@pytest.mark.parametrize("point", [(0.0, -140.0), (-50.0, -120.0), (90.0, 0.0), (38.5, -32.5)])
def test_at_sea_there_is_no_country(point):
    here = nearest_place(point)
    assert here.country_code == here.country_name == ""
    assert here.name.endswith("(at sea)")
    assert here.distance_km > 5


def test_the_south_pole_has_its_station():
    assert nearest_place((-90.0, 0.0)).country_code == "AQ"


def test_the_antimeridian_is_no_edge():
    west, east = nearest_place((-16.8, 179.99)), nearest_place((-16.8, -179.99))
    assert west.place == east.place
    assert abs(west.distance_km - east.distance_km) < 5
    assert west.country_code == "FJ"


def test_many_points_give_what_each_gives_alone():
    points = np.random.default_rng(0).uniform([-80, -180], [80, 180], (40, 2))
    assert nearest_places(points) == [nearest_place(tuple(point)) for point in points]
    assert nearest_places(np.empty((0, 2))) == []


def test_far_from_all_extents_it_is_the_nearest_town_of_all():
    gazetteer = load_gazetteer()
    cities = gazetteer.rows_of_kind("city")
    vectors = unit_vectors(gazetteer.latlon[cities])
    points = np.array([[-25.0, 125.0], [60.0, 100.0], [10.0, -130.0], [-40.0, 80.0]])
    for point, here in zip(points, nearest_places(points), strict=True):
        assert here.place.row == cities[(vectors @ unit_vectors(point)).argmax()]


def test_points_off_the_earth_are_refused():
    with pytest.raises(CoordinateError):
        nearest_place((95.0, 0.0))


def test_what_is_uncertain_is_not_named_by_a_sight_that_is_smaller_than_the_doubt():
    common = (42.355, -71.066)  # on Boston Common, inside several sights
    precise, vague = nearest_places([common, common], [0.1, 6.0])
    assert precise.place.kind != "city"
    assert (vague.place.name, vague.place.kind) == ("Boston", "city")


def test_a_river_does_not_name_the_city_on_it():
    assert nearest_place((48.852, 2.36)).place.kind != "river"
    assert nearest_places([(48.852, 2.36)], 10.0)[0].name == "Paris, France"

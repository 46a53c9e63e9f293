from __future__ import annotations

import math

import numpy as np
import pytest

from geoclip_core.earth.coordinates import Floats, unit_vectors
from geoclip_core.earth.distance import (
    EARTH_RADIUS_KM,
    HALF_TURN_KM,
    bearing_deg,
    chord_to_km,
    compass_point,
    destination,
    disk_points,
    great_circle_km,
    tangents,
)
from geoclip_core.errors import CoordinateError


def random_points(n: int, seed: int = 0) -> Floats:
    rng = np.random.default_rng(seed)
    lat = np.degrees(np.arcsin(rng.uniform(-1, 1, n)))
    return np.stack([lat, rng.uniform(-180, 180, n)], axis=-1)


@pytest.mark.parametrize(
    ("a", "b", "km"),
    [
        ((0, 0), (90, 0), 10007.557),
        ((0, 0), (0, 180), 20015.114),
        ((0, 179.5), (0, -179.5), 111.195),
        ((90, 0), (90, 135), 0.0),
        ((-90, 20), (90, 70), 20015.114),
        ((48.85, 2.35), (48.85, 2.35), 0.0),
        ((10, 350), (10, -10), 0.0),
    ],
)
def test_known_distances(a: tuple[float, float], b: tuple[float, float], km: float) -> None:
    assert great_circle_km(a, b) == pytest.approx(km, abs=5e-4)
    assert great_circle_km(a, b) == great_circle_km(b, a)


def test_tiny_and_nearly_antipodal_distances_keep_their_digits() -> None:
    degree_km = math.radians(1) * EARTH_RADIUS_KM
    for step_deg in (1e-3, 1e-6, 1e-8):
        assert great_circle_km((45, 7), (45 + step_deg, 7)) == pytest.approx(step_deg * degree_km, rel=1e-5)
        short = 180 * degree_km - great_circle_km((45, 7), (-45 + step_deg, -173))
        assert short == pytest.approx(step_deg * degree_km, abs=1e-8)


def test_agrees_with_the_haversine_formula() -> None:
    a, b = random_points(2000, 1), random_points(2000, 2)
    (lat1, lon1), (lat2, lon2) = np.radians(a).T, np.radians(b).T
    half = np.sin((lat2 - lat1) / 2) ** 2 + np.cos(lat1) * np.cos(lat2) * np.sin((lon2 - lon1) / 2) ** 2
    assert np.allclose(great_circle_km(a, b), 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(half)), rtol=0, atol=1e-6)


def test_distance_broadcasts_and_refuses_nonsense() -> None:
    a, b = random_points(3), random_points(4, 1)
    assert great_circle_km(a[:, None], b).shape == (3, 4)
    assert great_circle_km(a, b[0]).shape == (3,)
    with pytest.raises(CoordinateError):
        great_circle_km([float("nan"), 0], [0, 0])


def test_a_chord_through_the_sphere_is_the_distance_around_it() -> None:
    a, b = random_points(500, 1), random_points(500, 2)
    chord = np.linalg.norm(unit_vectors(a) - unit_vectors(b), axis=-1)
    assert np.allclose(chord_to_km(chord), great_circle_km(a, b), rtol=1e-9)
    assert chord_to_km([0.0, 2.0, 2.0 + 1e-15]) == pytest.approx([0.0, HALF_TURN_KM, HALF_TURN_KM])


def test_tangents_are_unit_and_perpendicular_also_at_the_poles() -> None:
    points = np.concatenate([random_points(50), [[90, 0], [-90, 40]]])
    east, north = tangents(points)
    assert np.allclose(np.cross(east, north), unit_vectors(points))
    assert np.allclose(np.linalg.norm(north, axis=-1), 1)


def test_walks_have_the_distance_and_the_bearing_asked_for() -> None:
    start = random_points(500)
    rng = np.random.default_rng(3)
    bearing, km = rng.uniform(0, 360, 500), rng.uniform(1, 20000, 500)
    end = destination(start, bearing, km)
    assert np.allclose(great_circle_km(start, end), km, atol=1e-6)
    turn = (bearing_deg(start, end) - bearing + 180) % 360 - 180
    assert np.abs(turn).max() < 1e-4


def test_walks_over_the_pole_and_the_antimeridian() -> None:
    degree_km = math.radians(1) * EARTH_RADIUS_KM
    assert destination((89, 10), 0, 2 * degree_km).tolist() == pytest.approx([89, -170])
    assert destination((0, 179.5), 90, degree_km).tolist() == pytest.approx([0, -179.5])
    assert destination((0, 0), [0, 90, 180, 270], degree_km).round(9).tolist() == [[1, 0], [0, 1], [-1, 0], [0, -1]]


@pytest.mark.parametrize(
    ("b", "degrees", "point"),
    [((1, 0), 0, "N"), ((1, 1), 45, "NE"), ((0, 1), 90, "E"), ((-1, 0), 180, "S"), ((0, -1), 270, "W")],
)
def test_bearings_and_compass(b: tuple[float, float], degrees: float, point: str) -> None:
    assert bearing_deg((0, 0), b) == pytest.approx(degrees, abs=0.01)
    assert compass_point(float(bearing_deg((0, 0), b))) == point


@pytest.mark.parametrize(
    ("degrees", "point"),
    [(22.4, "N"), (22.6, "NE"), (337.4, "NW"), (337.6, "N"), (359.9, "N"), (360, "N"), (-45, "NW")],
)
def test_compass_sectors_are_centred_on_their_names(degrees: float, point: str) -> None:
    assert compass_point(degrees) == point


def test_bearing_is_never_360() -> None:
    assert bearing_deg((0, 0), (1, -1e-16)) < 360


@pytest.mark.parametrize("centre", [(48.85, 2.35), (90, 0), (-17, 180)])
def test_disk_points_stand_for_equal_areas(centre: tuple[float, float]) -> None:
    points = disk_points(centre, 3000, 1000)
    km = great_circle_km(points, centre)
    assert km[0] == 0
    assert km.max() <= 3000
    assert (np.diff(km) > 0).all()
    for share in (0.1, 0.5, 0.9):  # a cap of this share of the area holds this share of the points
        edge_km = 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(share) * math.sin(3000 / EARTH_RADIUS_KM / 2))
        assert (km <= edge_km).sum() == share * 1000
    quarters = np.histogram(bearing_deg(centre, points[1:]), bins=[0, 90, 180, 270, 360])[0]
    assert quarters.min() > 240


def test_disk_points_at_the_limits() -> None:
    assert disk_points((10, 20), 50, 1).tolist() == [[10, 20]]
    assert np.allclose(disk_points((10, 20), 0, 5), (10, 20))
    everywhere = disk_points((10, 20), math.pi * EARTH_RADIUS_KM, 2000)
    assert np.abs(np.sin(np.radians(everywhere[:, 0])).mean()) < 0.01
    for radius_km, n in ((-1, 5), (float("nan"), 5), (20016, 5), (5, 0)):
        with pytest.raises(CoordinateError):
            disk_points((0, 0), radius_km, n)

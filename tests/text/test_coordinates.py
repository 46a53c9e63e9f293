from __future__ import annotations

import pytest

from geoclip_core.errors import QueryError
from geoclip_core.text.coordinates import parse_coordinates


@pytest.mark.parametrize(
    ("text", "latlon"),
    [
        ("48.8584, 2.2945", (48.8584, 2.2945)),
        ("-33.86 151.21", (-33.86, 151.21)),
        ("48°51'30\"N 2°17'40\"E", (48.858333, 2.294444)),
        ("33.86 S, 151.2 E", (-33.86, 151.2)),
        ("33.86 S, 151.2 O", (-33.86, -151.2)),
        ("(40.7, -74.0)", (40.7, -74.0)),
        ("lat: 10.5, lon: 350.5", (10.5, -9.5)),
        ("geo:37.78,-122.39", (37.78, -122.39)),
        ("12, 34", (12.0, 34.0)),
        ("\u221212.5; 34.25", (-12.5, 34.25)),
    ],
)
def test_coordinates_are_read_as_a_point(text: str, latlon: tuple[float, float]) -> None:
    assert parse_coordinates(text) == pytest.approx(latlon, abs=1e-6)


@pytest.mark.parametrize("text", ["12 34", "7", "1984", "10.5.2020", "Paris", "", "10.5, 20.5, 30.5"])
def test_other_texts_are_no_coordinates(text: str) -> None:
    assert parse_coordinates(text) is None


@pytest.mark.parametrize("text", ["95.5, 200.25", "91.5 N, 10.5 E", "10.5, 400.5"])
def test_points_off_the_earth_are_refused(text: str) -> None:
    with pytest.raises(QueryError, match=r"swapped|not a point"):
        parse_coordinates(text)

from __future__ import annotations

import pytest

from geoclip_core.errors import QueryError
from geoclip_core.text.position.coordinates import parse_coordinates, read_position


@pytest.mark.parametrize(
    ("text", "latlon"),
    [
        ("48.8584, 2.2945", (48.8584, 2.2945)),
        ("-33.86 151.21", (-33.86, 151.21)),
        ("48°51'30\"N 2°17'40\"E", (48.858333, 2.294444)),
        ("33.86 S, 151.2 E", (-33.86, 151.2)),
        ("33.45 S, 70.66 O", (-33.45, -70.66)),  # "oeste": Santiago, not the Indian Ocean
        ("52.5 N, 13.4 O", (52.5, 13.4)),  # "Ost": Berlin, not the Atlantic
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


@pytest.mark.parametrize(
    ("text", "latlon"),
    [
        ("N 40\u02da26'46\" W 79\u02da58'56\"", (40.446111, -79.982222)),
        ("59 20 4.5 N 18 3 54 E", (59.334583, 18.065)),
        ("59,3293 18,0686", (59.3293, 18.0686)),
        ("Longitude: 18.0686, latitude: 59.3293", (59.3293, 18.0686)),
        ("we were at 59.3293, 18.0686 that day", (59.3293, 18.0686)),
        ("+59.3293+018.0686/", (59.3293, 18.0686)),
        ("geo:0,0?q=59.3293,18.0686(Home)", (59.3293, 18.0686)),
        ("POINT(18.0686 59.3293)", (59.3293, 18.0686)),
        ("https://www.google.com/maps/search/?api=1&query=59.32930,18.06860", (59.3293, 18.0686)),
        ("https://www.openstreetmap.org/?mlat=59.32930&mlon=18.06860#map=13/59.3/18.1", (59.3293, 18.0686)),
        ("https://maps.apple.com/?ll=59.3293,18.0686", (59.3293, 18.0686)),
        ("https://www.bing.com/maps?cp=59.3293~18.0686&lvl=12", (59.3293, 18.0686)),
        ("9FFW83H9+PC", (59.3293, 18.0686)),
        ("33U 391779 5820077", (52.52, 13.405)),
        ("geohash u33dc", (52.5, 13.4)),
        ("59.3293|18.0686", (59.3293, 18.0686)),
        ("x: 18.0686 y: 59.3293", (59.3293, 18.0686)),
        ("ST_Point(18.0686, 59.3293)", (59.3293, 18.0686)),
        ('{"type": "Point", "coordinates": [18.0686, 59.3293]}', (59.3293, 18.0686)),
        ("59\u00b019'45\"с.ш. 18\u00b004'07\"в.д.", (59.3293, 18.0686)),
        ("33.4489 ю. ш., 70.6693 з. д.", (-33.4489, -70.6693)),
    ],
)
def test_positions_as_people_paste_them(text: str, latlon: tuple[float, float]) -> None:
    assert parse_coordinates(text) == pytest.approx(latlon, abs=0.06 if "geohash" in text else 1e-3)


@pytest.mark.parametrize("text", ["11/9", "24/7", "20,000", "12,5", "4;30", "192.168.1.1", "5 N 3rd St E 4", "u33dc"])
def test_numbers_that_are_no_coordinates(text: str) -> None:
    assert parse_coordinates(text) is None


@pytest.mark.parametrize(
    ("text", "error_km"),
    [("59 N 18 E", 55.6), ("59.3, 18.1", 5.56), ("59\u00b020' N 18\u00b004' E", 0.93), ("59.32931, 18.06861", 0.1)],
)
def test_the_last_digit_gives_the_error(text: str, error_km: float) -> None:
    position = read_position(text)
    assert position is not None
    assert position.error_km == pytest.approx(error_km, rel=0.01)


@pytest.mark.parametrize(
    ("text", "error_km"),
    [
        ("59.3293 N 18.0686 E ± 2 km", 2.0),
        ("59.3293, 18.0686 +/- 500 m", 0.5),
        ("59.3293, 18.0686 (accurate to about 3 miles)", 4.83),
        ("within 5 km of 59.3293, 18.0686", 5.0),
        ("GPS 59.3293, 18.0686, error: 15 km", 15.0),
        ("59.3293, 18.0686, Genauigkeit 3 km", 3.0),
        ("geo:59.3293,18.0686 ± 3 km", 3.0),
        ("59 N 18 E ± 2 km", 55.6),  # the digits leave more
        ("59.3293, 18.0686 ± 5000 km", 0.1),  # a slip
    ],
)
def test_an_error_that_is_stated_beside_the_coordinates_counts(text: str, error_km: float) -> None:
    position = read_position(text)
    assert position is not None
    assert position.latlon == pytest.approx((59.3293, 18.0686), abs=0.5)
    assert position.error_km == pytest.approx(error_km, rel=0.01)
    assert ("5,000 km, which is not believed" in position.form) == ("5000" in text)


def test_minutes_end_at_sixty() -> None:
    with pytest.raises(QueryError, match="75 minutes"):
        parse_coordinates("59\u00b075' N 18\u00b004' E")

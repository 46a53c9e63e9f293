from __future__ import annotations

import numpy as np
import pytest

from geoclip_core.earth.coordinates import Floats
from geoclip_core.earth.countries import country_at
from geoclip_core.earth.distance import great_circle_km
from geoclip_core.earth.regions import (
    BoxRegion,
    CountryRegion,
    RadiusRegion,
    Region,
    UnionRegion,
    parse_region,
)
from geoclip_core.errors import RegionError

REGIONS: dict[str, Region] = {
    "Fiji": CountryRegion(("FJ",)),
    "Russia and the USA": CountryRegion(("RU", "US")),
    "Antarctica": CountryRegion(("AQ",)),
    "box": BoxRegion(-20, 170, -10, -170),
    "polar box": BoxRegion(80, 0, 90, 10),
    "circle": RadiusRegion((64, 180), 500),
    "polar circle": RadiusRegion((-89, 30), 700),
    "half the Earth": RadiusRegion((10, 20), 10000),
    "union": UnionRegion((RadiusRegion((0, 170), 300), BoxRegion(-5, -175, 5, -170))),
}


def random_points(n: int) -> Floats:
    rng = np.random.default_rng(0)
    return np.stack([np.degrees(np.arcsin(rng.uniform(-1, 1, n))), rng.uniform(-180, 180, n)], axis=-1)


@pytest.mark.parametrize("region", REGIONS.values(), ids=REGIONS.keys())
def test_bounds_hold_everything_the_region_holds(region: Region) -> None:
    points = np.concatenate([random_points(40_000), [[90, 0], [-90, 0], [-17, 180], [-16.9, -179.97]]])
    inside = region.contains(points)
    assert isinstance(region, Region)
    assert inside.dtype == bool
    assert inside.any()
    assert not inside.all()
    south, west, north, east = region.bounds
    lat, lon = points[inside].T
    at_pole = np.abs(lat) == 90
    assert (lat >= south).all()
    assert (lat <= north).all()
    assert (at_pole | ((lon - west) % 360 <= ((east - west) % 360 or 360))).all()
    assert region.label


def test_boxes() -> None:
    fiji = BoxRegion(-20, 170, -10, 190)
    assert fiji == BoxRegion(-20, 170, -10, -170)
    points = [(-15, 175), (-15, -175), (-15, 180), (-10, 170), (-20, -170), (-15, 169.9), (-15, -169.9), (-9, 180)]
    assert fiji.contains(points).tolist() == [True] * 5 + [False] * 3
    band = BoxRegion(10, -180, 20, 180)
    assert band.contains([(15, -180), (15, 180), (15, 0), (21, 0)]).tolist() == [True, True, True, False]
    cap = BoxRegion(80, 0, 90, 10)
    assert cap.contains([(90, -120), (89, -120), (85, 5)]).tolist() == [True, False, True]


def test_circles_across_the_antimeridian_and_over_a_pole() -> None:
    points = random_points(5000)
    for centre, km in (((64.0, 180.0), 500.0), ((89.5, 0.0), 300.0), ((-90.0, 0.0), 2000.0)):
        region = RadiusRegion(centre, km)
        assert np.array_equal(region.contains(points), great_circle_km(points, centre) <= km)
    assert RadiusRegion((89, 0), 200).contains([(89.5, 180), (87, 180), (88, 0)]).tolist() == [True, False, True]
    assert RadiusRegion((89, 0), 200).bounds[1:] == (-180, 90, 180)
    south, west, north, east = RadiusRegion((0, 180), 111.195).bounds
    assert (south, west, north, east) == pytest.approx((-1, 179, 1, -179), abs=1e-4)


def test_a_circle_reaches_farther_in_longitude_than_at_its_own_latitude() -> None:
    region = RadiusRegion((70, 0), 1000)
    lat, lon = np.moveaxis(np.stack(np.meshgrid(np.r_[60:80:801j], np.r_[0:40:1601j], indexing="ij"), -1), -1, 0)
    inside = region.contains(np.stack([lat, lon], -1))
    assert lon[inside].max() == pytest.approx(region.bounds[3], abs=0.03)


def test_countries_hold_their_land_and_the_water_just_off_it() -> None:
    points = random_points(20_000)
    region = CountryRegion(("FJ", "RU", "AQ"))
    assert np.array_equal(region.contains(points), np.isin(country_at(points), ("FJ", "RU", "AQ")))
    nice = CountryRegion(("FR",))
    off_nice = [(43.69, 7.27), (43.66, 7.27), (43.4, 7.27)]  # the beach, 3 km out, 30 km out
    assert nice.contains(off_nice).tolist() == [True, True, False]
    assert nice.contains([[(48.86, 2.35)], [(40.4, -3.7)]]).tolist() == [[True], [False]]
    assert nice.contains(np.zeros((0, 2))).shape == (0,)


def test_bounds_of_countries_are_short_arcs() -> None:
    south, west, north, east = CountryRegion(("FJ",)).bounds
    assert (south, west, north, east) == pytest.approx((-21.8, 174.5, -12.4, -178.2), abs=0.1)
    assert CountryRegion(("RU",)).bounds[1::2] == pytest.approx((19.5, -168.9), abs=0.1)
    assert CountryRegion(("AQ",)).bounds[:2] == (-90, -180)
    assert CountryRegion(("DE",)).bounds == pytest.approx((47.2, 5.8, 55.1, 15.1), abs=0.1)


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("FR", CountryRegion(("FR",))),
        (" France ", CountryRegion(("FR",))),
        ("fr, de", CountryRegion(("FR", "DE"))),
        ("France,Germany", CountryRegion(("FR", "DE"))),
        ("-20,170,-10,-170", BoxRegion(-20, 170, -10, -170)),
        ("-20, 170, -10, 190", BoxRegion(-20, 170, -10, 190)),
        ("48.85,2.35,50", RadiusRegion((48.85, 2.35), 50)),
        ("FR; 40,-3,100", UnionRegion((CountryRegion(("FR",)), RadiusRegion((40, -3), 100)))),
    ],
)
def test_regions_as_people_type_them(text: str, region: Region) -> None:
    assert parse_region(text) == region


@pytest.mark.parametrize("region", REGIONS.values(), ids=REGIONS.keys())
def test_a_region_is_returned_as_it_is(region: Region) -> None:
    assert parse_region(region) is region


@pytest.mark.parametrize("text", ["continent:EU", "continent:europe", "Continent: Europe"])
def test_continents(text: str) -> None:
    europe = parse_region(text)
    assert europe.label == "Europe"
    assert europe.contains([(48.86, 2.35), (35.68, 139.69), (40.71, -74.0)]).tolist() == [True, False, False]


def test_labels_read_well() -> None:
    assert parse_region("FR,DE").label == "France, Germany"
    assert parse_region("48.85,2.35,50").label == "within 50 km of 48.85, 2.35"
    assert parse_region("FR;0,0,5").label == "France or within 5 km of 0, 0"
    assert parse_region("0,10,5,20").label == "latitude 0 to 5, longitude 10 to 20"


def test_a_territory_is_a_region_of_its_own() -> None:
    cayenne, paris = (4.94, -52.33), (48.86, 2.35)
    assert parse_region("French Guiana").contains(np.array([cayenne, paris])).tolist() == [True, False]
    assert parse_region("FR").contains(np.array([cayenne, paris])).tolist() == [False, True]
    with pytest.raises(RegionError, match="No country has the code 'ZZ'"):
        CountryRegion(("ZZ",))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "No country is called ''"),
        ("Frnace", r"did you mean France \(FR\)"),
        ("FR,Atlantis", "Atlantis"),
        ("continent:XX", r"EU \(Europe\)"),
        ("1,2", "2 numbers"),
        ("1,2,3,4,5", "5 numbers"),
        ("91,0,3", "not a circle"),
        ("0,0,0", "radius is 0 km"),
        ("0,0,nan", "radius is nan km"),
        ("0,0,20016", "radius is 20016 km"),
        ("10,0,5,10", "lies north of"),
        ("5,5,6,5", "not a box"),
        ("0,0,95,5", "not a box"),
        ("nan,0,1,1", "not a box"),
        ("FR;Atlantis", "Atlantis"),
        ("1.2.3,4,5 km", "cannot be read"),
    ],
)
def test_what_cannot_be_read_is_explained(text: str, says: str) -> None:
    with pytest.raises(RegionError, match=says) as caught:
        parse_region(text)
    assert "south,west,north,east" in str(caught.value)
    assert "lat,lon,radius_km" in str(caught.value)
    assert "continent:EU" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (";".join(f"{i},0,10" for i in range(-50, 51)), "101 parts.*at most 100"),
        (",".join(["FR"] * 101), "101 names; at most 100"),
        ("x" * 5000, "5,000 characters.*at most 4,000"),
    ],
)
def test_a_region_of_too_many_parts_is_refused_without_repeating_it(text: str, says: str) -> None:
    with pytest.raises(RegionError, match=says) as caught:
        parse_region(text)
    assert text[:90] not in str(caught.value)


def test_many_circles_are_those_of_each_alone() -> None:
    chance = np.random.default_rng(3)
    centres = np.stack([chance.uniform(-90, 90, 60), chance.uniform(-180, 180, 60)], axis=1)
    radii = chance.uniform(1, 3000, 60)
    points = np.stack([chance.uniform(-90, 90, 5000), chance.uniform(-180, 180, 5000)], axis=1)
    region = parse_region(";".join(f"{lat},{lon},{km}" for (lat, lon), km in zip(centres, radii, strict=True)))
    expected = (great_circle_km(points[:, None], centres) <= radii).any(axis=1)
    np.testing.assert_array_equal(region.contains(points), expected)
    assert region.label.endswith(" or 48 more")


def test_repeated_parts_count_once() -> None:
    assert parse_region("FR,FR,DE") == parse_region("FR,DE")
    assert parse_region("FR;DE;FR") == parse_region("FR;DE")


def test_other_things_are_not_regions() -> None:
    for given in (None, 5, (1, 2, 3, 4)):
        with pytest.raises(RegionError, match="cannot be read from a"):
            parse_region(given)  # type: ignore[arg-type]
    for make in (
        lambda: CountryRegion(()),
        lambda: UnionRegion(()),
        lambda: CountryRegion(("QQ",)),
        lambda: parse_region(";"),
    ):
        with pytest.raises(RegionError):
            make()


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("EU", (48.2, 16.4), (46.9, 7.4)),
        ("Europe", (55.8, 49.1), (56.0, 92.9)),
        ("Asia", (56.0, 92.9), (55.8, 49.1)),
        ("Africa", (30.0, 31.2), (28.5, 34.5)),
        ("US-TX", (29.76, -95.37), (36.15, -95.99)),
        ("Bavaria", (49.45, 11.08), (48.78, 9.18)),
        ("EH", (27.15, -13.2), (31.6, -8.0)),
        ("!FR", (52.5, 13.4), (48.86, 2.35)),
        ("EU,-DE", (48.86, 2.35), (52.5, 13.4)),
        ("\U0001f1ef\U0001f1f5", (35.7, 139.7), (37.6, 127.0)),
        ("Frankreich", (48.86, 2.35), (52.5, 13.4)),
        ("48.8,2.3,5 km", (48.82, 2.32), (48.9, 2.4)),
    ],
)
def test_unions_continents_states_and_exceptions(
    text: str, inside: tuple[float, float], outside: tuple[float, float]
) -> None:
    region = parse_region(text)
    assert isinstance(region, Region)
    assert region.contains([inside, outside]).tolist() == [True, False]
    assert BoxRegion(*region.bounds).contains([inside]).all()

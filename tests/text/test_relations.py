"""Places relative to others, exclusions, and a region that is known."""

from __future__ import annotations

import pytest

from geoclip_core.earth.distance import great_circle_km
from geoclip_core.earth.regions import parse_region
from geoclip_core.text.reader import TextReader
from geoclip_core.text.relations.statement import find_relation, split_exclusions


@pytest.fixture(scope="module")
def reader() -> TextReader:
    return TextReader()


@pytest.mark.parametrize(
    ("text", "latlon", "within_km"),
    [
        ("a farm 80 km north of Madrid", (41.14, -3.70), 25),
        ("30 miles east of Denver", (39.74, -104.42), 20),
        ("halfway between Warsaw and Berlin", (52.4, 17.2), 30),
        ("halfway between Málaga and Córdoba", (37.3, -4.6), 30),  # not the Córdoba of Argentina
        ("a hundred kilometres north of Madrid", (41.32, -3.70), 25),
        ("в 30 км к югу от Казани", (55.53, 49.1), 20),
        ("the capital of Canada", (45.42, -75.70), 20),
        ("southern France", (44.0, 3.0), 250),
        ("20 km north of 59.3293, 18.0686", (59.51, 18.07), 5),
        ("59.3293, 18.0686, 20 km north of Vantaa", (59.3293, 18.0686), 1),
    ],
)
def test_a_relation_is_a_place_of_its_own(reader, text, latlon, within_km):
    first = reader.read(text).alternatives[0]
    assert great_circle_km(first.place.latlon, latlon) < within_km


def test_a_distance_leaves_an_error_that_grows_with_it(reader):
    near, far = (reader.read(f"{km} km north of Madrid").alternatives[0].place for km in (20, 200))
    assert near.extent_km < far.extent_km / 2


def test_what_is_left_out_is_not_the_answer(reader):
    assert reader.read("Birmingham").alternatives[0].place.country_code == "GB"
    assert reader.read("Birmingham, but not the one in England").alternatives[0].place.country_code == "US"
    assert not reader.read("not in Sweden").recognised


def test_a_known_region_decides_between_namesakes(reader):
    assert reader.read("Valencia").alternatives[0].place.country_code == "VE"
    assert reader.read("Valencia", parse_region("ES")).alternatives[0].place.country_code == "ES"


def test_words_are_taken_apart():
    relation = find_relation("12,5 km southwest of Graz")
    assert relation is not None
    assert (relation.anchor, relation.bearing_deg, relation.distance_km) == ("Graz", 225.0, 12.5)
    assert find_relation("a house in Graz") is None
    assert split_exclusions("Perth, not the one in Scotland") == ("Perth", ("Scotland",))
    assert split_exclusions("Pas de la Casa") == ("Pas de la Casa", ())

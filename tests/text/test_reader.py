"""The text reader with the real gazetteer, language model and sentence encoder."""

from __future__ import annotations

import numpy as np
import pytest

from geoclip_core.earth.distance import great_circle_km
from geoclip_core.errors import QueryError
from geoclip_core.text.cleaning import MAX_TEXT_LENGTH
from geoclip_core.text.reader import TextReader
from geoclip_core.text.relations.containment import Containment


@pytest.fixture(scope="module")
def reader() -> TextReader:
    return TextReader()


@pytest.mark.parametrize(
    ("text", "latlon", "km"),
    [
        ("Pyramids of Giza", (29.977, 31.132), 3),
        ("Burj Khalifa", (25.197, 55.274), 3),
        ("Boston, Massachusetts", (42.358, -71.060), 15),
        ("Boston, MA", (42.358, -71.060), 15),
        ("Paris, Texas", (33.661, -95.556), 15),
        ("Springfield, Illinois", (39.80, -89.64), 15),
        ("Valencia, Carabobo", (10.16, -68.0), 25),
        ("Córdoba, Argentina", (-31.41, -64.18), 25),
        ("Cordoba, Spain", (37.89, -4.78), 15),
        ("London, Ontario", (42.98, -81.23), 15),
        ("San Jose, Costa Rica", (9.93, -84.08), 15),
        ("Sao Paulo", (-23.55, -46.64), 15),
        ("北京", (39.907, 116.397), 15),
        ("北京故宫", (39.916, 116.397), 3),
        ("東京タワー", (35.659, 139.745), 3),
        ("Москва", (55.752, 37.616), 15),
        ("Pyramides of Gizza", (29.977, 31.132), 3),
        ("Eifel Tower", (48.858, 2.294), 3),
        ("Sydney Opera House", (-33.857, 151.215), 3),
        ("a museum in Berlin", (52.52, 13.405), 15),
        ("Notre-Dame, Montreal", (45.504, -73.556), 5),
        ("NYC", (40.71, -74.0), 15),
        ("<b>Rome</b><script>alert('x')</script>", (41.9, 12.5), 15),
        ("Rome\x00\x07\u200b &amp; around", (41.9, 12.5), 15),
        ("😀 Reykjavík 😀", (64.14, -21.9), 15),
    ],
)
def test_the_likeliest_place_is_the_one_meant(reader, text, latlon, km):
    reading = reader.read(text)
    best = reading.alternatives[0]
    assert great_circle_km(best.place.latlon, latlon) <= km
    assert best.how in ("exact", "fuzzy")
    assert best.matched_text
    assert best.weight > 0.5


def test_boston_is_mostly_but_not_only_massachusetts(reader):
    weights: dict[str, float] = {}
    for alternative in reader.read("Boston").alternatives:
        code = alternative.place.country_code
        weights[code] = weights.get(code, 0) + alternative.weight
    assert reader.read("Boston").alternatives[0].place.admin1 == "Massachusetts"
    assert weights["US"] > 0.7
    assert weights["GB"] > 0.02


def test_an_ambiguous_name_keeps_its_country_and_its_state(reader):
    kinds = {a.place.kind for a in reader.read("Georgia").alternatives if a.weight > 0.1}
    assert kinds == {"country", "region"}


def test_the_great_wall_is_on_the_wall(reader):
    latlon, _ = reader.read("Great Wall of China").points()
    badaling, jiayuguan = (40.354, 116.02), (39.80, 98.22)
    assert great_circle_km(latlon, badaling).min() < 25
    assert great_circle_km(latlon, jiayuguan).min() < 25
    best = reader.read("Great Wall of China").alternatives[0].place
    assert best.country_code == "CN"
    assert best.kind == "wall"


def test_desert_means_the_great_deserts_of_the_world(reader):
    latlon, weights = reader.read("Desert").points()
    deserts = {  # somewhere inside, and how far from there it still is that desert
        "Sahara": ((23, 10), 1800),
        "Arabian": ((20, 48), 900),
        "Gobi": ((43, 105), 700),
        "Kalahari": ((-23, 22), 500),
        "Atacama": ((-24, -69), 500),
        "Great Victoria": ((-29, 129), 600),
        "Sonoran and Mojave": ((34, -114), 500),
    }
    masses = {name: weights[great_circle_km(latlon, point) <= km].sum() for name, (point, km) in deserts.items()}
    assert sum(mass > 0.01 for mass in masses.values()) >= 5, masses


@pytest.mark.parametrize(
    ("text", "kinds_of_place"),
    [
        ("sand dunes with camels", {"Sand dunes", "Camel caravan", "Coastal dunes"}),
        ("snowy village with onion domes", {"Onion domes"}),
        ("a tropical beach with palm trees", {"Tropical beach"}),
        ("penguins on the ice", {"Penguin colony"}),
    ],
)
def test_a_description_means_landscapes(reader, text, kinds_of_place):
    reading = reader.read(text)
    assert reading.alternatives[0].place.name in kinds_of_place
    assert len(reading.disks()) > 3


def test_a_landscape_in_a_country_is_only_there(reader):
    reading = reader.read("rice terraces, Philippines")
    latlon, weights = reading.points()
    in_philippines = (np.abs(latlon[:, 0] - 12) < 9) & (np.abs(latlon[:, 1] - 122) < 6)
    assert weights[in_philippines].sum() > 0.9


def test_a_country_is_spread_over_its_towns(reader):
    latlon, weights = reader.read("Egypt").points()
    assert len(latlon) > 50
    assert weights[great_circle_km(latlon, (26.8, 30.8)) < 800].sum() > 0.95


def test_a_flag_names_its_country(reader):
    assert reader.read("🇫🇷").alternatives[0].place.name == "France"


@pytest.mark.parametrize(
    "text",
    [
        "asdf qwerty",
        "lorem ipsum",
        "lorem ipsum dolor sit amet",
        "xyzzy plugh",
        "qwertyuiop",
        "kjhgfdsa",
        "blah blah blah",
        "hello world",
        "how are you",
        "my cat is sleeping",
        "I love you so much",
        "a nice day at the office",
        "IMG_1234",
        "DSC_0042.JPG",
        "1234567",
        "!!!",
        "😀😀😀",
        "<div></div> ?",
    ],
)
def test_nonsense_is_not_recognised(reader, text):
    reading = reader.read(text)
    assert not reading.recognised
    assert reading.alternatives == ()
    latlon, weights = reading.points()
    assert (latlon.shape, weights.shape) == ((0, 2), (0,))
    assert reading.explanation


@pytest.mark.parametrize(
    ("text", "country"),
    [("Kashiwabara Museum", "JP"), ("kirkko", "FI"), ("Muzeum Podhorzyńskiego", "PL"), ("Усадьба Коробкова", "RU")],
)
def test_the_language_of_an_unknown_name_tells_its_country(reader, text, country):
    reading = reader.read(text)
    assert reading.alternatives[0].how == "language"
    assert reading.alternatives[0].place.country_code == country
    assert "sound like" in reading.explanation


def test_coordinates_are_read_as_a_point(reader):
    reading = reader.read("48.8584, 2.2945")
    assert [a.how for a in reading.alternatives] == ["coordinates"]
    assert reading.alternatives[0].place.latlon == (48.8584, 2.2945)
    points, weights = reading.points()
    assert points == pytest.approx(np.array([(48.8584, 2.2945)]), abs=1e-4)
    assert weights.tolist() == [1.0]


@pytest.mark.parametrize("text", ["12 34", "7", "1984", "10.5.2020"])
def test_bare_numbers_are_not_recognised(reader, text):
    assert not reader.read(text).recognised


@pytest.mark.parametrize(("text", "problem"), [("  ", "empty"), ("95.5, 200.25", "swapped|not a point")])
def test_bad_texts_get_a_clear_message(reader, text, problem):
    with pytest.raises(QueryError, match=problem):
        reader.read(text)


@pytest.mark.slow
def test_the_longest_text_is_read(reader):
    words = "Boston, Massachusetts. " + "one more word about it " * 80
    reading = reader.read(words[:MAX_TEXT_LENGTH])
    assert any(a.place.name == "Boston" for a in reading.alternatives)
    assert reader.read("北京" * (MAX_TEXT_LENGTH // 2)).recognised


@pytest.mark.parametrize("text", ["Paris", "Desert", "Boston", "sand dunes with camels", "Kashiwabara Museum", "Nile"])
def test_weights_and_points_are_masses(reader, text):
    reading = reader.read(text)
    weights = [a.weight for a in reading.alternatives]
    assert sum(weights) == pytest.approx(1)
    assert weights == sorted(weights, reverse=True)
    spread = reading.spread()
    assert spread.weights.sum() == pytest.approx(1)
    assert (spread.weights > 0).all()
    assert (spread.spread_km >= 0).all()
    assert len(spread.latlon) == len(spread.weights) == len(spread.spread_km)
    assert sum(disk.weight for disk in reading.disks()) == pytest.approx(1)


def test_the_points_of_an_alternative_lie_in_its_disks(reader):
    reading = reader.read("Great Wall of China")
    latlon, _ = reading.points()
    disks = reading.disks()
    away = great_circle_km(latlon[:, None], np.array([disk.latlon for disk in disks]))
    countries = [a for a in reading.alternatives if a.place.kind == "country"]
    inside = (away <= np.array([disk.extent_km for disk in disks]) + 1e-6).any(axis=1)
    assert inside.all() or countries


def test_the_explanation_names_what_was_matched(reader):
    explanation = reader.read("Boston").explanation
    assert "“Boston”" in explanation
    assert "Boston, Massachusetts, United States" in explanation
    assert "also possible" in explanation


def test_reading_is_repeatable(reader):
    assert reader.read("Victoria") == reader.read("Victoria")


@pytest.mark.parametrize(
    ("text", "country", "part"),
    [
        ("desert in Australia", "AU", "Great Victoria Desert"),
        ("rice terraces, Philippines", "PH", "Banaue and Batad"),
        ("a fishing village in Norway", "NO", "Lofoten (Reine)"),
        ("désert Algérie", "DZ", "Central Sahara"),
    ],
)
def test_a_landscape_in_a_country_is_looked_for_there(reader, text, country, part):
    reading = reader.read(text)
    disks = reading.disks()
    landscape, nation = reading.alternatives[:2]
    assert landscape.place.kind == "landscape"
    assert landscape.weight > 0.8
    assert (nation.place.kind, nation.place.country_code) == ("country", country)
    assert part in [disk.name for disk in disks]


def test_regions_of_a_landscape_go_by_their_own_names(reader):
    names = {disk.name for disk in reader.read("Desert").disks()}
    assert {"Central Sahara", "Gobi", "Rub al Khali"} <= names
    wall = reader.read("Great Wall of China").disks()
    assert all(disk.name.endswith("Great Wall of China, China") for disk in wall if "Wall" in disk.name)


def test_a_small_town_is_believed_where_the_words_sound_like_its_country(reader):
    best = reader.read("Kramfors konsthall").alternatives[0]
    assert (best.place.name, best.place.country_code) == ("Kramfors", "SE")


def test_repeated_names_are_compared_once(reader, monkeypatch):
    """166 times the same name took half a minute when each pair of them was compared anew."""
    compared = []
    original = Containment._compared
    monkeypatch.setattr(
        Containment, "_compared", lambda self, rows, row: compared.append(row) or original(self, rows, row)
    )
    once = reader.read("Springfield, San Antonio")
    first = len(compared)
    many = reader.read("Springfield, San Antonio, " * 70)
    assert len(compared) - first <= 20 * first
    assert once.recognised
    assert many.recognised

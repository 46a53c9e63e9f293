"""Ordinary phrasing: small words before a name, endings, codes, demonyms, and words that mean no place."""

from __future__ import annotations

import pytest

from geoclip_core.text.reader import TextReader


@pytest.fixture(scope="module")
def reader() -> TextReader:
    return TextReader()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("my Madrid trip", "Madrid"),
        ("a Seattle coffee house", "Seattle"),
        ("un viaje a Lisboa", "Lisbon"),
        ("zdjęcie z Gdańska", "Gdańsk"),
        ("v Bratislave", "Bratislava"),
        ("в Казани", "Kazan"),
        ("Ankara'da", "Ankara"),
        ("Debrecenben", "Debrecen"),
        ("Oulussa", "Oulu"),
        ("Klaipėdoje", "Klaipėda"),
        ("flights from the USA", "United States"),
        ("winter in the UK", "United Kingdom"),
        ("Viennese ball", "Vienna"),
        ("Texan music", "Texas"),
        ("SFO", "San Francisco International Airport"),
        ("LEMD", "Madrid Barajas International Airport"),
        ("#SanDiego", "San Diego"),
        ("Rhodesia", "Zimbabwe"),
    ],
)
def test_the_name_is_found(reader, text, name):
    assert reader.read(text).alternatives[0].place.name == name


@pytest.mark.parametrize(
    ("text", "region"),
    [("Aurora, CO", "Colorado"), ("Aurora, IL", "Illinois"), ("london, on", "Ontario"), ("Richmond, VA", "Virginia")],
)
def test_a_code_behind_a_city_tells_which_one(reader, text, region):
    assert reader.read(text).alternatives[0].place.admin1 == region


@pytest.mark.parametrize(
    "text", ["a siamese cat", "my sister Florence", "brussels sprouts", "Narnia", "polish my shoes"]
)
def test_what_means_no_place_is_refused_or_doubted(reader, text):
    reading = reader.read(text)
    assert not reading.recognised or reading.alternatives[0].weight < 0.5


def test_a_refusal_names_the_words_and_what_would_help(reader):
    explanation = reader.read("brussels sprouts").explanation
    assert "“brussels sprouts” is a thing" in explanation
    assert "add a city or country" in explanation
    assert "“paperclip”" in reader.read("paperclip").explanation


def test_other_readings_are_offered(reader):
    assert "Toledo, Castilla-La Mancha, Spain" in reader.read("Toledo").suggestions

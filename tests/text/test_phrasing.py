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
        ("Bechuanaland", "Botswana"),
        ("Hamilton NZ", "Hamilton"),
        ("Baltimorean diner", "Baltimore"),
        ("Gabonese vineyard", "Gabon"),
        ("ve Vídni", "Vienna"),
        ("na Rijeci", "Rijeka"),
        ("Lahteen", "Lahti"),
        ("у Чернівцях", "Chernivtsi"),
        ("포항", "Pohang"),
        ("Barcleona", "Barcelona"),
        ("Rutgers", "Rutgers University"),
        ("MIT", "Massachusetts Institute of Technology"),
        ("studying at Emory University", "Emory University"),
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
    "text",
    [
        *("a siamese cat", "my sister Florence", "brussels sprouts", "Narnia", "polish my shoes", "bologna sausage"),
        "charlotte sleeps well",
    ],
)
def test_what_means_no_place_is_refused_or_doubted(reader, text):
    reading = reader.read(text)
    assert not reading.recognised or reading.alternatives[0].weight < 0.5


@pytest.mark.parametrize(
    "text", ["wie war heute das Wetter", "ein Brief über das Wetter", "mein kleiner Bruder am Abend"]
)
def test_after_an_article_a_word_is_no_small_town(reader, text):
    assert all(alternative.how == "language" for alternative in reader.read(text).alternatives)
    assert reader.read("mein Hamburg").alternatives[0].place.name == "Hamburg"
    assert reader.read("Urlaub in Wetter").alternatives[0].place.name == "Wetter"


@pytest.mark.parametrize("text", ["calle con niebla", "foto com feijoada", "uomo con vela", "femme sans chaise"])
def test_after_with_a_word_in_small_letters_is_no_small_town(reader, text):
    assert all(alternative.how == "language" for alternative in reader.read(text).alternatives)
    assert reader.read("ruta con Niebla").alternatives[0].place.name == "Niebla"
    assert reader.read("tren con madrid").alternatives[0].place.name == "Madrid"


def test_two_universities_that_share_words_are_neither(reader):
    assert reader.read("Washington University").alternatives[0].place.kind == "university"
    assert reader.read("Washington University of Virginia").alternatives[0].place.kind != "university"


def test_a_refusal_names_the_words_and_what_would_help(reader):
    explanation = reader.read("brussels sprouts").explanation
    assert "“brussels sprouts” is a thing" in explanation
    assert "add a city or country" in explanation
    assert "“paperclip”" in reader.read("paperclip").explanation


def test_other_readings_are_offered(reader):
    assert "Toledo, Castilla-La Mancha, Spain" in reader.read("Toledo").suggestions

"""Which lines are believed: names, operators, addresses, scripts and languages; and which lie."""

from __future__ import annotations

import csv
import re
from collections import Counter

import pytest

from geoclip_core.earth.country_names import country_name
from geoclip_core.evidence.sign_reading.clues import country_clues
from geoclip_core.evidence.sign_reading.lines import SignLine
from geoclip_core.evidence.sign_reading.names import ExactNames
from geoclip_core.evidence.sign_reading.rule import Verdict, judge, split_glued
from geoclip_core.evidence.sign_reading.scripts import script_clue
from geoclip_core.files import asset_path
from geoclip_core.places.gazetteer import load_gazetteer


@pytest.fixture(scope="module")
def reader() -> ExactNames:
    return ExactNames(load_gazetteer())


def read(reader: ExactNames, *texts: str, score: float = 0.95) -> Verdict:
    boxes = [
        ((0.0, 50.0 * i), (200.0, 50.0 * i), (200.0, 50.0 * i + 40), (0.0, 50.0 * i + 40)) for i in range(len(texts))
    ]
    return judge([SignLine(text, box, score) for text, box in zip(texts, boxes, strict=True)], reader)


@pytest.mark.parametrize(
    ("texts", "place", "band"),
    [
        (("LLANDOVERY",), "Llandovery", "long name"),
        (("280LLANDOVERY",), "Llandovery", "long name"),
        (("LLANDOVERYSTATION",), "Llandovery", "name of its host"),
        (("PARIS", "2 jours"), "Paris", "name and another line"),
        (("Sheraton Saigon",), "Ho Chi Minh City", "name of its host"),
        (("Lyon", "www.mairie.fr"), "Lyon", "name and another line"),
    ],
)
def test_a_name_of_its_own_is_believed(reader: ExactNames, texts: tuple[str, ...], place: str, band: str) -> None:
    verdict = read(reader, *texts)
    assert (verdict.places[0].place.name, verdict.band) == (place, band)
    assert 0 in verdict.used


@pytest.mark.parametrize(
    "texts",
    [
        ("AXUM CAFE",),
        ("Washington Street",),
        ("American Breakfast",),
        ("General Wellington died 1852",),
        ("LA TOSCANA",),
        ("AUSTRALIA",),
        ("PARIS", "2 day Pass"),
        ("LONDON 10:15", "MADRID 10:20", "BERLIN 10:25", "departures"),
        ("Barcelona", "Helsinki", "Marrakesh"),
        ("X", "12"),
        ("<script>alert(1)</script>",),
        ("שלום", "مرحبا"),
    ],
)
def test_what_may_stand_anywhere_is_only_offered(reader: ExactNames, texts: tuple[str, ...]) -> None:
    verdict = read(reader, *texts)
    assert (verdict.band, verdict.places, verdict.countries) == ("", (), {})
    assert len(verdict.names) == len(texts)


def test_a_line_that_was_hardly_read_is_only_offered(reader: ExactNames) -> None:
    verdict = read(reader, "LLANDOVERY", score=0.55)
    assert verdict.band == ""
    assert verdict.names[0][0].startswith("Llandovery")


@pytest.mark.parametrize(
    ("text", "code", "band"),
    [
        ("RENFE Cercanias", "ES", "operator"),
        ("PKP Intercity", "PL", "operator"),
        ("GUARDIACIVIL", "ES", "operator"),
        ("KTM KOMUTER", "MY", "operator"),
        ("Bombeiros Voluntários", "PT", "operator"),
        ("SOUTHERNRAILWAY", "IN", "operator"),
        ("Hrvatske željeznice", "HR", "operator"),
        ("U.S. Forest Service", "US", "operator"),
        ("TAXI-METER", "TH", "wording"),
        ("Uwaga pies", "PL", "wording"),
        ("Violators will be towed", "US", "wording"),
        ("Chambres d'hôtes", "FR", "wording"),
        ("Cerrahpaşa Hastanesi", "TR", "wording"),
        ("Ausfahrt freihalten", "DE", "wording"),
        ("NO TRESPASSING", "US", "wording"),
        ("To Let", "GB", "wording"),
        ("Llanberis Rd SW1A 2AA", "GB", "address"),
        ("(415) 555-0100", "US", "address"),
        ("UPPER WHITFIELD VT O5601", "US", "address"),
        ("BAKER STREET NW1", "GB", "address"),
        ("01.42.55.01.00", "FR", "address"),
        ("www.oldbookshop.co.uk", "GB", "address"),
        ("Tel. +49 30 123456", "DE", "address"),
        ("ひらがな カタカナ", "JP", "script"),
        ("中国铁路", "CN", "script"),
        ("駅前広場", "JP", "script"),
        ("ΕΛΛΑΔΑ", "GR", "script"),
    ],
)
def test_a_country_is_told_by_operators_wording_addresses_and_scripts(
    reader: ExactNames, text: str, code: str, band: str
) -> None:
    verdict = read(reader, text)
    assert max(verdict.countries, key=lambda c: verdict.countries[c]) == code
    assert verdict.band == band


@pytest.mark.parametrize(
    "text",
    [
        *(
            "OPEN",
            "EXIT",
            "Coca-Cola",
            "Pizza",
            "WELCOME",
            "SALE 50%",
            "Glass",
            "Location",
            "Theater",
            "Center",
            "TAXI",
        ),
        *("POLICE", "BUS STOP", "ATM", "NO SMOKING", "Château Margaux", "SAMSUNG", "Starbucks Coffee", "McDonald's"),
        *(
            "Octopus",
            "Menu",
            "Happy Birthday",
            "Nikon",
            "Rolex",
            "Toyota",
            "Kodak",
            "DHL",
            "Gelato",
            "Kebab",
            "Pho",
            "Libertad",
        ),
    ],
)
def test_words_that_stand_everywhere_tell_no_country(text: str) -> None:
    assert country_clues(text) == []


def test_no_phrase_of_the_table_is_there_twice_and_every_code_is_a_country() -> None:
    with asset_path("sign_clues.csv").open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["countries"]]
    phrases = [phrase for row in rows for phrase in row["words"].split("|")]
    assert [phrase for phrase, count in Counter(phrases).items() if count > 1] == []
    assert {row["role"] for row in rows} == {"operator", "wording"}
    for row in rows:
        codes = re.findall("[A-Z]{2}", row["countries"])
        assert codes
        assert all(country_name(code) != code for code in codes), row["countries"]


def test_an_address_tells_a_part_of_its_country(reader: ExactNames) -> None:
    assert read(reader, "Post Office", "Boulder, CO 80302").region == "US-CO"
    assert read(reader, "BAKER STREET NW1").region == "51.5,-0.12,25"
    assert read(reader, "ROOM SE17").region == ""
    assert read(reader, "Boulder, CO 80302", "Austin, TX 78701").region == ""


def test_a_language_of_several_words_tells_its_country(reader: ExactNames) -> None:
    verdict = read(reader, "Tanah tumpahnya darahku", "Rakyat hidup bersatu dan maju", "Rahmat bahagia")
    assert verdict.band == "language"
    assert set(list(verdict.countries)[:2]) == {"ID", "MY"}


def test_domains_that_are_words_and_shared_prefixes_tell_nothing() -> None:
    assert country_clues("live.tv open.me +1 212 555 0100 about.to") == []
    assert script_clue("abc") is None


def test_traditional_characters_are_not_those_of_the_mainland() -> None:
    clue = script_clue("龍車書")
    assert clue is not None
    assert max(clue.countries, key=lambda c: clue.countries[c]) == "TW"


def test_glued_words_are_split() -> None:
    assert split_glued("280LLANDOVERY") == "280 LLANDOVERY"
    assert split_glued("NewYork") == "New York"
    assert split_glued("McDonald") == "Mc Donald"  # a name in itself is nowhere
    assert split_glued("M25 1st") == "M25 1st"

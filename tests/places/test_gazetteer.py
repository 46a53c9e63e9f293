"""The real gazetteer, and a small one made here for what the real one cannot show."""

from __future__ import annotations

import numpy as np
import pytest

from geoclip_core.earth.distance import great_circle_km
from geoclip_core.places.gazetteer import Place, load_gazetteer
from geoclip_core.places.index import CODE, MAIN, NameIndex, build_index
from geoclip_core.places.names import normalise
from geoclip_core.places.sources import city_extent_km


@pytest.fixture(scope="module")
def gazetteer():
    return load_gazetteer()


def named(gazetteer, name: str, kind: str = "") -> list[Place]:
    """Places that go by a name, best known first, of one kind or of all."""
    rows = [posting.place for posting in gazetteer.index.exact(normalise(name))]
    places = [gazetteer.place(row) for row in sorted(rows, key=lambda row: -gazetteer.fame[row])]
    return [place for place in places if kind in ("", place.kind)]


def test_it_holds_all_cities_countries_regions_and_landmarks(gazetteer):
    assert len(gazetteer.rows_of_kind("city")) == 234_908
    assert len(gazetteer.rows_of_kind("country")) > 240
    assert len(gazetteer.rows_of_kind("region")) > 800
    assert len(gazetteer.rows_of_kind("landscape")) > 200
    assert np.isfinite(gazetteer.latlon).all()
    assert np.abs(gazetteer.latlon[:, 0]).max() <= 90
    assert (gazetteer.extent_km > 0).all()


@pytest.mark.parametrize(
    ("name", "latlon"),
    [
        ("Boston", (42.358, -71.060)),
        ("BOSTON", (42.358, -71.060)),
        ("São Paulo", (-23.548, -46.636)),
        ("Sao Paulo", (-23.548, -46.636)),
        ("北京", (39.907, 116.397)),
        ("東京", (35.69, 139.69)),
        ("Москва", (55.752, 37.616)),
        ("القاهرة", (30.06, 31.25)),
        ("서울", (37.566, 126.978)),
        ("Αθήνα", (37.984, 23.728)),
        ("מוסקבה", (55.752, 37.616)),
        ("กรุงเทพมหานคร", (13.754, 100.501)),
        ("मुंबई", (19.073, 72.883)),
        ("Köln", (50.933, 6.95)),
        ("Pyramids of Giza", (29.977, 31.132)),
        ("Tour Eiffel", (48.858, 2.294)),
    ],
)
def test_a_name_in_any_script_finds_its_place_first(gazetteer, name, latlon):
    assert great_circle_km(named(gazetteer, name)[0].latlon, latlon) < 15


def test_namesakes_are_all_kept(gazetteer):
    found = named(gazetteer, "Boston")
    assert found[0].admin1 == "Massachusetts"
    assert {"US", "GB", "PH"} <= {place.country_code for place in found}


def test_the_name_a_place_goes_by_is_marked(gazetteer):
    boston, beijing = named(gazetteer, "Boston")[0], named(gazetteer, "Beijing")[0]
    flags = {p.place: p.flags for name in ("boston", "北京") for p in gazetteer.index.exact(name)}
    assert flags[boston.row] & MAIN
    assert not flags[beijing.row] & MAIN


def test_an_unknown_name_finds_nothing(gazetteer):
    assert gazetteer.index.exact("xqzvwk") == []
    assert gazetteer.index.exact("") == []
    assert gazetteer.index.similar("xqzvwkjh", limit=10, lowest=0.8) == []


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Pyramids of Gizza", "Pyramids of Giza"),
        ("Eifel Tower", "Eiffel Tower"),
        ("Neushwanstein castel", "Neuschwanstein Castle"),
        ("Edinburg castle", "Edinburgh Castle"),
    ],
)
def test_a_misspelt_name_finds_its_place(gazetteer, written, meant):
    name, similarity = gazetteer.index.similar(normalise(written), limit=10, lowest=0.8)[0]
    assert named(gazetteer, name)[0].name == meant
    assert 0.8 <= similarity < 1


def test_a_place_knows_its_country_region_and_label(gazetteer):
    place = named(gazetteer, "Springfield")[0]
    assert place.country_code == "US"
    assert gazetteer.label(place) == f"Springfield, {place.admin1}, United States"
    assert gazetteer.place(place.row) == place


def test_a_place_of_several_parts_can_be_cut_to_a_country(gazetteer):
    nile = named(gazetteer, "Nile", "river")[0]
    egypt = named(gazetteer, "Egypt", "country")[0]
    inside = gazetteer.place(nile.row, [egypt.row])
    assert 0 < len(inside.parts) < len(nile.parts)
    assert set(inside.parts) <= set(nile.parts)


def test_a_country_has_its_largest_city_and_towns(gazetteer):
    france = named(gazetteer, "France", "country")[0]
    assert great_circle_km(france.latlon, (48.853, 2.349)) < 1
    towns = gazetteer.settlements(france.row)
    assert len(towns) == 512
    assert {gazetteer.country_codes[c] for c in gazetteer.country[towns]} == {"FR"}
    assert (np.diff(gazetteer.population[towns]) <= 0).all()
    texas = named(gazetteer, "Texas", "region")[0]
    assert gazetteer.name(gazetteer.settlements(texas.row)[0]) == "Houston"


def test_extent_grows_with_the_root_of_the_population():
    assert city_extent_km(0) == 1.0
    assert city_extent_km(4_000_000) == pytest.approx(2 * city_extent_km(1_000_000))
    assert 5 < city_extent_km(650_000) < 15  # Boston: about 8 km


def test_a_small_index_keeps_flags_and_finds_slips():
    names = [("Foo Harbour", 0, MAIN), ("FH", 0, CODE), ("foo harbour", 1, 0), ("Bár", 2, MAIN), ("!!", 2, 0)]
    index = NameIndex(build_index(names, np.array([True, True, False])))
    assert len(index) == 3
    assert [(p.place, p.flags) for p in index.exact("foo harbour")] == [(0, MAIN), (1, 0)]
    assert [(p.place, p.flags) for p in index.exact("fh")] == [(0, CODE)]
    assert index.exact("bar")[0].place == 2
    assert [name for name, _ in index.similar("foo harbor", limit=3, lowest=0.8)] == ["foo harbour"]
    assert index.similar("bbar", limit=3, lowest=0.5) == []  # short, and its place is not to be guessed
    assert sorted(index.keys()) == ["bar", "fh", "foo harbour"]


def test_words_for_kinds_do_not_make_two_names_alike():
    index = NameIndex(build_index([("Konso Cultural Landscape", 0, MAIN)], np.array([True])))
    assert index.similar("khomani cultural landscape", limit=1, lowest=0.8) == []
    assert index.similar("konzo cultural landscape", limit=1, lowest=0.8)

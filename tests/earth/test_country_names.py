from __future__ import annotations

import pytest

from geoclip_core.earth.countries import countries
from geoclip_core.earth.country_names import (
    continents,
    countries_by_name,
    country_codes_of,
    country_name,
    find_continent,
    find_country,
)
from geoclip_core.errors import RegionError


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("FR", "FR"), ("fr", "FR"), ("FRA", "FR"), (" France ", "FR"), ("FRANCE", "FR"),
        ("usa", "US"), ("U.S.A.", "US"), ("United States of America", "US"), ("America", "US"),
        ("UK", "GB"), ("Great Britain", "GB"), ("Côte d'Ivoire", "CI"), ("cote d’ivoire", "CI"),
        ("Ivory Coast", "CI"), ("Türkiye", "TR"), ("Turkey", "TR"), ("St. Lucia", "LC"), ("Saint Lucia", "LC"),
        ("The Netherlands", "NL"), ("netherlands", "NL"), ("Holland", "NL"), ("Bosnia & Herzegovina", "BA"),
        ("Kosovo", "XK"), ("xk", "XK"), ("Vatican City", "VA"), ("Viet Nam", "VN"), ("Czechia", "CZ"),
        ("Democratic Republic of the Congo", "CD"), ("Republic of the Congo", "CG"), ("DRC", "CD"),
        ("North Macedonia", "MK"), ("Timor-Leste", "TL"), ("Guinea-Bissau", "GW"), ("Guinea", "GN"),
        ("Niger", "NE"), ("Georgia", "GE"), ("São Tomé and Príncipe", "ST"), ("Åland", "AX"), ("Réunion", "RE"),
        ("Korea", "KR"), ("日本", "JP"), ("Deutschland", "DE"), ("Россия", "RU"),
        ("AND", "AD"), ("can", "CA"), ("IN", "IN"), ("no", "NO"),
    ],
)  # fmt: skip
def test_what_people_write(text: str, code: str) -> None:
    assert find_country(text) == code


def test_every_country_with_an_outline_is_found_by_its_name_and_code() -> None:
    for country in countries().values():
        assert country_name(country.code) == country.name
        assert find_country(country.name) == country.code
        assert find_country(country.code.lower()) == country.code


def test_near_matches_are_offered() -> None:
    with pytest.raises(RegionError, match=r"'Frnace'.*did you mean France \(FR\)"):
        find_country("Frnace")
    with pytest.raises(RegionError, match=r"South Korea \(KR\)"):
        find_country("Koreaa")
    for nothing in ("", "  ", "xqzwv", "..."):
        with pytest.raises(RegionError) as caught:
            find_country(nothing)
        assert "did you mean" not in str(caught.value)


def test_unknown_codes_have_no_name() -> None:
    assert country_name("gb") == "United Kingdom"
    for gone in ("QQ", "AN", ""):
        with pytest.raises(RegionError, match="alpha-2"):
            country_name(gone)


def test_countries_are_listed_by_name_and_are_those_with_an_outline() -> None:
    assert set(countries_by_name()) == set(countries())
    names = list(countries_by_name().values())
    assert names == sorted(names)


def test_every_country_lies_in_one_continent() -> None:
    members = [code for continent in continents() for code in country_codes_of(continent)]
    assert sorted(members) == sorted(countries())
    assert "FR" in country_codes_of(find_continent("europe"))
    assert "EG" in country_codes_of(find_continent("AF"))
    with pytest.raises(RegionError, match=r"EU \(Europe\)"):
        find_continent("Atlantis")

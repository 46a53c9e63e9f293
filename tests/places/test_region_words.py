from __future__ import annotations

import pytest

from geoclip_core.earth.regions import BoxRegion, RadiusRegion, parse_region
from geoclip_core.places.nearest import nearest_places
from geoclip_core.places.region_words import region_words


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("30.1,31.2,200", "within 200 km of Cairo, Egypt"),
        ("29.2,26.0,12.5", "within 12.5 km of a point 47 km E of Sīwah, Egypt"),
        ("48.8,2.2,48.9,2.4", "box of 15 × 11 km around Paris, France"),
        ("FR,DE", "France, Germany"),
        ("continent:EU;30.1,31.2,2", "Europe or within 2 km of Cairo, Egypt"),
    ],
)
def test_regions_in_words(given: str, words: str) -> None:
    assert region_words(parse_region(given)) == words


def test_a_circle_at_sea_is_told_from_the_nearest_place() -> None:
    nearest = nearest_places([(0.0, -30.0)], 2000.0)[0]
    assert nearest.name.endswith("(at sea)")
    assert region_words(parse_region("0,-30,2000")) == f"within 2,000 km of a point {nearest.name}"


def test_a_box_across_the_antimeridian_is_called_by_what_lies_in_its_middle() -> None:
    assert "Fiji" in region_words(BoxRegion(-18, 177, -16, -179))
    assert region_words(BoxRegion(-18, 177, -16, -179)).startswith("box of 430 × 220 km around")


def test_the_poles_and_the_whole_earth_have_words() -> None:
    assert " N of " in region_words(RadiusRegion((90.0, 0.0), 10))
    assert region_words(BoxRegion(-90, -180, 90, 180)).startswith("box of 40,000 × 20,000 km")

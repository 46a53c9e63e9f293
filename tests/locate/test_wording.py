from __future__ import annotations

import pytest

from geoclip_core.locate.wording import area, degrees, distance, percent


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (1.0, "> 99 %"),
        (0.9999, "> 99 %"),
        (0.9951, "> 99 %"),
        (0.995, "> 99 %"),
        (0.9949, "99 %"),
        (0.994, "99 %"),
        (0.876, "88 %"),
        (0.5, "50 %"),
        (0.0999, "10 %"),
        (0.042, "4.2 %"),
        (0.01, "1.0 %"),
        (0.00999, "1.0 %"),
        (0.0042, "0.42 %"),
        (0.0031, "0.31 %"),
        (0.00009, "< 0.01 %"),
        (0.0, "< 0.01 %"),
    ],
)
def test_percentages_never_round_to_certainty(share, said):
    assert percent(share) == said


@pytest.mark.parametrize(
    ("km2", "said"), [(0.48559, "0.49 km²"), (4.11, "4.1 km²"), (221.08, "220 km²"), (4654976.86, "4 700 000 km²")]
)
def test_areas_have_two_digits(km2, said):
    assert area(km2) == said


def test_degrees_name_the_hemisphere():
    assert degrees((-33.8568, 151.2153), 2) == "33.86° S, 151.22° E"
    assert degrees((0.0, -0.5), 1) == "0.0° N, 0.5° W"


def test_distances_change_their_unit():
    said = [distance(km) for km in (0.05, 0.9996, 4.25, 12.4, 1234.5)]
    assert said == ["50 m", "1.0 km", "4.2 km", "12 km", "1,234 km"]

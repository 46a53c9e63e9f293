from __future__ import annotations

import numpy as np
import pytest

from geoclip_core.earth.distance import great_circle_km
from geoclip_core.earth.great_circle import STEP_KM, great_circle_line
from geoclip_core.errors import CoordinateError

PAIRS = [
    ((48.9, 2.3), (40.7, -74.0)),
    ((35.7, 139.7), (37.8, -122.4)),  # over the antimeridian, eastwards
    ((37.8, -122.4), (35.7, 139.7)),  # and westwards
    ((70.0, -170.0), (-40.0, 172.0)),
    ((60.0, 10.0), (60.0, -170.0)),  # over the pole
    ((0.0, 0.0), (0.0, -180.0)),  # to the antipode
    ((10.0, -180.0), (50.0, -180.0)),  # along the antimeridian
    ((0.0, -180.0), (0.0, 170.0)),  # from the antimeridian, westwards
    ((0.0, -180.0), (0.0, -170.0)),
    ((89.9, 0.0), (-89.9, 90.0)),
]


@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_the_line_is_the_shortest_way_in_short_steps(a, b):
    parts = great_circle_line(a, b)
    line = np.concatenate(parts)
    steps = great_circle_km(line[:-1], line[1:])
    assert steps.sum() == pytest.approx(
        float(great_circle_km(a, b)), rel=2e-3
    )  # a cut next to a pole is no detour worth a point
    assert steps.max() <= STEP_KM * 1.001
    assert great_circle_km(line[0], a) < 1e-6
    assert great_circle_km(line[-1], b) < 1e-6


@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_no_part_jumps_across_the_map(a, b):
    for part in great_circle_line(a, b):
        assert (np.abs(part[:, 1]) <= 180).all()
        assert np.abs(np.diff(part[:, 1])).max() <= 180.001  # over a pole, half a turn at once


def test_a_crossing_ends_and_starts_on_the_antimeridian():
    east, west = great_circle_line(*PAIRS[1])
    assert (east[-1, 1], west[0, 1]) == (180, -180)
    assert east[-1, 0] == west[0, 0]
    assert east[0, 1] == pytest.approx(139.7)
    assert west[-1, 1] == pytest.approx(-122.4)


def test_nowhere_to_go_is_a_line_of_no_length():
    (line,) = great_circle_line((5, 5), (5, 5))
    assert (line == 5).all()


def test_points_off_the_earth_are_refused():
    with pytest.raises(CoordinateError):
        great_circle_line((95, 0), (0, 0))

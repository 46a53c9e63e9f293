"""Noise is a round cloud of the asked size in metres, wherever it is made."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from geoclip_core.earth.distance import great_circle_km
from geoclip_core.earth.plane import to_plane_km
from geoclip_core.learning.objective.coordinate_noise import gps_noise
from geoclip_core.learning.randomness import generator_of


@pytest.mark.parametrize("latitude", [0.0, 60.0, -85.0, 90.0])
@pytest.mark.parametrize("spread_m", [150.0, 1000.0, 50_000.0])
def test_noise_has_the_asked_spread_in_metres(latitude: float, spread_m: float) -> None:
    place = (latitude, 179.9999)
    points = torch.tensor([place], dtype=torch.float64).repeat(20_000, 1)
    moved = gps_noise(points, spread_m, generator_of(1))
    east, north = to_plane_km(place, moved.numpy())
    for axis in (east, north):
        assert axis.std() * 1000 == pytest.approx(spread_m, rel=0.03)
        assert abs(axis.mean()) * 1000 < 0.03 * spread_m
    assert abs(np.corrcoef(east, north)[0, 1]) < 0.03
    assert (moved[:, 0].abs() <= 90).all()
    assert ((moved[:, 1] >= -180) & (moved[:, 1] < 180)).all()


def test_float32_keeps_metres_and_the_range() -> None:
    points = torch.tensor([[85.0, -179.99999], [10.0, 179.99999]]).repeat(5000, 1)
    moved = gps_noise(points, 150.0, generator_of(2))
    assert moved.dtype == torch.float32
    assert ((moved[:, 1] >= -180) & (moved[:, 1] < 180)).all()
    km = great_circle_km(points.double().numpy(), moved.double().numpy())
    assert np.sqrt((km**2).mean() / 2) * 1000 == pytest.approx(150, rel=0.03)


def test_no_noise_changes_nothing_and_the_same_key_gives_the_same() -> None:
    points = torch.tensor([[48.0, 2.0]])
    assert gps_noise(points, 0.0, generator_of(0)) is points
    first, again, other = (gps_noise(points, 100.0, generator_of(3, key)) for key in (7, 7, 8))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_keys_in_another_order_are_other_keys() -> None:
    assert len({generator_of(*key).initial_seed() for key in [(0, 1), (1, 0), (0, 0), (1, 1), (0,), (1,)]}) == 6

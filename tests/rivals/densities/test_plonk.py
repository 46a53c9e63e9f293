"""The flow on the sphere: its geometry, its likelihood, and both modes of what has two."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy.spatial.distance import cdist
from scipy.spatial.transform import Rotation

from geoclip_core.earth.coordinates import from_unit_vectors, unit_vectors
from geoclip_core.earth.distance import great_circle_km
from geoclip_core.rivals import Rival
from geoclip_core.rivals.densities.plonk import Plonk, geodesic, schedule, tangent_pair, walk
from tests.rivals.conftest import fitted, small, smooth_photos


def points(count: int, seed: int) -> torch.Tensor:
    chance = torch.Generator().manual_seed(seed)
    return F.normalize(torch.randn(count, 3, generator=chance, dtype=torch.float64), dim=1)


def test_the_way_is_a_great_circle_walked_at_an_even_speed() -> None:
    start, end = points(50, 0), points(50, 1)
    angle = torch.acos((start * end).sum(1).clamp(-1, 1))
    for time in (0.0, 0.3, 1.0):
        at, speed = geodesic(start, end, torch.full((50, 1), time, dtype=torch.float64))
        assert at.norm(dim=1) == pytest.approx(1)
        assert (at * speed).sum(1).abs().max() < 1e-9
        assert speed.norm(dim=1) == pytest.approx(angle.clamp(max=3.1), abs=1e-6)
        # It is the derivative, and walking the rest of the way arrives.
        rest = walk(at, (1 - time) * speed)
        assert (rest - end).norm(dim=1)[angle < 3.1].max() < 1e-5


def test_the_schedule_runs_from_the_place_to_the_start() -> None:
    t = torch.linspace(0, 1, 9, dtype=torch.float64)
    assert float(schedule(t)[0]) == pytest.approx(1)
    assert float(schedule(t)[-1]) == pytest.approx(0, abs=1e-12)
    assert (schedule(t).diff() < 0).all()


def test_velocities_are_tangent_and_samples_on_the_sphere() -> None:
    rival = fitted("plonk")
    assert isinstance(rival, Plonk)
    assert rival.network is not None
    at = points(40, 2).float()[None]
    with torch.no_grad():
        velocity = rival.network(at, torch.rand(1, 40, 1), torch.zeros(1, 1, 48))
    assert (velocity * at).sum(-1).abs().max() < 1e-5
    first, second = tangent_pair(at)
    for a, b in ((first, at), (second, at), (first, second)):
        assert (a * b).sum(-1).abs().max() < 1e-6
    samples = rival.samples(smooth_photos(2, 3)[0], 9)
    assert samples.shape == (2, 9, 2)
    assert np.isfinite(unit_vectors(samples)).all()


@pytest.mark.slow
def test_of_two_places_both_are_found() -> None:
    chance = np.random.default_rng(0)
    homes = np.array([[40.0, -100.0], [-25.0, 135.0]])
    latlon = homes[np.arange(400) % 2] + chance.normal(0, 2, (400, 2))
    features = chance.normal(size=(400, 4)).astype(np.float32)  # which tell nothing
    rival = small("plonk", steps=300).fit(features, latlon)
    samples = drawn(rival, features)
    near = [(great_circle_km(samples, home) < 1500).mean() for home in homes]
    assert min(near) > 0.25
    assert sum(near) > 0.8
    assert rival.log_density(features[:1], homes).min() > -1
    # On the same places turned with the sphere, the samples are turned.
    turn = Rotation.random(random_state=1)
    turned = from_unit_vectors(turn.apply(unit_vectors(latlon)))
    other = unit_vectors(drawn(small("plonk", steps=300).fit(features, turned), features))
    first = unit_vectors(samples)
    assert energy(turn.apply(first), other) < 0.1 * energy(first, other)


def drawn(rival: Rival, features: np.ndarray) -> np.ndarray:
    assert isinstance(rival, Plonk)
    return np.asarray(rival.samples(features[:1], 200)[0])


def energy(a: np.ndarray, b: np.ndarray) -> float:
    """Energy distance of two samples (Szekely and Rizzo): 0 where they are of one law."""
    return float(2 * cdist(a, b).mean() - cdist(a, a).mean() - cdist(b, b).mean())


def test_the_way_and_its_speed_turn_with_the_sphere() -> None:
    turn = torch.from_numpy(Rotation.random(random_state=0).as_matrix())
    start, end, time = points(50, 0), points(50, 1), torch.full((50, 1), 0.4, dtype=torch.float64)
    for plain, turned in zip(geodesic(start, end, time), geodesic(start @ turn.T, end @ turn.T, time), strict=True):
        torch.testing.assert_close(turned, plain @ turn.T)
    at, speed = geodesic(start, end, time)
    torch.testing.assert_close(walk(at @ turn.T, speed @ turn.T), walk(at, speed) @ turn.T)

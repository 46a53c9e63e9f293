"""Rivals that are special cases of each other give the same numbers, and simple limits are what they must be."""

from __future__ import annotations

import numpy as np
import pytest

from geoclip_core.rivals import RIVALS
from geoclip_core.rivals.contract import LOG_SPHERE
from geoclip_core.rivals.kernels import log_kernel
from geoclip_core.rivals.training import Training
from tests.rivals.conftest import even_points, fitted, small, smooth_photos


def test_planet_is_one_partition_of_the_scene_networks_and_cplanet_without_more_sets() -> None:
    features, latlon = smooth_photos(300, 1)
    points = even_points(500)
    planet, isns, cplanet = (
        small(name, steps=20, photos_per_cell=15, **more).fit(features, latlon)
        for name, more in (("planet", {}), ("isns", {"levels": (1,), "experts": False}), ("cplanet", {"sets": ()}))
    )
    expected = planet.log_density(features[:9], points)
    assert isns.log_density(features[:9], points) == pytest.approx(expected, abs=1e-9)
    assert cplanet.log_density(features[:9], points) == pytest.approx(expected, abs=1e-9)
    assert np.array_equal(isns.predict(features), planet.predict(features))
    assert np.array_equal(cplanet.predict(features), planet.predict(features))


def test_one_neighbour_is_the_nearest_neighbour() -> None:
    features, latlon = smooth_photos(300, 1)
    asked, points = smooth_photos(50, 2)[0], even_points(200)
    one = RIVALS["knn"](neighbours=1).fit(features, latlon)
    nearest = RIVALS["nearest"]().fit(features, latlon)
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    brute = latlon[(asked / np.linalg.norm(asked, axis=1, keepdims=True) @ unit.T).argmax(axis=1)]
    assert np.array_equal(one.predict(asked), brute)
    assert np.array_equal(nearest.predict(asked), brute)
    assert np.array_equal(one.log_density(asked, points), nearest.log_density(asked, points))


def test_an_untrained_flow_is_uniform() -> None:
    features, latlon = smooth_photos(30, 1)
    flow = RIVALS["plonk"](training=Training(steps=0)).fit(features, latlon)
    assert flow.log_density(features[:4], even_points(300)) == pytest.approx(-2.5310, abs=2e-4)


def test_a_kernel_without_concentration_is_uniform_and_a_sharp_one_does_not_overflow() -> None:
    cosines = np.linspace(-1, 1, 9)
    assert log_kernel(cosines, 0.0) == pytest.approx(-LOG_SPHERE)
    assert log_kernel(cosines, 1e-6) == pytest.approx(-LOG_SPHERE, abs=1e-5)
    assert log_kernel(np.array([1.0]), 1e9)[0] == pytest.approx(np.log(1e9 / (2 * np.pi)))


def test_shuffled_places_teach_no_more_than_the_prior() -> None:
    features, latlon = smooth_photos(400, 1)
    shuffled = latlon[np.random.default_rng(0).permutation(400)]
    rival = small("planet", steps=60).fit(features, shuffled)
    asked, truth = smooth_photos(200, 9)
    assert rival.log_density_at(asked, truth).mean() < -LOG_SPHERE + 0.3
    assert fitted("planet").log_density_at(asked, truth).mean() > -LOG_SPHERE + 1

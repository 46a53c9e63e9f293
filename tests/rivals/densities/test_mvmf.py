"""The mixture: what it looks up, and that it can have more than one peak."""

from __future__ import annotations

import numpy as np

from geoclip_core.earth.coordinates import from_unit_vectors, unit_vectors
from geoclip_core.earth.distance import destination, great_circle_km
from geoclip_core.rivals.densities.mvmf import densest_mean
from tests.rivals.conftest import small


def test_the_largest_group_that_hangs_together_wins() -> None:
    chain = destination((10.0, 179.99), 90.0, [0.0, 0.8, 1.6, 2.4])  # steps of 0.8 km across the antimeridian
    alone = np.array([[50.0, 0.0], [50.1, 0.0], [-3.0, 7.0]])
    places = unit_vectors(np.concatenate([alone, chain]))
    found = from_unit_vectors(densest_mean(places, 1.0))
    assert great_circle_km(found, destination((10.0, 179.99), 90.0, 1.2)) < 0.01
    first = from_unit_vectors(densest_mean(places[:3], 1.0))
    assert great_circle_km(first, alone[0]) < 1e-6  # of equal groups the most similar photo's


def test_two_places_are_two_peaks_and_the_answer_is_one_of_them() -> None:
    chance = np.random.default_rng(0)
    homes = np.array([[40.0, -100.0], [-25.0, 135.0]])
    latlon = homes[np.arange(300) % 2] + chance.normal(0, 1, (300, 2))
    features = chance.normal(size=(300, 4)).astype(np.float32)
    rival = small("mvmf", parts=4, steps=60).fit(features, latlon)
    midpoint = from_unit_vectors(unit_vectors(homes).sum(axis=0))
    density = rival.log_density(features[:1], np.stack([*homes, midpoint]))[0]
    assert density[:2].min() > density[2] + 3
    assert great_circle_km(rival.predict(features[:5])[:, None], homes).min(axis=1).max() < 600

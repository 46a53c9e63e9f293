"""PIGEON: labels that fade, and a refinement that moves only where it may."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from geoclip_core.earth.coordinates import unit_vectors
from geoclip_core.earth.distance import destination, great_circle_km
from geoclip_core.rivals.cells.pigeon import Pigeon, smoothed_labels
from tests.rivals.conftest import fitted, small, smooth_photos


def test_a_centroid_one_tau_farther_has_a_label_e_times_smaller() -> None:
    centres = destination((10.0, 179.9), [0.0, 90.0, 180.0], [0.0, 65.0, 130.0])
    labels = smoothed_labels(np.array([[10.0, 179.9]]), torch.from_numpy(unit_vectors(centres)), 65.0)[0]
    assert labels.sum() == pytest.approx(1)
    assert (labels / labels[0]).tolist() == pytest.approx([1, np.exp(-1), np.exp(-2)], rel=1e-4)


def test_no_smoothing_is_planet() -> None:
    features, latlon = smooth_photos(200, 1)
    plain = small("pigeon", steps=20, smoothing=0.0, top_cells=0).fit(features, latlon)
    planet = small("planet", steps=20).fit(features, latlon)
    assert np.array_equal(plain.predict(features), planet.predict(features))
    assert plain.log_density(features[:5], latlon) == pytest.approx(planet.log_density(features[:5], latlon), abs=1e-9)


def test_a_cell_of_one_photo_is_refined_to_its_own_centroid() -> None:
    features, latlon = smooth_photos(60, 1)
    rival = small("pigeon", steps=5, photos_per_cell=1, top_cells=1).fit(features, latlon)
    assert isinstance(rival, Pigeon)
    refined = rival.predict(features)
    rival.top_cells = 0
    assert great_circle_km(refined, rival.predict(features)).max() < 1e-6


def test_smoothing_brings_the_probability_nearer() -> None:
    features, latlon = smooth_photos(400, 1)
    asked, truth = smooth_photos(100, 2)
    expected = []
    for smoothing in (0.0, 1.0):
        rival = small("pigeon", steps=60, photos_per_cell=8, smoothing=smoothing, top_cells=0).fit(features, latlon)
        assert isinstance(rival, Pigeon)
        weights = np.exp(rival.log_density(asked, rival.system.centroids)) * rival.system.areas_sr
        away = great_circle_km(truth[:, None], rival.system.centroids)
        expected.append((weights * away).sum() / weights.sum())
    assert expected[1] < expected[0]


def test_the_nearest_photo_of_the_nearest_prototype_is_the_answer_unless_it_is_too_far() -> None:
    features, latlon = smooth_photos(400, 1)
    rival = fitted("pigeon")
    assert isinstance(rival, Pigeon)
    asked = features[:50] + 0.001
    assert np.median(great_circle_km(rival.predict(asked), latlon[:50])) < 1  # the photo itself, not the farthest
    first = rival.system.centroids[np.argmax(rival.log_density(asked, rival.system.centroids), axis=1)]
    rival.most_km, kept = 0.0, rival.most_km
    try:
        bounded = rival.predict(asked)
    finally:
        rival.most_km = kept
    assert np.isin(bounded[:, 0], rival.system.centroids[:, 0]).all()
    assert first.shape == bounded.shape

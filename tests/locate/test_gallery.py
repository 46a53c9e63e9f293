from __future__ import annotations

import numpy as np
import pytest
import torch

from geoclip_core.earth.distance import great_circle_km
from geoclip_core.locate.gallery import MAX_SPREAD_KM, load_gallery
from geoclip_core.model.encode import encode_points
from geoclip_core.model.location_encoder import LocationEncoder


def small_encoder(seed: int = 0) -> LocationEncoder:
    torch.manual_seed(seed)
    return LocationEncoder((1.0, 16.0), rows=8, width=16, dim=8).eval().requires_grad_(False)


def test_the_released_gallery_keeps_duplicates_as_weight(released):
    gallery = released.gallery
    assert len(gallery) == 94_123  # of 100,000 rows
    assert gallery.weights.sum() == 100_000
    assert len(np.unique(gallery.latlon, axis=0)) == len(gallery)
    assert gallery.vectors.shape == (94_123, 512)
    torch.testing.assert_close(gallery.vectors.norm(dim=1), torch.ones(len(gallery)), atol=1e-5, rtol=0)


def test_spread_is_the_distance_to_the_nearest_other_point(released):
    gallery = released.gallery
    rng = np.random.default_rng(0)
    for i in rng.choice(len(gallery), 20, replace=False):
        away = great_circle_km(gallery.latlon[i], gallery.latlon)
        away[i] = np.inf
        assert gallery.spread_km[i] == pytest.approx(min(away.min(), MAX_SPREAD_KM), abs=1e-6)


def test_chunks_do_not_change_the_vectors():
    encoder = small_encoder()
    points = np.random.default_rng(1).uniform((-90, -180), (90, 180), (23, 2))
    seen = []
    whole = encode_points(encoder, points, lambda done, total: seen.append((done, total)), chunk=5)
    torch.testing.assert_close(whole, encode_points(encoder, points, chunk=1000))
    assert seen == [(5, 23), (10, 23), (15, 23), (20, 23), (23, 23)]


def test_no_points_give_no_vectors():
    assert encode_points(small_encoder(), np.zeros((0, 2))).shape == (0, 8)


def test_the_cache_is_keyed_by_weights_and_points(tmp_path, monkeypatch):
    monkeypatch.setenv("GEOCLIP_CACHE", str(tmp_path))
    points = np.random.default_rng(2).uniform((-80, -180), (80, 180), (40, 2))
    calls = []
    first = load_gallery(small_encoder(), points, lambda done, total: calls.append(done))
    assert calls == [], "evidence that names places needs no vectors"
    assert first.vectors.shape[0] == 40
    assert calls == [40]
    again = load_gallery(small_encoder(), points, lambda done, total: calls.append(done))
    assert torch.equal(first.vectors, again.vectors)
    assert calls == [40], "a second load must not encode again"
    assert load_gallery(small_encoder(seed=1), points, lambda done, total: calls.append(done)).vectors.shape[0] == 40
    assert calls == [40, 40]
    assert load_gallery(small_encoder(), points[:-1], lambda done, total: calls.append(done)).vectors.shape[0] == 39
    assert calls == [40, 40, 39]


def test_a_damaged_cache_is_rebuilt_with_a_warning(tmp_path, monkeypatch):
    monkeypatch.setenv("GEOCLIP_CACHE", str(tmp_path))
    points = np.random.default_rng(3).uniform((-80, -180), (80, 180), (40, 2))
    first = load_gallery(small_encoder(), points).vectors.clone()
    (stored,) = tmp_path.glob("gallery-*/vectors.npy")
    stored.write_bytes(stored.read_bytes()[:-17])
    with pytest.warns(UserWarning, match="damaged"):
        again = load_gallery(small_encoder(), points).vectors
    assert torch.equal(first, again)

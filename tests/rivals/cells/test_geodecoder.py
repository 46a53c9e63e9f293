"""GeoDecoder: what attention can and cannot do, and which queries see each other."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from geoclip_core.rivals.cells.geodecoder import DecoderLayer, GeoDecoder, QueryDecoder
from geoclip_core.rivals.contract import Photos
from tests.rivals.conftest import small, smooth_photos


def decoder(tokens: int) -> QueryDecoder:
    torch.manual_seed(0)
    return QueryDecoder(Photos.checked(smooth_photos(20, 1)[0]), [3, 5, 7], 4, 16, tokens).eval()


@torch.no_grad()
def test_with_one_token_every_query_sees_the_same_and_with_more_they_do_not() -> None:
    features = torch.from_numpy(smooth_photos(6, 2)[0])
    for count in (1, 5):
        network = decoder(count)
        tokens = network.tokens(features, None)
        queries = network.queries.expand(6, -1, -1)
        attention = network.layers[0].cross
        weights, added = attention.weights(queries, tokens), attention(queries, tokens)
        assert weights.sum(-1) == pytest.approx(1, abs=1e-5)
        alike = torch.allclose(added, added[:, :1].expand_as(added), atol=1e-6)
        assert alike == (count == 1)
        assert torch.allclose(weights[:, :, 0], weights[:, :, 1]) == (count == 1)


@torch.no_grad()
def test_one_query_and_one_token_are_a_plain_network_of_the_features() -> None:
    torch.manual_seed(0)
    network = QueryDecoder(Photos.checked(smooth_photos(20, 1)[0]), [7], 1, 16, 1).eval()
    features = torch.from_numpy(smooth_photos(6, 2)[0])
    token = network.token_norm(network.project(network.standardise(features))) + network.positions[0]
    hidden = network.queries[0].expand(6, -1)
    for layer in (*network.layers, *network.dependent):  # no attention: each adds a linear map of what it looks at
        hidden = hidden + layer.cross.out(layer.cross.offer(token).chunk(2, dim=1)[1])
        hidden = hidden + layer.inner.out(layer.inner.offer(layer.norms[1](hidden)).chunk(2, dim=1)[1])
        hidden = hidden + layer.networks[0](layer.norms[2](hidden))
    expected = network.heads[0](network.norm(hidden))
    torch.testing.assert_close(network(features)[0][0], expected, atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_queries_of_other_hierarchies_are_seen_in_independent_layers_only() -> None:
    torch.manual_seed(0)
    tokens, hidden = torch.randn(2, 4, 16), torch.randn(2, 12, 16)
    changed = hidden.clone()
    changed[:, 4:8] += torch.randn(2, 4, 16)  # the second of three hierarchies of four scenes
    dependent, independent = DecoderLayer(16, 3), DecoderLayer(16, 1)
    before, after = dependent(hidden, tokens), dependent(changed, tokens)
    assert torch.equal(before[:, :4], after[:, :4])
    assert torch.equal(before[:, 8:], after[:, 8:])
    assert not torch.allclose(before[:, 4:8], after[:, 4:8])
    assert not torch.allclose(independent(hidden, tokens)[:, :4], independent(changed, tokens)[:, :4])


def test_the_scene_of_the_highest_mean_first_channel_gives_the_query() -> None:
    network, features = decoder(5), torch.from_numpy(smooth_photos(6, 2)[0])
    logits, scenes = network(features)
    out = network.decode(network.tokens(features, None))
    assert torch.equal(scenes, out[..., 0].mean(1))
    best = scenes.argmax(1)
    expected = torch.stack([network.heads[1](out[row, 1, scene]) for row, scene in enumerate(best)])
    assert torch.allclose(logits[1], expected, atol=1e-6)


def test_given_tokens_are_looked_at_and_scenes_are_learnt() -> None:
    features, latlon = smooth_photos(150, 1)
    tokens = np.random.default_rng(0).normal(size=(150, 6, 5)).astype(np.float32)
    scenes = np.eye(2)[(features[:, 0] > 0).astype(int)]
    tokens[:, 3] += 2 * scenes[:, :1]
    rival = small("geodecoder", steps=30).fit(features, latlon, scenes=scenes, tokens=tokens)
    assert isinstance(rival, GeoDecoder)
    assert rival.notes == ("scenes as given", "tokens as given")
    assert rival.network is not None
    with torch.no_grad():
        found = rival.network(torch.from_numpy(features), torch.from_numpy(tokens))[1].argmax(1)
    assert (found.numpy() == scenes.argmax(1)).mean() > 0.8
    assert rival.predict(features, tokens=tokens).shape == (150, 2)

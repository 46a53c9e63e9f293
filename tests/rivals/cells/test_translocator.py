"""TransLocator: two branches that both count, the fusion's weights, and the paper's rule on vectors."""

from __future__ import annotations

import functools

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from geoclip_core.errors import DataError
from geoclip_core.evaluation.metrics import error_km, geoguessr_score
from geoclip_core.rivals.cells.translocator import OneBranch, TransLocator, TwoBranches, _grid_cells
from geoclip_core.rivals.comparison.known_rules import known_set
from geoclip_core.rivals.training import Training
from tests.rivals.conftest import small, smooth_photos


@pytest.fixture(scope="module")
def halves() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    features, latlon = smooth_photos(120, 1)
    return features, latlon, np.random.default_rng(0).normal(size=(120, 16, 3)).astype(np.float32)


def test_both_branches_count_and_their_shares_sum_to_one(halves: tuple[np.ndarray, ...]) -> None:
    features, latlon, tokens = halves
    rival = small("translocator", steps=10).fit(features, latlon, tokens=tokens)
    asked = rival.log_density(features[:5], latlon[:20], tokens=tokens[:5])
    assert not np.allclose(asked, rival.log_density(features[:5], latlon[:20], tokens=np.zeros_like(tokens[:5])))
    assert not np.allclose(asked, rival.log_density(0 * features[:5], latlon[:20], tokens=tokens[:5]))
    assert isinstance(rival.network, TwoBranches)
    assert rival.network.shares.sum(1) == pytest.approx(1)
    with pytest.raises(DataError, match="fitted with tokens"):
        rival.predict(features)
    with pytest.raises(DataError, match="layout is 'pixels'"):
        small("translocator", layout="pixels")


def test_the_papers_rule_makes_the_branches_equal_on_vectors_and_the_residual_one_does_not(
    halves: tuple[np.ndarray, ...],
) -> None:
    features, latlon, tokens = halves
    for literal in (True, False):
        rival = small("translocator", steps=2, literal=literal).fit(features, latlon, tokens=tokens)
        assert isinstance(rival.network, TwoBranches)
        none_hidden = torch.zeros(120, 1, dtype=torch.bool)
        a, b = rival.network.branches(torch.from_numpy(features), torch.from_numpy(tokens), none_hidden)
        assert torch.equal(a, b) == literal


def test_the_four_losses_fall(halves: tuple[np.ndarray, ...]) -> None:
    features, latlon, tokens = halves
    scenes = np.eye(2)[(features[:, 0] > 0).astype(int)]
    before, after = (_losses(steps, features, latlon, tokens, scenes) for steps in (0, 30))
    assert len(before) == 4
    assert (after < 0.8 * before).all()


def _losses(steps: int, features: np.ndarray, latlon: np.ndarray, tokens: np.ndarray, scenes: np.ndarray) -> np.ndarray:
    rival = small("translocator", steps=steps).fit(features, latlon, scenes=scenes, tokens=tokens)
    assert isinstance(rival, TransLocator)
    assert rival.network is not None
    with torch.no_grad():
        cells, scene = rival.network(torch.from_numpy(features), torch.from_numpy(tokens))
    wanted = [*rival.system.labels(latlon).T, torch.from_numpy(scenes.argmax(axis=1))]
    kept = wanted[0] >= 0
    return np.array([float(F.cross_entropy(x[kept], y[kept])) for x, y in zip([*cells, scene], wanted, strict=True)])


@pytest.mark.slow
@pytest.mark.parametrize(("parts", "numbers", "layout"), [(4, 1, "tokens"), (16, 4, "tokens"), (16, 4, "words")])
def test_a_layout_of_noise_has_no_share_and_costs_little_beside_one_branch(
    parts: int, numbers: int, layout: str
) -> None:
    """Over three seeds 1 to 2 % of some 2750 are lost to one branch of equal size, which is wider; 4 to 30 % before."""
    differences, shares = [], []
    for seed in range(3):
        noise = np.random.default_rng(seed).normal(size=(1100, parts, numbers)).astype(np.float32)
        reached, share = _score_beside_noise(seed, layout, noise)
        differences.append(reached / _score_of_one_branch(seed) - 1)
        shares.append(share)
    assert max(shares) < 0.1
    assert np.mean(differences) > -0.03


def _score_beside_noise(seed: int, layout: str, tokens: np.ndarray) -> tuple[float, float]:
    """Mean score of 300 photos after 800, and the second branch's share."""
    (features, latlon), (asked, truth) = smooth_photos(800, 1), smooth_photos(300, 2)
    training = Training(steps=120, batch_size=64, learning_rate=1e-2)
    rival = small("translocator", seed, width=64, layout=layout, training=training)
    rival.fit(features, latlon, tokens=tokens[:800])
    reached = float(geoguessr_score(error_km(rival.predict(asked, tokens=tokens[800:]), truth)).mean())
    return reached, float(rival.network.shares[:, 1].mean()) if isinstance(rival.network, TwoBranches) else 0.0


@functools.cache
def _score_of_one_branch(seed: int) -> float:
    tokens = np.random.default_rng(0).normal(size=(1100, 16, 4)).astype(np.float32)  # they tell the size only
    return _score_beside_noise(seed, "none", tokens)[0]


def test_a_layout_that_is_not_listened_to_changes_nothing(halves: tuple[np.ndarray, ...]) -> None:
    features, latlon, tokens = halves
    rival = small("translocator", steps=20).fit(features, latlon, tokens=tokens)
    assert isinstance(rival.network, TwoBranches)
    listened, silent = [], []
    for listens, answers in ((True, listened), (False, silent)):
        rival.network.listens = listens
        answers += [rival.log_density(features, latlon[:20], tokens=each) for each in (tokens, -tokens)]
    assert not np.allclose(*listened)
    assert np.array_equal(*silent)
    assert not rival.network.shares[:, 1].any()


def test_the_control_is_one_branch_as_large_as_both_that_sees_no_tokens(halves: tuple[np.ndarray, ...]) -> None:
    features, latlon, tokens = halves
    two, one = (
        small("translocator", steps=1, layout=layout).fit(features, latlon, tokens=tokens)
        for layout in ("words", "none")
    )
    assert isinstance(one.network, OneBranch)
    assert one.parameters == pytest.approx(two.parameters, rel=0.02)
    assert np.array_equal(one.predict(features), one.predict(features, tokens=0 * tokens))


def test_tokens_of_a_square_picture_are_counted_in_its_quarters() -> None:
    assert _grid_cells(64).reshape(8, 8)[0].tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    assert _grid_cells(64).reshape(8, 8)[:, 0].tolist() == [0, 0, 4, 4, 8, 8, 12, 12]
    assert len(_grid_cells(7)) == 7


@pytest.mark.slow
def test_what_one_branch_lacks_the_other_gives() -> None:
    """Features tell the latitude, tokens the longitude."""
    data = known_set("halves", 600)
    train, test = np.flatnonzero(~data.test), np.flatnonzero(data.test)
    tokens = np.asarray(data.tokens)
    medians = []
    rows = [(data.features, tokens, "tokens"), (data.features, 0 * tokens, "tokens")]
    rows += [(0 * data.features, tokens, "tokens"), (data.features, tokens, "none")]
    for features, parts, layout in rows:
        rival = small("translocator", steps=160, photos_per_cell=20, layout=layout)  # half of them without a layout
        rival.fit(features[train], data.latlon[train], tokens=parts[train])
        medians.append(np.median(error_km(rival.predict(features[test], tokens=parts[test]), data.latlon[test])))
    assert medians[0] < 0.3 * min(medians[1:])  # nor does one branch of equal size

"""The training that all rivals share: what is held out, and which moment is kept."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from geoclip_core.errors import TrainingError
from geoclip_core.rivals.training import Standardise, Training, train


def test_whole_groups_are_held_out_and_the_best_moment_is_kept() -> None:
    groups = np.repeat(np.arange(60), 5)
    network = nn.Linear(1, 1, bias=False)
    seen: dict[bool, set[int]] = {True: set(), False: set()}
    losses: list[float] = []

    def loss(rows: torch.Tensor, draws: torch.Generator) -> torch.Tensor:
        seen[network.training].update(groups[rows.numpy()].tolist())
        value = ((network.weight - (3.0 if network.training else 1.0)) ** 2).mean()  # the truth of the held out is near
        if not network.training:
            losses.append(float(value.detach()))
        return value

    with torch.no_grad():
        network.weight.fill_(0.0)
    train(network, loss, groups, Training(steps=200, learning_rate=0.05), seed=0)
    assert not seen[True] & seen[False]
    assert len(seen[False]) == pytest.approx(6, abs=1)
    assert float((network.weight.detach() - 1) ** 2) == pytest.approx(min(losses), abs=1e-6)
    assert not network.training


def test_small_sets_are_trained_on_whole() -> None:
    network, calls = nn.Linear(1, 1), []

    def loss(rows: torch.Tensor, draws: torch.Generator) -> torch.Tensor:
        calls.append(network.training)
        return network.weight.sum() ** 2

    train(network, loss, np.arange(50), Training(steps=5), seed=0)
    assert calls == [True] * 5


def test_a_loss_that_is_not_finite_stops_the_training() -> None:
    network = nn.Linear(1, 1)
    with pytest.raises(TrainingError, match="nan at step 0"):
        train(network, lambda rows, draws: network.weight.sum() * torch.nan, np.arange(9), Training(steps=5), seed=0)


def test_standardised_features_have_mean_0_and_variance_1_and_constants_stay_finite() -> None:
    features = np.random.default_rng(0).normal(3, 2, (500, 4)).astype(np.float32)
    features[:, 2] = 7
    found = Standardise(features)(torch.from_numpy(features))
    assert found.mean(0).abs().max() < 1e-3
    assert found.std(0)[[0, 1, 3]] == pytest.approx(1, abs=0.01)
    assert torch.isfinite(found).all()

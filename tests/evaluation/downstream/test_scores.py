"""Scores against torchmetrics, and by hand where it does not say."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torchmetrics.functional.classification import binary_auroc, binary_average_precision, multiclass_accuracy
from torchmetrics.functional.regression import r2_score

from geoclip_core.evaluation.downstream.scores import (
    average_precision,
    balanced_accuracy,
    chance_precision,
    mean_average_precision,
    r_squared,
    roc_auc,
)


@pytest.fixture
def chance() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.mark.parametrize("levels", [4, 1000])
def test_average_precision_and_auc_are_torchmetrics_also_with_equal_scores(
    chance: np.random.Generator, levels: int
) -> None:
    for _ in range(20):
        scores, right = chance.integers(0, levels, 60) / levels, chance.random(60) < 0.2
        right[0] = True
        given = torch.from_numpy(scores), torch.from_numpy(right.astype(int))
        assert average_precision(scores, right) == pytest.approx(float(binary_average_precision(*given)), abs=1e-6)
        assert roc_auc(scores, right) == pytest.approx(float(binary_auroc(*given)), abs=1e-6)


def test_average_precision_by_hand() -> None:
    assert average_precision([4, 3, 2, 1], [1, 0, 1, 0]) == pytest.approx((1 + 2 / 3) / 2)
    assert average_precision([1, 1, 1, 1], [1, 0, 1, 0]) == 0.5
    assert np.isnan(average_precision([1, 2], [0, 0]))
    assert np.isnan(roc_auc([1, 2], [1, 1]))


def test_the_mean_leaves_out_classes_without_a_positive(chance: np.random.Generator) -> None:
    labels = np.array([[1, 0, 0], [0, 0, 1], [1, 0, 0]], dtype=bool)
    scores = chance.random((3, 3))
    mean, empty = mean_average_precision(scores, labels)
    assert empty == 1
    assert mean == pytest.approx(np.mean([average_precision(scores[:, c], labels[:, c]) for c in (0, 2)]))
    assert chance_precision(labels) == pytest.approx((2 / 3 + 1 / 3) / 2)


def test_random_scores_reach_the_chance_level(chance: np.random.Generator) -> None:
    labels = chance.random((5000, 8)) < 0.1
    assert mean_average_precision(chance.random((5000, 8)), labels)[0] == pytest.approx(
        chance_precision(labels), abs=0.02
    )


def test_accuracy_by_class_and_explained_variance(chance: np.random.Generator) -> None:
    found, truth = chance.integers(0, 4, 200), chance.integers(0, 4, 200)
    expected = multiclass_accuracy(torch.from_numpy(found), torch.from_numpy(truth), num_classes=4, average="macro")
    assert balanced_accuracy(found, truth) == pytest.approx(float(expected), abs=1e-6)
    y, f = chance.normal(size=50), chance.normal(size=50)
    assert r_squared(f, y) == pytest.approx(float(r2_score(torch.from_numpy(f), torch.from_numpy(y))), abs=1e-9)
    assert r_squared(y, y) == 1.0
    assert np.isnan(r_squared([1.0, 2.0], [3.0, 3.0]))

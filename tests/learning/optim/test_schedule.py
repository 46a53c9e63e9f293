"""Learning-rate schedules: those there are, and how another one is added."""

from __future__ import annotations

import csv
import math
from itertools import pairwise

import pytest
import torch

from geoclip_core.errors import TrainingError
from geoclip_core.learning.optim.schedule import SCHEDULES, learning_rate_factor
from geoclip_core.learning.settings import Recipe
from tests.learning.conftest import ONE_EPOCH, Fit


def test_the_step_schedule_is_torchs_step_lr() -> None:
    optimizer = torch.optim.Adam([torch.zeros(1, requires_grad=True)], 1.0)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1, 0.87)
    for epoch in range(5):
        for step in range(7):
            factor = learning_rate_factor(epoch * 7 + step, 7, 35, Recipe())
            assert factor == pytest.approx(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()


def test_warm_up_rises_and_the_cosine_ends_at_nothing() -> None:
    recipe = Recipe(schedule="cosine", warmup_steps=10)
    factors = [learning_rate_factor(step, 50, 100, recipe) for step in range(101)]
    assert factors[:10] == pytest.approx([(i + 1) / 10 for i in range(10)])
    assert factors[55] == pytest.approx(0.5)
    assert factors[100] == pytest.approx(0)
    assert all(a >= b for a, b in pairwise(factors[10:]))


def test_a_schedule_that_cannot_be_says_why() -> None:
    with pytest.raises(TrainingError, match=r"schedule is cosine, and this run has no last step.*trainer.max_epochs"):
        learning_rate_factor(3, 50, math.inf, Recipe(schedule="cosine"))
    with pytest.raises(TrainingError, match=r"schedule is 'cosin'\. Allowed: step, cosine"):
        learning_rate_factor(0, 1, 1, Recipe(schedule="cosin"))


def test_a_new_schedule_is_a_function_and_a_line(fit: Fit, monkeypatch: pytest.MonkeyPatch) -> None:
    def halved_every_other_step(step, steps_per_epoch, steps, recipe):
        return 0.5 ** (step // 2)

    monkeypatch.setitem(SCHEDULES, "halved", halved_every_other_step)
    run = fit("run", "--model.recipe.schedule=halved", "--model.recipe.learning_rate=0.004", ONE_EPOCH)
    with (run / "csv" / "version_0" / "metrics.csv").open() as stream:
        rates = [float(row["lr-Adam"]) for row in csv.DictReader(stream) if row["lr-Adam"]]
    assert rates == pytest.approx([0.004, 0.004, 0.002, 0.002, 0.001, 0.001])

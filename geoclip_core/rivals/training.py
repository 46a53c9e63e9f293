"""How every rival that has a network is trained: one loop, one optimiser, one schedule, one rule to stop."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from geoclip_core.errors import TrainingError
from geoclip_core.learning.optim.optimizers import build_optimizer
from geoclip_core.learning.optim.schedule import learning_rate_factor
from geoclip_core.learning.randomness import generator_of
from geoclip_core.learning.settings import Recipe

Loss = Callable[[Tensor, torch.Generator], Tensor]
"""From row numbers (b,) and a source of draws to the mean loss of these photos, a scalar."""


@dataclass(frozen=True)
class Training:
    """The budget, the same for all rivals: optimiser and schedule are those of ``learning/``.

    Attributes:
        learning_rate: Of AdamW, at its highest.
        steps: Optimiser steps.
        batch_size: Photos per step.
        weight_decay: Of AdamW.
        warmup_steps: Steps over which the learning rate rises; it then falls along half a cosine.
        validation: Share of the photos, in whole groups, that is not trained on and tells which of ten moments of the
            training was best; 0 takes the last. Not used below ``LEAST_PHOTOS``.
    """

    learning_rate: float = 5e-3
    steps: int = 300
    batch_size: int = 128
    weight_decay: float = 0.01
    warmup_steps: int = 20
    validation: float = 0.1


LEAST_PHOTOS = 200
"""Photos below which none are held out to stop early."""

_LOOKS = 10  # at the held-out photos
_CLIP = 1.0  # longest gradient
_HELD_OUT, _ORDER, _DRAWS, _LOOK = range(4)  # what a generator is for


class Standardise(nn.Module):
    """Features with mean 0 and variance 1 over the photos of training.

    Args:
        features: (n, ..., d), the photos of training.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, features: npt.NDArray[np.float32]) -> None:
        super().__init__()
        flat = features.reshape(-1, features.shape[-1]).astype(np.float64)
        spread = flat.std(axis=0)
        self.register_buffer("mean", torch.from_numpy(flat.mean(axis=0)).float())
        self.register_buffer("scale", torch.from_numpy(1 / np.where(spread > 1e-8, spread, 1.0)).float())

    def forward(self, features: Tensor) -> Tensor:
        """(n, ..., d), standardised."""
        return (features - self.mean) * self.scale


def train(network: nn.Module, loss: Loss, groups: npt.NDArray[np.int64], training: Training, seed: int) -> None:
    """Train a network in place, and leave it in evaluation mode.

    Args:
        network: Its parameters are trained.
        loss: Of photos by their row numbers.
        groups: (n,) numbers of groups; a group is held out as a whole.
        training: The budget.
        seed: Of the order, the draws and what is held out.

    Raises:
        TrainingError: The loss became NaN or infinite.
    """
    held_out = hold_out(groups, training.validation, seed)
    rows = torch.from_numpy(np.flatnonzero(~held_out))
    look_rows = torch.from_numpy(np.flatnonzero(held_out))
    recipe = Recipe(
        optimizer="adamw",
        learning_rate=training.learning_rate,
        weight_decay=training.weight_decay,
        schedule="cosine",
        warmup_steps=min(training.warmup_steps, training.steps // 4),
    )
    optimizer = build_optimizer([p for p in network.parameters() if p.requires_grad], recipe)
    shuffles, draws = generator_of(seed, _ORDER), generator_of(seed, _DRAWS)
    order = torch.empty(0, dtype=torch.int64)
    size, best, kept = min(training.batch_size, len(rows)), float("inf"), None
    per_epoch, every = max(1, len(rows) // size), max(1, training.steps // _LOOKS)
    network.train()
    for step in range(training.steps):
        if len(order) < size:
            order = torch.cat((order, rows[torch.randperm(len(rows), generator=shuffles)]))
        chosen, order = order[:size], order[size:]
        factor = learning_rate_factor(step, per_epoch, training.steps, recipe)
        for part in optimizer.param_groups:
            part["lr"] = training.learning_rate * factor
        optimizer.zero_grad(set_to_none=True)
        value = loss(chosen, draws)
        if not torch.isfinite(value):
            raise TrainingError(
                f"The loss is {float(value.detach())} at step {step}", hint="take a smaller learning rate"
            )
        value.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), _CLIP)
        optimizer.step()
        if len(look_rows) and ((step + 1) % every == 0 or step + 1 == training.steps):
            found = _look(network, loss, look_rows, seed)
            if found < best:
                best, kept = found, copy.deepcopy(network.state_dict())
    if kept is not None:
        network.load_state_dict(kept)
    network.eval()


@torch.no_grad()
def _look(network: nn.Module, loss: Loss, rows: Tensor, seed: int) -> float:
    """Loss of the held-out photos, with the same draws every time."""
    network.eval()
    draws = generator_of(seed, _LOOK)
    parts = torch.split(rows, 1024)
    total = sum(float(loss(part, draws)) * len(part) for part in parts)
    network.train()
    return total / len(rows)


def hold_out(groups: npt.NDArray[np.int64], share: float, seed: int) -> npt.NDArray[np.bool_]:
    """Which photos :func:`train` does not train on: (n,), whole groups, none below ``LEAST_PHOTOS``.

    Args:
        groups: (n,) numbers of groups.
        share: Of the photos, roughly.
        seed: Of the choice.
    """
    if share <= 0 or len(groups) < LEAST_PHOTOS:
        return np.zeros(len(groups), dtype=bool)
    names, numbers = np.unique(groups, return_inverse=True)
    if len(names) < 2:
        return np.zeros(len(groups), dtype=bool)
    order = torch.randperm(len(names), generator=generator_of(seed, _HELD_OUT)).numpy()
    sizes = np.bincount(numbers)[order]
    before = np.cumsum(sizes) - sizes
    chosen = order[:-1][before[:-1] < share * len(groups)]  # never all
    return np.isin(numbers, chosen)


def seeded(seed: int, build: Callable[[], nn.Module]) -> nn.Module:
    """A network whose random weights depend on the seed only; the global generator stays as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build()

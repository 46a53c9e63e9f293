"""Optimisers, by name: a new one is a function here and a line in ``OPTIMIZERS``."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from geoclip_core.errors import TrainingError
from geoclip_core.learning.optim.muon import Muon
from geoclip_core.learning.settings import Recipe


def adam(parameters: list[nn.Parameter], recipe: Recipe) -> torch.optim.Optimizer:
    """Adam with weight decay as L2, as in the paper."""
    return torch.optim.Adam(parameters, recipe.learning_rate, weight_decay=recipe.weight_decay)


def adamw(parameters: list[nn.Parameter], recipe: Recipe) -> torch.optim.Optimizer:
    """Adam with weight decay apart from the gradient (Loshchilov and Hutter 2019)."""
    return torch.optim.AdamW(parameters, recipe.learning_rate, weight_decay=recipe.weight_decay)


def muon(parameters: list[nn.Parameter], recipe: Recipe) -> torch.optim.Optimizer:
    """Muon for matrices and convolutions, Adam for everything else."""
    matrices = [parameter for parameter in parameters if parameter.ndim >= 2 and len(parameter) > 1]
    others = [parameter for parameter in parameters if parameter.ndim < 2 or len(parameter) == 1]
    return Muon(matrices, others, recipe.matrix_rate, recipe.learning_rate, recipe.weight_decay)


OPTIMIZERS: dict[str, Callable[[list[nn.Parameter], Recipe], torch.optim.Optimizer]] = {
    "adam": adam,
    "adamw": adamw,
    "muon": muon,
}
"""Name in ``recipe.optimizer`` -> function of the trained parameters and the recipe."""


def build_optimizer(parameters: list[nn.Parameter], recipe: Recipe) -> torch.optim.Optimizer:
    """The optimiser that a recipe names.

    Args:
        parameters: What is trained.
        recipe: Name, rates and weight decay.

    Raises:
        TrainingError: There is no such optimiser.
    """
    build = OPTIMIZERS.get(recipe.optimizer)
    if build is None:
        raise TrainingError(f"recipe.optimizer is {recipe.optimizer!r}", allowed=", ".join(OPTIMIZERS))
    return build(parameters, recipe)

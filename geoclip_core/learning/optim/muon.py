"""Muon: orthogonalised momentum for matrices and convolutions; Adam for all other parameters.

Our own, as the digest of the shipped overhead model depends on the last bit of every step, which those of torch and
timm do not share; torch's takes no convolutions either.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

MOMENTUM = 0.9
BETAS, EPSILON = (0.9, 0.999), 1e-8  # Adam's, as in torch.optim.Adam

_ROUNDS = 5
_A, _B, _C = 3.4445, -4.775, 2.0315  # of the quintic that drives singular values towards 1 (Jordan et al. 2024)


class Muon(torch.optim.Optimizer):
    """Momentum, orthogonalised, for matrices and convolutions; Adam for all other parameters (Jordan et al. 2024).

    A step on a matrix has singular values near 1 whatever the gradient's were, so that rare directions are learnt as
    fast as common ones. A convolution counts as a matrix of its output channels.

    Args:
        matrices: Parameters of at least two dimensions.
        others: Any parameters.
        matrix_rate: Learning rate of the matrices; also the size of a step's singular values, before the square root
            of rows over columns where there are more rows.
        learning_rate: Of Adam.
        weight_decay: Of Adam, as L2.

    Raises:
        ValueError: A parameter of fewer than two dimensions is among the matrices.
    """

    def __init__(
        self,
        matrices: Iterable[nn.Parameter],
        others: Iterable[nn.Parameter],
        matrix_rate: float,
        learning_rate: float,
        weight_decay: float = 0.0,
    ) -> None:
        wide = list(matrices)
        if flat := [tuple(each.shape) for each in wide if each.ndim < 2]:
            raise ValueError(f"A parameter of shape {flat[0]} is no matrix")
        groups: list[dict[str, Any]] = [
            {"params": wide, "lr": matrix_rate, "orthogonal": True},
            {"params": list(others), "lr": learning_rate, "orthogonal": False},
        ]
        super().__init__([group for group in groups if group["params"]], {"weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """Take one step; parameters without gradient stay.

        Args:
            closure: Computes loss and gradients first.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                state = self.state[parameter]
                if group["orthogonal"]:
                    _matrix_step(parameter, parameter.grad, state, group["lr"])
                else:
                    _adam_step(parameter, parameter.grad, state, group["lr"], group["weight_decay"])
        return loss


def orthogonalised(matrix: Tensor) -> Tensor:
    """The matrix with its singular values brought near 1: from 0.7 to 1.2, save those that were next to nothing.

    Five steps of a Newton-Schulz iteration (Jordan et al. 2024), in bfloat16, whose rounding is far below that.

    Args:
        matrix: (r, c).

    Returns:
        (r, c) float32.
    """
    tall = matrix.shape[0] > matrix.shape[1]
    x = (matrix.T if tall else matrix).float()
    x = (x / x.norm().clamp(min=1e-12)).bfloat16()
    for _ in range(_ROUNDS):
        square = x @ x.T
        x = _A * x + (_B * square + _C * square @ square) @ x
    near: Tensor = (x.T if tall else x).float()
    return near


def _matrix_step(parameter: nn.Parameter, gradient: Tensor, state: dict[str, Any], rate: float) -> None:
    if not state:
        state["momentum"] = torch.zeros_like(parameter)
    momentum: Tensor = state["momentum"].mul_(MOMENTUM).add_(gradient)
    step = orthogonalised((gradient + MOMENTUM * momentum).flatten(1))
    stretch = math.sqrt(max(1.0, step.shape[0] / step.shape[1]))
    parameter.add_(step.reshape(parameter.shape), alpha=-rate * stretch)


def _adam_step(parameter: nn.Parameter, gradient: Tensor, state: dict[str, Any], rate: float, decay: float) -> None:
    if not state:
        state.update(steps=0, mean=torch.zeros_like(parameter), square=torch.zeros_like(parameter))
    state["steps"] += 1
    gradient = gradient + decay * parameter if decay else gradient
    mean = state["mean"].lerp_(gradient, 1 - BETAS[0])
    square = state["square"].mul_(BETAS[1]).addcmul_(gradient, gradient, value=1 - BETAS[1])
    spread = (square / (1 - BETAS[1] ** state["steps"])).sqrt_().add_(EPSILON)
    parameter.addcdiv_(mean, spread, value=-rate / (1 - BETAS[0] ** state["steps"]))

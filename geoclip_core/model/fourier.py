"""Random Fourier features: a smooth plane made of waves of many lengths and directions."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn


class FourierFeatures(nn.Module):
    """Cosines and sines of random projections of a point.

    ``gamma(v) = [cos(2 pi B v), sin(2 pi B v)]`` with ``B ~ N(0, sigma^2)`` drawn once and kept in the state
    dict (Tancik et al. 2020, eq. 5; GeoCLIP, section 3.2). A larger sigma means shorter waves: finer places.

    Args:
        sigma: Standard deviation of the entries of B, in waves per unit of the input.
        rows: Number of random directions; the output has twice as many columns.
        inputs: Dimension of the input.
    """

    b: Tensor

    def __init__(self, sigma: float, rows: int = 256, inputs: int = 2) -> None:
        super().__init__()
        self.register_buffer("b", torch.randn(rows, inputs) * sigma)

    def forward(self, v: Tensor) -> Tensor:
        """Features of points.

        Args:
            v: (n, inputs), float32.

        Returns:
            (n, 2 * rows) in [-1, 1], float32 also where the network behind it runs in bfloat16, or under
            autocast: the phases reach thousands of radians, which a shorter mantissa cannot hold.
        """
        with torch.autocast(v.device.type, enabled=False):
            phase = (2 * math.pi * v.float()) @ self.b.float().T
        return torch.cat((phase.cos(), phase.sin()), dim=-1)


def sigma_schedule(smallest: float, largest: float, scales: int) -> tuple[float, ...]:
    """Geometric series of sigmas from the smallest to the largest (GeoCLIP, eq. 4).

    Args:
        smallest: First sigma, positive.
        largest: Last sigma, positive.
        scales: How many, at least one.

    Returns:
        The sigmas, ``2**(log2 s_min + i (log2 s_max - log2 s_min) / (M - 1))`` for i = 0 .. M - 1.

    Raises:
        ValueError: A sigma is not positive or the number of scales is below one.
    """
    if scales < 1 or smallest <= 0 or largest <= 0:
        raise ValueError(f"sigma_schedule({smallest}, {largest}, {scales}): sigmas must be > 0 and scales >= 1")
    if scales == 1:
        return (float(smallest),)
    low, high = math.log2(smallest), math.log2(largest)
    return tuple(2.0 ** (low + i * (high - low) / (scales - 1)) for i in range(scales))


def check_sigmas(sigmas: Sequence[float]) -> tuple[float, ...]:
    """The sigmas as floats.

    Raises:
        ValueError: There is none, or one is not a positive finite number.
    """
    values = tuple(float(s) for s in sigmas)
    if not values or any(not (math.isfinite(s) and s > 0) for s in values):
        raise ValueError(f"sigmas must be a non-empty list of positive numbers, got {list(sigmas)!r}")
    return values

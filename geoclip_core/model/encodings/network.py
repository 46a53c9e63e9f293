"""A position encoding with a network behind it: what is trained in place of GeoCLIP's location encoder."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from geoclip_core.model.encodings.registry import build_encoding
from geoclip_core.model.location_encoder import BaseLocationEncoder


class EncodedLocationEncoder(BaseLocationEncoder):
    """The network of one of GeoCLIP's scales behind another encoding, so that a comparison is one of encodings.

    Spherical harmonics have a SIREN behind them, as in their paper (Russwurm et al. 2024).

    Args:
        encoding: A name in ``ENCODINGS``.
        width: Hidden units per layer.
        dim: Dimension of the output.
        options: Arguments of the encoding.

    Raises:
        WeightsError: There is no such encoding, or it takes no such option.
        ValueError: An option out of range.
    """

    def __init__(
        self, encoding: str, *, width: int = 1024, dim: int = 512, options: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__()
        self.dim = dim
        self.encoding = build_encoding(encoding, **(options or {}))
        network = siren if encoding == "spherical_harmonics" else relu_network
        self.network = network(self.encoding.dim, width, dim)

    def encode(self, latlon: Tensor) -> Tensor:
        """Vectors (n, dim) float32, not normalised, of points (n, 2) in degrees."""
        vectors: Tensor = self.network(self.encoding(latlon).to(next(self.network.parameters()).dtype))
        return vectors.to(torch.float32)

    def prepare(self, latlon: Tensor, generator: torch.Generator) -> None:
        """Hand the training coordinates on to the encoding."""
        self.encoding.prepare(latlon, generator)


def relu_network(inputs: int, width: int, dim: int) -> nn.Sequential:
    """Three hidden layers and a linear one: what GeoCLIP has behind the Fourier features of each scale."""
    sizes = (inputs, width, width, width)
    hidden = [part for a, b in pairwise(sizes) for part in (nn.Linear(a, b), nn.ReLU())]
    return nn.Sequential(*hidden, nn.Linear(width, dim))


class SirenLayer(nn.Module):
    """``sin(w0 (W x + b))`` with the initialisation that keeps its input's spread (Sitzmann et al. 2020, section 3.2).

    Weights and bias are uniform within ``1 / n`` in the first layer and within ``sqrt(6 / n) / w0`` in the others.

    Args:
        inputs: n.
        outputs: Units.
        w0: Factor on the phase: 30 in the first layer, 1 in the others (SatCLIP's code).
        first: Whether this is the first layer.
    """

    def __init__(self, inputs: int, outputs: int, *, w0: float = 1.0, first: bool = False) -> None:
        super().__init__()
        self.w0, self.linear = w0, nn.Linear(inputs, outputs)
        reach = 1.0 / inputs if first else math.sqrt(6.0 / inputs) / w0
        with torch.no_grad():
            self.linear.weight.uniform_(-reach, reach)
            self.linear.bias.uniform_(-reach, reach)

    def forward(self, x: Tensor) -> Tensor:
        """(n, outputs) in [-1, 1] of (n, inputs)."""
        return torch.sin(self.w0 * self.linear(x))


def siren(inputs: int, width: int, dim: int) -> nn.Sequential:
    """Two layers of sines and a linear one, without SatCLIP's dropout."""
    return nn.Sequential(
        SirenLayer(inputs, width, w0=30.0, first=True), SirenLayer(width, width), nn.Linear(width, dim)
    )

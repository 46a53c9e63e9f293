"""From a photo to a vector: a frozen CLIP image tower and two trained layers."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def projection_mlp(inputs: int = 768, dim: int = 512) -> nn.Sequential:
    """GeoCLIP's two trained layers, ``inputs -> inputs -> dim``; released keys ``0`` and ``2``."""
    return nn.Sequential(nn.Linear(inputs, inputs), nn.ReLU(), nn.Linear(inputs, dim))


class ImageEncoder(nn.Module):
    """A CLIP image tower, frozen, and the MLP behind it (GeoCLIP, section 3.1).

    Args:
        tower: (n, 3, s, s) normalised pixels -> (n, inputs) projected features.
        mlp: (n, inputs) -> (n, dim), float32.
    """

    def __init__(self, tower: nn.Module, mlp: nn.Module) -> None:
        super().__init__()
        self.tower = tower.requires_grad_(False)
        self.mlp = mlp

    @torch.no_grad()
    def features(self, pixels: Tensor) -> Tensor:
        """Frozen features.

        Args:
            pixels: (n, 3, s, s), normalised; cast to the tower's own precision.

        Returns:
            (n, inputs) float32.
        """
        weight = next(self.tower.parameters())
        out: Tensor = self.tower(pixels.to(device=weight.device, dtype=weight.dtype))
        return out.float()

    def forward(self, pixels: Tensor) -> Tensor:
        """Vectors (n, dim) float32 of pixels (n, 3, s, s), not normalised."""
        out: Tensor = self.mlp(self.features(pixels))
        return out

"""From a sentence to a vector of the same space: CLIP's text tower through the image encoder's MLP.

GeoCLIP never saw a text in training; that its MLP places CLIP's text features sensibly is the paper's
finding (section 4.4), not a promise.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from geoclip_core.model.clip import tokenize


class TextEncoder(nn.Module):
    """A CLIP text tower, frozen, and the MLP shared with the image encoder.

    Args:
        tower: (n, context) tokens -> (n, inputs) projected features.
        mlp: (n, inputs) -> (n, dim), float32.
    """

    def __init__(self, tower: nn.Module, mlp: nn.Module) -> None:
        super().__init__()
        self.tower = tower.requires_grad_(False)
        self.mlp = mlp

    @torch.no_grad()
    def features(self, texts: list[str]) -> Tensor:
        """Frozen features (n, inputs), float32, of n texts."""
        weight = next(self.tower.parameters())
        context: int = self.tower.context_length  # type: ignore[assignment]
        out: Tensor = self.tower(tokenize(texts, context).to(weight.device))
        return out.float()

    def forward(self, texts: list[str]) -> Tensor:
        """Vectors (n, dim) float32 of n texts, not normalised."""
        out: Tensor = self.mlp(self.features(texts))
        return out

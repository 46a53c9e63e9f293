"""Backbones with small random weights, as state dicts in the layout of the released files."""

from __future__ import annotations

import torch
from torch import Tensor

from geoclip_core.model.backbones.registry import find_backbone
from geoclip_core.model.backbones.timm_tower import timm_tower
from geoclip_core.model.clip import ClipShape, build_towers

SHAPES = {
    "clip-vit-b-32": ClipShape(
        dim=32, image_size=64, patch=32, image_width=64, image_layers=1, text_width=64, text_layers=1
    ),
    "clip-vit-l-14-336": ClipShape(
        dim=32, image_size=42, patch=14, image_width=64, image_layers=2, text_width=64, text_layers=1
    ),
}
OPTIONS = {
    "siglip-vit-b-16": {"img_size": 48, "embed_dim": 64, "depth": 2, "num_heads": 1},
    "dinov2-vit-b-14": {"img_size": 42, "embed_dim": 64, "depth": 2, "num_heads": 1},
}


def small_state(name: str) -> dict[str, Tensor]:
    """State dict of a small backbone; every tensor is random, so that a mistake in copying one shows."""
    record = find_backbone(name)
    with torch.random.fork_rng():
        torch.manual_seed(11)
        if name in SHAPES:
            image, text = build_towers(SHAPES[name], activation=record.activation)
            state = {f"visual.{key}": value for key, value in image.state_dict().items()}
            state |= {key: value for key, value in text.state_dict().items() if key != "attn_mask"}
        else:
            image, _ = timm_tower(record.architecture, OPTIONS[name])
            state = {f"{record.prefix}{key}": value for key, value in image.state_dict().items()}
            if record.prefix:  # a whole CLIP-like file holds the text tower as well
                state["text.token_embedding.weight"] = torch.randn(5, 4)
        return {key: value + 0.05 * torch.randn_like(value) for key, value in state.items()}

"""What looks at the pixels, besides CLIP: any architecture of timm; and the digest that tells towers apart."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from geoclip_core.errors import WeightsError


def timm_tower(architecture: str, options: Mapping[str, Any]) -> tuple[nn.Module, int]:
    """A tower of timm with random weights; nothing is downloaded.

    Args:
        architecture: Name of a timm model.
        options: Arguments of that model. Where ``global_pool`` is ``""``, the four quarters of the picture are
            pooled apart, one after the other, so that features keep where in the picture something is.

    Returns:
        A module from (n, 3, s, s) pixels to (n, width) features, and its width.

    Raises:
        WeightsError: timm has no such architecture.
    """
    import timm

    if not timm.is_model(architecture):
        raise WeightsError(f"timm has no architecture {architecture!r}", allowed="a name listed by timm.list_models()")
    model: Any = timm.create_model(architecture, pretrained=False, num_classes=0, **options)
    width = int(model.num_features)
    if options.get("global_pool") == "":
        return nn.Sequential(model, nn.AdaptiveAvgPool2d(2), nn.Flatten()), 4 * width
    return model, width


def tower_digest(tower: nn.Module) -> str:
    """Digest of a tower's own weights, without low-rank steps: 16 hexadecimal digits.

    It depends on the precision that the weights are kept in.
    """
    total = hashlib.sha256()
    for name, value in sorted(tower.state_dict().items()):
        if ".lora_" not in name:
            total.update(name.replace(".base_layer.", ".").encode() + b"\0")
            total.update(value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
            total.update(b"\0")
    return total.hexdigest()[:16]

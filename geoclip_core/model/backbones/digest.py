"""The digest that tells image towers apart."""

from __future__ import annotations

import hashlib

import torch
from torch import nn


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

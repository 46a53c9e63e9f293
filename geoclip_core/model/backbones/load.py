"""From the weights of a backbone to its towers.

The architecture is read off the weights where they determine it, so that small random weights in a test go through the
same code as the released ones.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from geoclip_core.errors import WeightsError
from geoclip_core.model.backbones.digest import tower_digest
from geoclip_core.model.backbones.registry import BackboneRecord, find_backbone
from geoclip_core.model.backbones.timm_tower import timm_tower
from geoclip_core.model.clip import load_towers
from geoclip_core.photo.preprocess import Preprocess

_HEAD_WIDTH = 64  # of every attention head of a ViT-B (Dosovitskiy et al. 2021, table 1)


class Backbone(NamedTuple):
    """Frozen towers, on the CPU, in evaluation mode.

    Attributes:
        image: (n, 3, s, s) normalised pixels -> (n, width).
        text: (n, context) tokens -> (n, width); None where there is none.
        preprocess: How a photo becomes the input of ``image``.
    """

    image: nn.Module
    text: nn.Module | None
    preprocess: Preprocess


def load_backbone(name: str, state: Mapping[str, Tensor], dtype: torch.dtype = torch.float32) -> Backbone:
    """Frozen towers with the given weights.

    Args:
        name: A name in ``BACKBONES``.
        state: State dict: open_clip's plain layout for the family ``clip``; timm's names for ``timm``.
        dtype: Number format of the parameters and of the computation.

    Raises:
        WeightsError: There is no such backbone, or the weights are not those of one.
    """
    record = find_backbone(name)
    text: nn.Module | None = None
    if record.family == "clip":
        image, text = load_towers(state, dtype, record.activation)
        side = int(image.image_size[0])  # type: ignore[index]
    else:
        image, side = _load_timm(record, state)
        image = image.to(dtype).requires_grad_(False).eval()
    return Backbone(image, text, record.preprocess.at_size(side))


def _load_timm(record: BackboneRecord, state: Mapping[str, Tensor]) -> tuple[nn.Module, int]:
    given = {key.removeprefix(record.prefix): value for key, value in state.items() if key.startswith(record.prefix)}
    given = given or dict(state)
    try:
        options = _vit_sizes(given)
        image, _ = timm_tower(record.architecture, options)
        # Some files hold what training needed and the tower does not use, such as DINOv2's mask token.
        image.load_state_dict({key: value for key, value in given.items() if key != "mask_token"}, strict=True)
    except (LookupError, RuntimeError, ValueError, ZeroDivisionError) as error:
        reason = " ".join(str(error).split())[:300]
        raise WeightsError(
            f"These weights are not those of {record.title} ({reason})",
            allowed=" or ".join(f"{file} of {repo}" for repo, file in record.files),
        ) from error
    return image, int(options["img_size"])


def _vit_sizes(state: Mapping[str, Tensor]) -> dict[str, Any]:
    """Arguments of a vision transformer of timm, from the shapes of its tensors."""
    width, patch = state["patch_embed.proj.weight"].shape[0], state["patch_embed.proj.weight"].shape[-1]
    tokens = state["pos_embed"].shape[1] - (1 if "cls_token" in state else 0)
    return {
        "img_size": math.isqrt(tokens) * patch,
        "patch_size": patch,
        "embed_dim": width,
        "depth": len({key.split(".")[1] for key in state if key.startswith("blocks.")}),
        "num_heads": max(1, width // _HEAD_WIDTH),
    }


def tower_label(name: str, image: nn.Module) -> str:
    """Text that names a tower in features and records: the backbone's label and a digest of the weights."""
    return f"{find_backbone(name).label} {tower_digest(image)}"

"""The image backbones that a model can stand behind: a new one is a record in ``BACKBONES``.

A backbone is a frozen image tower whose weights come from outside. Its architecture is read off its weights where
they determine it, so that small random weights in a test go through the same code as the released ones.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor, nn

from geoclip_core.errors import WeightsError
from geoclip_core.model.clip import Activation, load_towers
from geoclip_core.model.timm_tower import timm_tower
from geoclip_core.model.tower_digest import tower_digest
from geoclip_core.photo.preprocess import Preprocess

CLIP_L14 = "clip-vit-l-14"
"""GeoCLIP's own backbone."""

_OLD_LABEL = "CLIP"  # what features and records of before the registry call CLIP ViT-L/14
_IMAGENET = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_HEAD_WIDTH = 64  # of every attention head of a ViT-B (Dosovitskiy et al. 2021, table 1)


@dataclass(frozen=True)
class BackboneRecord:
    """What is known of a backbone.

    Attributes:
        name: What ``make_features.py --backbone`` and ``record.json`` call it.
        title: For people.
        family: ``clip``: two transformers built by open_clip; ``timm``: an image tower built by timm.
        architecture: Name of the model in that library.
        width: Numbers that the released weights make of a photo.
        preprocess: What a photo goes through; its size may be another one for weights of another size.
        text_tower: Whether texts can be mapped into the same space.
        prefix: What the image tower's tensors are called before the library's own names: ``visual.trunk.`` in
            open_clip's files of a timm tower, nothing in timm's own. Names without it are read too.
        activation: Of CLIP's transformers; weights by OpenAI need ``quick_gelu``. timm knows its architectures' own.
        files: Repository and file on the Hugging Face hub that hold the weights, and are looked for in its cache.
        licence: SPDX identifier of the weights.
        source: Paper and origin.
    """

    name: str
    title: str
    family: Literal["clip", "timm"]
    architecture: str
    width: int
    preprocess: Preprocess
    files: tuple[tuple[str, str], ...]
    licence: str
    source: str
    text_tower: bool = False
    prefix: str = ""
    activation: Activation = "quick_gelu"


class Backbone(NamedTuple):
    """Frozen towers, on the CPU, in evaluation mode.

    Attributes:
        image: (n, 3, s, s) normalised pixels -> (n, width).
        text: (n, context) tokens -> (n, width); None where there is none.
        preprocess: What a photo goes through before ``image``.
    """

    image: nn.Module
    text: nn.Module | None
    preprocess: Preprocess


_RECORDS = (
    BackboneRecord(
        CLIP_L14,
        "CLIP ViT-L/14",
        "clip",
        "ViT-L-14",
        768,
        Preprocess(),
        (
            ("openai/clip-vit-large-patch14", "model.safetensors"),
            ("timm/vit_large_patch14_clip_224.openai", "open_clip_model.safetensors"),
            ("timm/vit_large_patch14_clip_224.openai", "open_clip_pytorch_model.bin"),
            ("openai/clip-vit-large-patch14", "pytorch_model.bin"),
        ),
        "MIT",
        "Radford et al. 2021, arXiv:2103.00020; OpenAI",
        text_tower=True,
    ),
    BackboneRecord(
        "clip-vit-b-32",
        "CLIP ViT-B/32",
        "clip",
        "ViT-B-32",
        512,
        Preprocess(),
        (
            ("openai/clip-vit-base-patch32", "model.safetensors"),
            ("timm/vit_base_patch32_clip_224.openai", "open_clip_model.safetensors"),
            ("openai/clip-vit-base-patch32", "pytorch_model.bin"),
        ),
        "MIT",
        "Radford et al. 2021, arXiv:2103.00020; OpenAI",
        text_tower=True,
    ),
    BackboneRecord(
        "clip-vit-l-14-336",
        "CLIP ViT-L/14 at 336 pixels",
        "clip",
        "ViT-L-14-336",
        768,
        Preprocess(336),
        (
            ("openai/clip-vit-large-patch14-336", "model.safetensors"),
            ("timm/vit_large_patch14_clip_336.openai", "open_clip_model.safetensors"),
            ("openai/clip-vit-large-patch14-336", "pytorch_model.bin"),
        ),
        "MIT",
        "Radford et al. 2021, arXiv:2103.00020; OpenAI",
        text_tower=True,
    ),
    BackboneRecord(
        "siglip-vit-b-16",
        "SigLIP ViT-B/16",
        "timm",
        "vit_base_patch16_siglip_224",
        768,
        Preprocess(224, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5), resize="squash"),
        (
            ("timm/ViT-B-16-SigLIP", "open_clip_model.safetensors"),
            ("timm/ViT-B-16-SigLIP", "open_clip_pytorch_model.bin"),
            ("timm/vit_base_patch16_siglip_224.webli", "model.safetensors"),
        ),
        "Apache-2.0",
        "Zhai et al. 2023, arXiv:2303.15343; Google. Its text tower needs a tokenizer that open_clip downloads, so "
        "texts are read as names of places",
        prefix="visual.trunk.",
    ),
    BackboneRecord(
        "dinov2-vit-b-14",
        "DINOv2 ViT-B/14",
        "timm",
        "vit_base_patch14_dinov2",
        768,
        Preprocess(518, *_IMAGENET),
        (("timm/vit_base_patch14_dinov2.lvd142m", "model.safetensors"),),
        "Apache-2.0",
        "Oquab et al. 2023, arXiv:2304.07193; Meta",
    ),
)
BACKBONES: Mapping[str, BackboneRecord] = MappingProxyType({record.name: record for record in _RECORDS})


def find_backbone(name: str) -> BackboneRecord:
    """The record of a backbone.

    Raises:
        WeightsError: There is none of this name.
    """
    record = BACKBONES.get(name)
    if record is None:
        raise WeightsError(f"There is no backbone called {name!r}", allowed=", ".join(BACKBONES))
    return record


def load_backbone(name: str, state: Mapping[str, Tensor], dtype: torch.dtype = torch.float32) -> Backbone:
    """Frozen towers with the given weights.

    Args:
        name: A name in ``BACKBONES``.
        state: State dict: open_clip's plain layout for the family ``clip``; timm's names for ``timm``.
        dtype: What the parameters are stored and computed in.

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
    """What features and records say of the tower that they stand behind: the backbone's name and a digest."""
    return f"{name} {tower_digest(image)}"


def parse_tower_label(label: str) -> tuple[BackboneRecord, str]:
    """Backbone and digest of a label; older ones say ``CLIP`` or nothing in place of the name.

    Raises:
        WeightsError: There is no such backbone.
    """
    name, _, digest = label.rpartition(" ")
    return find_backbone(CLIP_L14 if name in ("", _OLD_LABEL) else name), digest

"""The image backbones that a model can stand behind: a new one is a record in ``BACKBONES``.

A backbone is a frozen image tower whose weights come from outside; ``model/backbones/load.py`` builds it. This file
imports no network library, so that looking for weights on the disk stays quick.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from geoclip_core.errors import WeightsError
from geoclip_core.photo.preprocess import Preprocess

Activation = Literal["quick_gelu", "gelu"]
"""QuickGELU, ``x * sigmoid(1.702 x)``, is an approximation of GELU that OpenAI's CLIP was trained with."""

CLIP_L14 = "clip-vit-l-14"
"""GeoCLIP's own backbone."""

UNCHECKED = "unchecked"
"""Instead of a digest: features that another program made, by weights that were not at hand to be compared."""

_CLIP_L14_LABEL = "CLIP"  # of CLIP ViT-L/14, in features and records since before there were others
_IMAGENET = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class BackboneRecord:
    """What is known of a backbone.

    Attributes:
        name: What ``make_features.py --backbone`` and ``record.json`` call it.
        title: For people.
        family: ``clip``: two transformers built by open_clip; ``timm``: an image tower built by timm.
        architecture: Name of the model in that library.
        width: Numbers that the released weights make of a photo.
        preprocess: How a photo becomes the network's input; weights of another size have another size.
        text_tower: Whether texts can be mapped into the same space.
        prefix: What stands before the library's own names of the image tower's tensors: ``visual.trunk.`` in
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

    @property
    def label(self) -> str:
        """What features and records call it, before a digest: its name, or ``CLIP`` for GeoCLIP's own."""
        return _CLIP_L14_LABEL if self.name == CLIP_L14 else self.name

    @property
    def variable(self) -> str:
        """Environment variable that names a file or folder with the weights."""
        return "GEOCLIP_CLIP" if self.name == CLIP_L14 else f"GEOCLIP_{self.name.upper().replace('-', '_')}"


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


def parse_tower_label(label: str) -> tuple[BackboneRecord, str]:
    """Backbone and digest of a label such as ``clip-vit-b-32 0123456789abcdef``.

    Args:
        label: A digest behind a backbone's label; a digest alone is that of GeoCLIP's own backbone.

    Raises:
        WeightsError: There is no such backbone.
    """
    name, _, digest = label.rpartition(" ")
    return find_backbone(CLIP_L14 if name in ("", _CLIP_L14_LABEL) else name), digest

"""The image tower, built as the configuration says."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from geoclip_core.errors import TrainingError, WeightsError
from geoclip_core.learning.settings import TowerConfig
from geoclip_core.model.backbones.registry import BackboneRecord, find_backbone
from geoclip_core.model.backbones.timm_tower import timm_tower
from geoclip_core.model.clip import build_towers

if TYPE_CHECKING:
    from peft import LoraConfig


def build_tower(tower: TowerConfig) -> tuple[nn.Module, int]:
    """A tower with random weights, and the dimension of its features.

    Args:
        tower: What to build.

    Returns:
        A module from (n, 3, s, s) pixels, or (n, width) features, to (n, width); without gradients where frozen.

    Raises:
        TrainingError: There is no such architecture, or it cannot be trained as asked.
    """
    if tower.kind == "features":
        if tower.train != "none":
            raise TrainingError(
                f"tower.train is {tower.train!r}, but features made beforehand leave no tower to train",
                hint="set tower.train to none, or train from pixels",
            )
        return nn.Identity(), tower.width
    if tower.kind == "clip":
        image, _ = build_towers(tower.clip, activation=_clip_record(tower).activation)
        width = tower.clip.dim
        if tower.train == "lora":
            image = _with_lora(image, tower)
        else:
            image.requires_grad_(tower.train == "all")
    else:
        image, width = _timm(tower)
    if tower.half:
        if tower.train != "none":
            raise TrainingError(
                "tower.half keeps weights in bfloat16, which are too coarse to be trained",
                hint="set tower.half to false and trainer.precision to bf16-mixed",
            )
        image = image.to(torch.bfloat16)
    return image, width


def _clip_record(tower: TowerConfig) -> BackboneRecord:
    try:
        record = find_backbone(tower.backbone)
    except WeightsError as error:
        raise TrainingError(error.problem, allowed=error.allowed) from error
    if record.family != "clip":
        raise TrainingError(
            f"tower.kind is clip and tower.backbone {tower.backbone}, which is no CLIP",
            hint=f"make features with training/make_features.py --backbone {tower.backbone}, and train on these",
        )
    return record


def _timm(tower: TowerConfig) -> tuple[nn.Module, int]:
    try:
        image, width = timm_tower(tower.architecture, tower.options)
    except WeightsError as error:
        raise TrainingError(error.problem, allowed=error.allowed) from error
    if tower.train != "all":
        raise TrainingError(
            f"tower.train is {tower.train!r} for {tower.architecture}, which starts from random weights",
            hint="set tower.train to all",
        )
    return image, width


def _lora(tower: TowerConfig) -> LoraConfig:
    from peft import LoraConfig

    first = tower.clip.image_layers - tower.lora_blocks
    blocks = "|".join(str(i) for i in range(max(0, first), tower.clip.image_layers))
    return LoraConfig(
        r=tower.lora_rank,
        lora_alpha=tower.lora_rank,  # a factor of 1: the learning rate alone sets the size of steps
        target_modules=rf"transformer\.resblocks\.({blocks})\.mlp\.(c_fc|c_proj)",
        lora_dropout=0.0,
        bias="none",
    )


def _with_lora(image: nn.Module, tower: TowerConfig) -> nn.Module:
    """Low-rank steps beside the two wide layers of the last blocks; all else is frozen."""
    from peft import inject_adapter_in_model

    image.requires_grad_(False)
    adapted: nn.Module = inject_adapter_in_model(_lora(tower), image)
    return adapted


def save_memory(image: nn.Module, tower: TowerConfig) -> None:
    """Have a trained tower compute its layers again in the backward pass (gradient checkpointing).

    Raises:
        TrainingError: The tower is not trained, or cannot do that.
    """
    if tower.train == "none":
        raise TrainingError(
            "model.speed.checkpointing saves memory of a tower that is trained, and this one is frozen",
            hint="leave it out, or set tower.train to all or lora",
        )
    able = [module for module in image.modules() if callable(getattr(module, "set_grad_checkpointing", None))]
    if not able:
        raise TrainingError(
            f"{tower.architecture or tower.kind} cannot compute its layers again in the backward pass",
            hint="set model.speed.checkpointing to false",
        )
    able[0].set_grad_checkpointing(True)  # type: ignore[operator]


def compile_networks(*networks: nn.Module) -> None:
    """Have torch.compile build code for networks when they are first used; their weights keep their names.

    Raises:
        TrainingError: This machine has no C++ compiler, which torch.compile calls.
    """
    usual = {"darwin": "clang++", "win32": "cl"}.get(sys.platform, "g++")
    compiler = os.environ.get("CXX") or usual
    if shutil.which(shlex.split(compiler)[0]) is None:
        raise TrainingError(
            f"model.speed.compile needs a C++ compiler, and {compiler} is not there",
            allowed=f"{usual}, or what the environment variable CXX names",
            hint="install one (Debian: apt install g++), or set model.speed.compile to false",
        )
    for network in networks:
        network.compile()


def load_clip(image: nn.Module, state: dict[str, Tensor]) -> None:
    """Put the weights of a CLIP's image tower into a tower, low-rank steps or not.

    Args:
        image: A tower built by :func:`build_tower` for ``clip``.
        state: CLIP's state dict in open_clip's plain layout, ``visual.*``.

    Raises:
        TrainingError: The weights are of another size or lack something.
    """
    given = {key.removeprefix("visual."): value for key, value in state.items() if key.startswith("visual.")}
    names = {name.replace(".base_layer.", "."): name for name in image.state_dict() if ".lora_" not in name}
    try:
        missing, _ = image.load_state_dict({names.get(key, key): value for key, value in given.items()}, strict=False)
    except RuntimeError as error:
        missing = [" ".join(str(error).split())[:300]]
    missing = [name for name in missing if ".lora_" not in name]
    if missing or given.keys() - names.keys():
        raise TrainingError(
            f"The CLIP weights do not fit the tower: {(missing or sorted(given.keys() - names.keys()))[0]}",
            hint="set tower.clip to the sizes of these weights",
        )


def merged_state(image: nn.Module) -> dict[str, Tensor]:
    """The tower's weights with low-rank steps added into the layers they stand beside, under the plain names."""
    plain: dict[str, Tensor] = {}
    for name, value in image.state_dict().items():
        if ".lora_" not in name:
            plain[name.replace(".base_layer.", ".")] = value.detach().clone()
    for name, module in image.named_modules():
        if hasattr(module, "get_delta_weight"):
            plain[f"{name}.weight"] += module.get_delta_weight("default").detach()
    return plain

"""Reading backbones from every kind of file people have, into one layout; for CLIP, open_clip's plain state dict."""

from __future__ import annotations

import json
import pickle
import struct
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from geoclip_core.errors import WeightsError
from geoclip_core.model.backbones.registry import BACKBONES, CLIP_L14, BackboneRecord
from geoclip_core.weights.digests import cached_sha256
from geoclip_core.weights.registry import KNOWN_CLIP_FILES
from geoclip_core.weights.resolve import WeightsFile

_FORMATS = "open_clip safetensors or .bin, OpenAI's ViT-L-14.pt, or a folder of openai/clip-vit-large-patch14"
# Entries of OpenAI's archive, and buffers of older checkpoints, that are no weights of the towers.
_NO_WEIGHTS = {"input_resolution", "context_length", "vocab_size", "attn_mask"}
# What torch's readers raise on files that are cut short or are no weights; they have no one base class.
_DAMAGED = (
    RuntimeError,
    OSError,
    EOFError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,
    struct.error,
    zipfile.BadZipFile,
    pickle.UnpicklingError,
)


def read_clip(source: WeightsFile) -> dict[str, Tensor]:
    """State dict of a CLIP ViT-L/14 file in open_clip's plain layout; see :func:`read_backbone`."""
    return read_backbone(source, BACKBONES[CLIP_L14])


def read_backbone(source: WeightsFile, backbone: BackboneRecord) -> dict[str, Tensor]:
    """State dict of a backbone's file, in the layout that ``model.backbones.load`` takes.

    Args:
        source: What ``find_weights`` found. A file whose digest is known beforehand and differs is refused; for CLIP
            ViT-L/14, whose released files are known, one of another digest is read with a warning.
        backbone: Which.

    Returns:
        Tensors by name, in the file's own precision, memory-mapped where the format allows.

    Raises:
        WeightsError: The digest is wrong, the file is cut short, or its keys are not those of a CLIP.
    """
    digest = cached_sha256(source.path)
    if source.expected and digest != source.expected:
        raise WeightsError(
            f"{source.path} is damaged: sha256 {digest[:16]}..., expected {source.expected[:16]}...",
            hint="delete it and fetch it again",
        )
    if backbone.name == CLIP_L14 and digest not in KNOWN_CLIP_FILES:
        warnings.warn(
            f"{source.path.name} is not one of the released CLIP files (sha256 {digest[:16]}...); it is used as it "
            "is, and answers depend on what is in it.",
            stacklevel=2,
        )
    state = _read_file(source.path, backbone)
    if backbone.family == "clip" and any(key.startswith("vision_model.") for key in state):
        _check_activation(source.path.parent / "config.json")
        return _from_hugging_face(state)
    return {key: value for key, value in state.items() if key not in _NO_WEIGHTS}


def _read_file(path: Path, backbone: BackboneRecord) -> dict[str, Tensor]:
    family = "CLIP" if backbone.family == "clip" else backbone.title
    damaged = f"{path} cannot be read as {family} weights; it is damaged, cut short, or of another kind"
    try:
        if path.suffix == ".safetensors":
            from safetensors import SafetensorError
            from safetensors.torch import load_file

            try:
                return load_file(path)
            except SafetensorError as error:
                raise WeightsError(f"{damaged} ({error})", allowed=_FORMATS, hint="copy or fetch it again") from error
        if _is_torchscript(path):
            with warnings.catch_warnings():
                # OpenAI released TorchScript; reading it is deprecated in torch, and there is no other copy.
                warnings.simplefilter("ignore")
                module = torch.jit.load(path, map_location="cpu")  # type: ignore[no-untyped-call]
            return dict(module.state_dict())
        loaded = torch.load(path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path))
    except _DAMAGED as error:
        if isinstance(error, WeightsError):
            raise
        reason = " ".join(str(error).split())[:160]
        raise WeightsError(f"{damaged} ({reason})", allowed=_FORMATS, hint="copy or fetch it again") from error
    if isinstance(loaded, Mapping) and "state_dict" in loaded:
        loaded = loaded["state_dict"]
    if not isinstance(loaded, Mapping) or not all(isinstance(v, Tensor) for v in loaded.values()):
        raise WeightsError(f"{path} holds no state dict of tensors", allowed=_FORMATS)
    return {str(key).removeprefix("module."): value for key, value in loaded.items()}


def _is_torchscript(path: Path) -> bool:
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any(name.endswith("/constants.pkl") for name in archive.namelist())


def _check_activation(config: Path) -> None:
    """Refuse a Hugging Face CLIP whose towers do not use QuickGELU; its features would be silently wrong."""
    if not config.is_file():
        return
    try:
        settings = json.loads(config.read_text(encoding="utf-8"))
    except ValueError as error:
        raise WeightsError(f"{config} is not valid JSON ({error})", hint="copy the folder again") from error
    for part in ("vision_config", "text_config"):
        activation = (settings.get(part) or {}).get("hidden_act", "quick_gelu")
        if activation != "quick_gelu":
            raise WeightsError(
                f"{config} says {part} uses {activation}, so this is not OpenAI's CLIP", allowed="quick_gelu"
            )


_HF_BLOCK = {
    "layer_norm1": "ln_1",
    "layer_norm2": "ln_2",
    "self_attn.out_proj": "attn.out_proj",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
}
_HF_REST = {
    "vision_model.embeddings.class_embedding": "visual.class_embedding",
    "vision_model.embeddings.patch_embedding.weight": "visual.conv1.weight",
    "vision_model.embeddings.position_embedding.weight": "visual.positional_embedding",
    "vision_model.pre_layrnorm.weight": "visual.ln_pre.weight",
    "vision_model.pre_layrnorm.bias": "visual.ln_pre.bias",
    "vision_model.post_layernorm.weight": "visual.ln_post.weight",
    "vision_model.post_layernorm.bias": "visual.ln_post.bias",
    "text_model.embeddings.token_embedding.weight": "token_embedding.weight",
    "text_model.embeddings.position_embedding.weight": "positional_embedding",
    "text_model.final_layer_norm.weight": "ln_final.weight",
    "text_model.final_layer_norm.bias": "ln_final.bias",
    "logit_scale": "logit_scale",
}


def _from_hugging_face(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Rename transformers' CLIPModel to open_clip's plain layout; query, key and value are stacked."""
    out: dict[str, Tensor] = {}
    stacks: dict[str, dict[str, Tensor]] = {}
    for key, value in state.items():
        if key.endswith("position_ids"):
            continue
        if key in _HF_REST:
            out[_HF_REST[key]] = value
        elif key == "visual_projection.weight":
            out["visual.proj"] = value.T.contiguous()
        elif key == "text_projection.weight":
            out["text_projection"] = value.T.contiguous()
        elif ".encoder.layers." in key:
            tower, rest = key.split(".encoder.layers.")
            number, rest = rest.split(".", 1)
            name, kind = rest.rsplit(".", 1)
            block = f"{'visual.' if tower == 'vision_model' else ''}transformer.resblocks.{number}."
            if name in _HF_BLOCK:
                out[f"{block}{_HF_BLOCK[name]}.{kind}"] = value
            else:
                stacks.setdefault(f"{block}attn.in_proj_{kind}", {})[name] = value
        else:
            raise WeightsError(f"The Hugging Face CLIP weights hold an unknown tensor, {key}", allowed=_FORMATS)
    for key, parts in stacks.items():
        try:
            out[key] = torch.cat([parts[f"self_attn.{letter}_proj"] for letter in "qkv"])
        except KeyError as error:
            raise WeightsError(f"The Hugging Face CLIP weights lack {error} for {key}", allowed=_FORMATS) from error
    return out

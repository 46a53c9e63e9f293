"""CLIP's two towers, built by open_clip from the shapes of their weights.

The architecture is read off the state dict, so the released ViT-L/14 and a small random CLIP in a test go
through the same code. open_clip is imported when a tower is built: it brings seconds and 300 MB of other libraries,
which the embedded model does without.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from geoclip_core.errors import WeightsError
from geoclip_core.model.backbones.registry import Activation

HEAD_WIDTH = 64  # CLIP, table 20: every attention head of its transformers is 64 wide


@dataclass(frozen=True)
class ClipShape:
    """Sizes of a CLIP with two transformers; the defaults are ViT-L/14 (CLIP, table 20).

    Attributes:
        dim: Dimension of the common space, 768.
        image_size: Side of the input in pixels.
        patch: Side of a patch in pixels.
        image_width: Width of the image transformer.
        image_layers: Blocks of the image transformer.
        text_width: Width of the text transformer.
        text_layers: Blocks of the text transformer.
        context: Tokens of the longest text.
        vocabulary: Number of tokens.
    """

    dim: int = 768
    image_size: int = 224
    patch: int = 14
    image_width: int = 1024
    image_layers: int = 24
    text_width: int = 768
    text_layers: int = 12
    context: int = 77
    vocabulary: int = 49408


def shape_of(state: Mapping[str, Tensor]) -> ClipShape:
    """Sizes of the CLIP that a state dict in open_clip's plain layout belongs to.

    Raises:
        WeightsError: A key that every CLIP has is missing, or a tensor has an impossible shape.
    """
    try:
        patches = state["visual.conv1.weight"]
        grid = math.isqrt(state["visual.positional_embedding"].shape[0] - 1)
        shape = ClipShape(
            dim=state["text_projection"].shape[1],
            image_size=grid * patches.shape[-1],
            patch=patches.shape[-1],
            image_width=patches.shape[0],
            image_layers=_blocks(state, "visual.transformer.resblocks."),
            text_width=state["ln_final.weight"].shape[0],
            text_layers=_blocks(state, "transformer.resblocks."),
            context=state["positional_embedding"].shape[0],
            vocabulary=state["token_embedding.weight"].shape[0],
        )
    except (KeyError, IndexError, ValueError) as error:
        raise WeightsError(
            f"These weights are not a CLIP with two transformers: {error} is missing or misshapen",
            allowed="open_clip or OpenAI ViT-L/14 weights, or a Hugging Face CLIPModel folder",
            hint="name the file of CLIP ViT-L/14 (tag openai)",
        ) from error
    for width in (shape.image_width, shape.text_width):
        if width < HEAD_WIDTH or width % HEAD_WIDTH:
            raise WeightsError(f"A transformer of these weights is {width} wide", allowed=f"multiples of {HEAD_WIDTH}")
    return shape


def _blocks(state: Mapping[str, Tensor], prefix: str) -> int:
    return len({key[len(prefix) :].split(".")[0] for key in state if key.startswith(prefix)})


def build_towers(
    shape: ClipShape, device: str | torch.device = "cpu", activation: Activation = "quick_gelu"
) -> tuple[nn.Module, nn.Module]:
    """Image and text tower, randomly initialised (not at all on device ``meta``).

    Args:
        shape: Sizes.
        device: Where the parameters are made.
        activation: ``quick_gelu`` for weights by OpenAI, ``gelu`` for most others.

    Returns:
        Two modules: (n, 3, s, s) pixels -> (n, dim), and (n, context) tokens -> (n, dim).
    """
    from open_clip.model import CLIPTextCfg, CLIPVisionCfg, CustomTextCLIP

    with torch.device(device):
        clip = CustomTextCLIP(
            shape.dim,
            CLIPVisionCfg(
                layers=shape.image_layers,
                width=shape.image_width,
                head_width=HEAD_WIDTH,
                patch_size=shape.patch,
                image_size=shape.image_size,
            ),
            CLIPTextCfg(
                context_length=shape.context,
                vocab_size=shape.vocabulary,
                width=shape.text_width,
                heads=shape.text_width // HEAD_WIDTH,
                layers=shape.text_layers,
            ),
            quick_gelu=activation == "quick_gelu",
        )
    return clip.visual, clip.text


def load_towers(
    state: Mapping[str, Tensor], dtype: torch.dtype = torch.float32, activation: Activation = "quick_gelu"
) -> tuple[nn.Module, nn.Module]:
    """Frozen towers with the given weights.

    Args:
        state: State dict in open_clip's plain layout (``visual.*``, ``transformer.*`` ...).
        dtype: Number format of the parameters and of the computation.
        activation: That of the network the weights were trained in.

    Returns:
        Image and text tower in evaluation mode, without gradients, on the CPU.

    Raises:
        WeightsError: A tensor is missing, left over, or of the wrong shape.
    """
    image, text = build_towers(shape_of(state), "meta", activation)
    tower_states: tuple[dict[str, Tensor], dict[str, Tensor]] = ({}, {})
    for key, value in state.items():
        if key.startswith("visual."):
            tower_states[0][key.removeprefix("visual.")] = value.to(dtype)
        elif key != "logit_scale":
            tower_states[1][key] = value.to(dtype)
    for tower, values, word in zip((image, text), tower_states, ("image", "text"), strict=True):
        try:
            tower.load_state_dict(values, strict=True, assign=True)
        except RuntimeError as error:
            reasons = " ".join(str(error).split())[:400]
            raise WeightsError(f"The CLIP weights do not fit the {word} tower: {reasons}") from error
        _make_buffers(tower)
        tower.requires_grad_(False)
        tower.eval()
    return image, text


def _make_buffers(tower: nn.Module) -> None:
    """Fill the causal mask, which is no part of the weights and was left on the meta device."""
    mask = getattr(tower, "attn_mask", None)
    if isinstance(mask, Tensor) and mask.is_meta:
        size = mask.shape[-1]
        tower.attn_mask = torch.full((size, size), float("-inf")).triu_(1)


def tokenize(texts: list[str], context: int = 77) -> Tensor:
    """CLIP's byte-pair tokens of texts; the vocabulary is inside open_clip.

    Args:
        texts: Any number of texts; longer ones are cut at the context length.
        context: Tokens per text.

    Returns:
        (n, context) int64.
    """
    from open_clip.tokenizer import tokenize as byte_pairs

    tokens: Tensor = byte_pairs(texts, context)
    return tokens

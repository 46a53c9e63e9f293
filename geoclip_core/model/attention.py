"""Which patches of a picture a score comes from, in a CLIP image tower: attention times gradient.

In the last blocks, where CLIP's attention has its direct effect on the image's vector (Gandelsman, Efros and
Steinhardt, ICLR 2024), the output at the class token is the sum over heads h and tokens j of A_hj W_h v_hj. The part
of token j times the gradient of the score at that place is the attribution of the score to the token, to first order;
over all tokens these parts sum to the gradient times the whole output, less the constant of its last layer.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor, nn

BLOCKS = 4  # Gandelsman et al., section 4.1: the last four of ViT-L/14


def attention_times_gradient(
    tower: nn.Module, pixels: Tensor, score: Callable[[Tensor], Tensor], blocks: int = BLOCKS
) -> npt.NDArray[np.float32]:
    """Attribution of a score to each patch of a picture.

    Only the last blocks keep what a gradient needs. Other threads may use the tower meanwhile.

    Args:
        tower: CLIP image tower, as :func:`geoclip_core.model.clip.build_towers` makes it.
        pixels: (1, 3, s, s), normalised.
        score: From the tower's output (1, dim) float32 to one number, differentiable.
        blocks: How many of the last blocks are used; all of them where there are fewer.

    Returns:
        (h, w) float32, one per patch from the top left, in the unit of the score; summed over the blocks.
    """
    layers: list[Any] = list(tower.transformer.resblocks)[-blocks:]  # type: ignore[union-attr,arg-type]
    caller, read = threading.get_ident(), {}

    def start(_: nn.Module, given: tuple[Tensor, ...]) -> tuple[Tensor, ...] | None:
        if threading.get_ident() != caller:
            return None
        return given[0].detach().requires_grad_(), *given[1:]

    def keep(attention: nn.Module, given: tuple[Tensor, ...], out: tuple[Tensor, ...]) -> None:
        if threading.get_ident() == caller:
            read[attention] = given[0].detach(), out[0]

    hooks = [layers[0].register_forward_pre_hook(start), *(layer.attn.register_forward_hook(keep) for layer in layers)]
    try:
        weight = next(tower.parameters())
        with torch.enable_grad():
            value = score(tower(pixels.to(device=weight.device, dtype=weight.dtype)).float())
    finally:
        for hook in hooks:
            hook.remove()
    gradients = torch.autograd.grad(value.sum(), [read[layer.attn][1] for layer in layers])
    parts = [
        token_parts(layer.attn, read[layer.attn][0], slope) for layer, slope in zip(layers, gradients, strict=True)
    ]
    height, width = tower.grid_size  # type: ignore[misc]
    patches = torch.stack(parts).sum(dim=0)[1:].reshape(height, width)
    return np.asarray(patches.cpu().numpy(), dtype=np.float32)


@torch.no_grad()
def token_parts(attention: Any, tokens: Tensor, gradient: Tensor) -> Tensor:
    """The output of attention at the class token, split by the tokens it comes from, times a gradient.

    Args:
        attention: ``nn.MultiheadAttention``, batch first.
        tokens: (1, n, width), its input; the class token comes first.
        gradient: (1, n, width), of a score with respect to its output.

    Returns:
        (n,) float32.
    """
    heads, width = attention.num_heads, tokens.shape[-1]
    projected = F.linear(tokens[0].float(), attention.in_proj_weight.float(), attention.in_proj_bias.float())
    query, key, value = (part.reshape(-1, heads, width // heads) for part in projected.chunk(3, dim=-1))
    weights = torch.einsum("hd,nhd->hn", query[0], key).mul((width // heads) ** -0.5).softmax(dim=-1)
    slope = (gradient[0, 0].float() @ attention.out_proj.weight.float()).reshape(heads, -1)
    return torch.einsum("hn,nhd,hd->n", weights, value, slope)

"""A CLIP image tower with its weights laid out for this processor: the same products, in three quarters of the time.

A processor multiplies blocks. oneDNN can lay a matrix out in blocks once, instead of at every product; torch uses that
for graphs which it compiles, through two private operators, ``_reorder_linear_weight`` and ``_linear_pointwise``. They
are tried before they are used; where a version of torch has changed them, a tower stays as it is. Tried with torch
2.15.0. They have no gradient with respect to the weights, which a frozen tower does not need.
"""

from __future__ import annotations

import functools
import platform
from typing import Any

import torch
from torch import Tensor, nn

_ROWS = 257  # tokens of one photo in ViT-L/14: what the layout is chosen for; others are as right


class PackedLinear(nn.Module):
    """A frozen linear layer.

    Args:
        weight: (out, in), float32 or bfloat16, on the CPU; not kept.
        bias: (out,), of the same type.
    """

    def __init__(self, weight: Tensor, bias: Tensor) -> None:
        super().__init__()
        self._packed = torch.ops.mkldnn._reorder_linear_weight(weight.detach().contiguous(), _ROWS)
        self.bias = nn.Parameter(bias.detach(), requires_grad=False)

    @property
    def weight(self) -> Tensor:
        """(out, in), laid out anew at every call."""
        dense: Tensor = self._packed.to_dense()
        return dense

    def forward(self, x: Tensor) -> Tensor:
        """(..., in) -> (..., out)."""
        out: Tensor = _Product.apply(x, self)
        return out


class _Product(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, layer: PackedLinear) -> Tensor:
        ctx.layer = layer
        out: Tensor = torch.ops.mkldnn._linear_pointwise(x, layer._packed, layer.bias, "none", [], "")
        return out

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return gradients[0] @ ctx.layer.weight, None


class PackedAttention(nn.Module):
    """What ``nn.MultiheadAttention`` does when tokens attend to one another, frozen.

    Args:
        attention: Batch first, with one matrix for queries, keys and values.
    """

    def __init__(self, attention: nn.MultiheadAttention) -> None:
        super().__init__()
        self.num_heads = attention.num_heads
        self.in_proj = PackedLinear(attention.in_proj_weight, attention.in_proj_bias)
        self.out_proj = PackedLinear(attention.out_proj.weight, attention.out_proj.bias)

    @property
    def in_proj_weight(self) -> Tensor:
        """(3 width, width): queries, keys, values."""
        return self.in_proj.weight

    @property
    def in_proj_bias(self) -> Tensor:
        """(3 width,)."""
        return self.in_proj.bias

    def forward(self, tokens: Tensor, *_: Tensor, **__: Any) -> tuple[Tensor, None]:
        """(n, t, width) -> (n, t, width), and no weights; keys and values, which are the same tokens, are not read."""
        n, count, width = tokens.shape
        parts = self.in_proj(tokens).reshape(n, count, 3, self.num_heads, width // self.num_heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        # For so few tokens two plain products are faster than scaled_dot_product_attention.
        weights = torch.softmax((query * (width // self.num_heads) ** -0.5) @ key.transpose(-1, -2), dim=-1)
        return self.out_proj((weights @ value).transpose(1, 2).reshape(n, count, width)), None


class OneAtATime(nn.Module):
    """The blocks of a tower, which take one picture of a batch at a time: what is between two products stays in cache.

    Args:
        transformer: (n, t, width) -> (n, t, width), each picture by itself.
    """

    def __init__(self, transformer: nn.Module) -> None:
        super().__init__()
        self.transformer = transformer

    @property
    def resblocks(self) -> Any:
        """The blocks."""
        return self.transformer.resblocks

    def forward(self, tokens: Tensor, *rest: Any, **named: Any) -> Tensor:
        """(n, t, width) -> (n, t, width)."""
        return torch.cat([self.transformer(tokens[i : i + 1], *rest, **named) for i in range(len(tokens))])


def pack(tower: nn.Module) -> nn.Module:
    """Lay out the weights of a tower's blocks for this processor, in place, block by block.

    Does nothing to a tower on another device or without CLIP's blocks, nor where oneDNN has no such layout: other
    processors than x86, and bfloat16 where the processor does not compute in it.

    Args:
        tower: Frozen CLIP image tower, as :func:`geoclip_core.model.clip.load_towers` makes it.

    Returns:
        The tower.
    """
    blocks: Any = getattr(getattr(tower, "transformer", None), "resblocks", ())
    if all(_can_pack(parameter) for parameter in tower.parameters()) and _operators_work():
        for block in blocks:
            block.attn = PackedAttention(block.attn)
            for name in ("c_fc", "c_proj"):
                layer = getattr(block.mlp, name)
                setattr(block.mlp, name, PackedLinear(layer.weight, layer.bias))
        if blocks:
            tower.transformer = OneAtATime(tower.transformer)  # type: ignore[arg-type]
    return tower


def _can_pack(weight: Tensor) -> bool:
    if weight.device.type != "cpu" or platform.machine() not in ("x86_64", "AMD64"):
        return False
    return weight.dtype == torch.float32 or (weight.dtype == torch.bfloat16 and _computes_bfloat16())


def _computes_bfloat16() -> bool:
    try:
        return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    except (AttributeError, RuntimeError):  # a torch without oneDNN
        return False


@functools.cache
def _operators_work() -> bool:
    """Whether both private operators are there and do what this file needs, tried on a small product."""
    weight, bias = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), torch.tensor([0.5, 0.0, 0.0])
    x = torch.tensor([[1.0, -1.0]])
    try:
        packed = torch.ops.mkldnn._reorder_linear_weight(weight, 1)
        found = torch.ops.mkldnn._linear_pointwise(x, packed, bias, "none", [], "")
        return torch.equal(packed.to_dense(), weight) and torch.allclose(found, x @ weight.T + bias)
    except (AttributeError, RuntimeError, TypeError):  # a torch without oneDNN, or with other operators
        return False

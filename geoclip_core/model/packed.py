"""A CLIP image tower laid out for this processor: the same products, in less time.

A processor multiplies blocks. oneDNN can lay a matrix out in blocks once, instead of at every product, and can apply an
activation or add another tensor while the product is still in the processor's cache. torch uses both for graphs which
it compiles, through two private operators, ``_reorder_linear_weight`` and ``_linear_pointwise``. They are tried before
they are used; where a version of torch has changed them, a tower stays as it is. Tried with torch 2.15.0. They have no
gradient with respect to the weights, which a frozen tower does not need.
"""

from __future__ import annotations

import functools
import math
import platform
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from geoclip_core.model.device import use_threads

_ROWS = 257  # tokens of one photo in ViT-L/14
_TOGETHER = 4  # pictures; of 1, 2, 4, 8 and 16 in ViT-L/14, 4 and 8 took the least time on an Intel Xeon
_QUICK_GELU = 1.702  # x * sigmoid(1.702 * x)


class PackedLinear(nn.Module):
    """A frozen linear layer.

    Args:
        weight: (out, in), float32 or bfloat16, on the CPU; not kept.
        bias: (out,), of the same type.
        rows: How many rows at a time the layout is chosen for; others are as right.
    """

    def __init__(self, weight: Tensor, bias: Tensor, rows: int = _ROWS) -> None:
        super().__init__()
        self._packed = torch.ops.mkldnn._reorder_linear_weight(weight.detach().contiguous(), rows)
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

    def activated(self, x: Tensor, activation: str, scale: float = 1.0) -> Tensor:
        """The product, its bias scaled, with one of oneDNN's activations on top; without a gradient.

        Args:
            x: (..., in).
            activation: ``none``, ``gelu`` or ``swish``, which is x * sigmoid(x).
            scale: What the bias is multiplied by.

        Returns:
            (..., out).
        """
        bias = self.bias if scale == 1 else self.bias * scale
        out: Tensor = torch.ops.mkldnn._linear_pointwise(x, self._packed, bias, activation, [], "none")
        return out

    def plus(self, x: Tensor, other: Tensor) -> Tensor:
        """The layer's output added to another tensor, (..., out), without a gradient."""
        out: Tensor = torch.ops.mkldnn._linear_pointwise.binary(x, other, self._packed, self.bias, "add")
        return out


class _Product(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, layer: PackedLinear) -> Tensor:
        ctx.layer = layer
        return layer.activated(x, "none")

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
        return self.out_proj(self._mixed(self.in_proj(tokens))), None

    def plus(self, tokens: Tensor, other: Tensor) -> Tensor:
        """The same added to another tensor, without a gradient.

        Args:
            tokens: (n, t, width).
            other: (n, k, width); only the first k tokens are asked for.

        Returns:
            (n, k, width).
        """
        return self.out_proj.plus(self._mixed(self.in_proj.activated(tokens, "none"), other.shape[1]), other)

    def _mixed(self, projected: Tensor, first: int | None = None) -> Tensor:
        """What the first tokens, by default all of them, take from all tokens."""
        n, count, width = projected.shape
        parts = projected.reshape(n, count, 3, self.num_heads, width // 3 // self.num_heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        mixed = _attention(query[:, :, :first], key, value)
        return mixed.transpose(1, 2).reshape(n, -1, width // 3)


def _attention(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """(n, heads, k, d) of (n, heads, k, d) and twice (n, heads, t, d).

    In bfloat16 torch's own takes longer than three operations one after the other, unless the processor has AMX, whose
    tiles it is written for.
    """
    if query.dtype != torch.bfloat16 or _has_amx():
        return F.scaled_dot_product_attention(query, key, value)
    queries, keys, values = (of_all.flatten(0, 1) for of_all in (query, key, value))
    unused = query.new_empty(())
    likeness = torch.baddbmm(unused, queries, keys.mT, beta=0, alpha=query.shape[-1] ** -0.5)
    return torch.bmm(likeness.softmax(dim=-1), values).view(query.shape)


class PackedBlock(nn.Module):
    """One of open_clip's residual blocks, frozen: attention, then two layers with GELU or QuickGELU between them.

    QuickGELU is swish(1.702 x) / 1.702, and swish costs nothing beside a product: the normalisation before the first
    layer multiplies by 1.702, and the sum after the second one divides by it.

    Args:
        block: As :func:`fits` says.
        first: How many of the tokens are wanted; None is all.
    """

    def __init__(self, block: Any, first: int | None = None) -> None:
        super().__init__()
        self._first = first
        self.ln_1, self.ln_2 = block.ln_1, block.ln_2
        self.attn = PackedAttention(block.attn)
        self.mlp = block.mlp
        for name in ("c_fc", "c_proj"):
            layer = getattr(block.mlp, name)
            setattr(self.mlp, name, PackedLinear(layer.weight, layer.bias))
        quick = not isinstance(block.mlp.gelu, nn.GELU)
        self._activation, self._scale = ("swish", _QUICK_GELU) if quick else ("gelu", 1.0)

    @staticmethod
    def fits(block: Any) -> bool:
        """Whether a block is made of what is known here."""
        from open_clip.transformer import QuickGELU  # it has made the block

        plain = isinstance(block.ls_1, nn.Identity) and isinstance(block.ls_2, nn.Identity)
        activation = block.mlp.gelu
        exact = isinstance(activation, nn.GELU) and activation.approximate == "none"
        return plain and (exact or isinstance(activation, QuickGELU))

    def forward(self, tokens: Tensor, *_: Any, **__: Any) -> Tensor:
        """(n, t, width) -> (n, t, width); no mask is read, since CLIP's image tower has none.

        Where only the first tokens are wanted, all the same come back where a gradient is asked for.
        """
        if tokens.requires_grad and torch.is_grad_enabled():
            tokens = tokens + self.attn(self.ln_1(tokens))[0]
            out: Tensor = tokens + self.mlp(self.ln_2(tokens))
            return out
        tokens = self.attn.plus(self.ln_1(tokens), tokens[:, : self._first].contiguous())
        norm = self.ln_2
        # float32 in here: a normalisation rounds its own result alone.
        weight, bias = (scaled.float() * self._scale for scaled in (norm.weight, norm.bias))
        normed = F.layer_norm(tokens, norm.normalized_shape, weight, bias, norm.eps)
        hidden = self.mlp.c_fc.activated(normed, self._activation, self._scale)
        return torch.add(tokens, self.mlp.c_proj.activated(hidden, "none", self._scale), alpha=1 / self._scale)


class FewAtATime(nn.Module):
    """The blocks of a tower, which take a few pictures at a time: what is between two products stays in cache.

    Of more pictures, two threads take a half each, with half of torch's threads for their operations: those of one half
    need not wait for those of the other after every product.

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
        threads, inference = torch.get_num_threads(), torch.is_inference_mode_enabled()
        if len(tokens) <= _TOGETHER or threads % 2 or torch.is_grad_enabled():
            return torch.cat([self.transformer(few, *rest, **named) for few in torch.split(tokens, _TOGETHER)])

        def made(few: Tensor) -> Tensor:
            with torch.inference_mode(inference), torch.no_grad():  # each thread has modes of its own
                out: Tensor = self.transformer(few, *rest, **named)
            return out

        parts = torch.tensor_split(tokens, 2 * math.ceil(len(tokens) / (2 * _TOGETHER)))
        with ThreadPoolExecutor(2, "geoclip-tower", use_threads, (threads // 2,)) as halves:
            return torch.cat(list(halves.map(made, parts)))


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
    fit = len(blocks) > 0 and all(PackedBlock.fits(block) for block in blocks)
    if fit and all(can_pack(parameter) for parameter in tower.parameters()):
        for number in range(len(blocks)):
            last = number == len(blocks) - 1
            blocks[number] = PackedBlock(blocks[number], 1 if last and _reads_class_token(tower) else None)
        tower.transformer = FewAtATime(tower.transformer)  # type: ignore[arg-type]
    return tower


def _reads_class_token(tower: Any) -> bool:
    """Whether the class token is all that a tower reads of what its last block makes."""
    return getattr(tower, "pool_type", "") == "tok" and tower.attn_pool is None and not tower.output_tokens


def can_pack(weight: Tensor) -> bool:
    """Whether oneDNN has such a layout for a matrix, by its device, the processor and the number format."""
    if weight.device.type != "cpu" or platform.machine() not in ("x86_64", "AMD64") or not _operators_work():
        return False
    return weight.dtype == torch.float32 or (weight.dtype == torch.bfloat16 and _computes_bfloat16())


def _computes_bfloat16() -> bool:
    try:
        return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    except (AttributeError, RuntimeError):  # a torch without oneDNN
        return False


@functools.cache
def _has_amx() -> bool:
    """Whether the processor multiplies matrices of bfloat16 in tiles."""
    capabilities = getattr(torch.cpu, "get_capabilities", dict)  # not in the oldest torch that is allowed
    return "amx_bf16" in {name for name, there in capabilities().items() if there}


@functools.cache
def _operators_work() -> bool:
    """Whether both private operators are there and do what this file needs, tried on a small product."""
    weight, bias = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), torch.tensor([0.5, 0.0, 0.0])
    x, other = torch.tensor([[1.0, -1.0]]), torch.tensor([[1.0, 2.0, 3.0]])
    wanted = x @ weight.T + bias
    try:
        layer = PackedLinear(weight, bias)
        results = (
            (layer.weight, weight),
            (layer.activated(x, "none"), wanted),
            (layer.activated(x, "swish"), F.silu(wanted)),
            (layer.activated(x, "gelu"), F.gelu(wanted)),
            (layer.plus(x, other), wanted + other),
        )
        return all(torch.allclose(found, right, rtol=1e-4, atol=1e-5) for found, right in results)
    except (AttributeError, RuntimeError, TypeError):  # a torch without oneDNN, or with other operators
        return False

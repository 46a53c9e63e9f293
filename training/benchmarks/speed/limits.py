"""What this machine's matrix products allow: their rate, measured in the same run, and how many of them a task needs.

A forward pass of the networks here is nearly all matrix products, so that no program takes less than their number over
the rate of one large product of the same kind. Products and additions are counted, 2 for each pair.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from geoclip_core.model.clip import ClipShape
from geoclip_core.model.packed import PackedLinear, can_pack
from training.benchmarks.timing import median_s

SHAPE = (4112, 1024, 4096)
"""Rows, inner and outer width: the widest product of ViT-L/14 on 16 photos of 257 tokens."""

LOCATION_WIDTHS = ((512, 1024), (1024, 1024), (1024, 1024), (1024, 512))
"""Inputs and outputs of the layers of one scale of the location encoder, of which there are three."""


def matrix_rate(dtype: torch.dtype, times: int = 5, shape: tuple[int, int, int] = SHAPE) -> float:
    """Operations per second of one large matrix product on the processor: torch's own, or with weights laid out for it.

    In float32 the second is twice as fast on some processors. The result's memory is taken from the system for each
    product, as torch does; smaller products, whose memory is at hand, are a fifth faster (``shape`` of 1028 rows).

    Args:
        dtype: float32 or bfloat16.
        times: Repetitions; the fastest counts, since a limit is not a median.
        shape: As :data:`SHAPE`.
    """
    rows, inner, outer = shape
    left, right = torch.randn(rows, inner).to(dtype), torch.randn(inner, outer).to(dtype)
    products: list[Callable[[], Tensor]] = [lambda: left @ right]
    if can_pack(left):
        layer = PackedLinear(right.T, torch.zeros(outer, dtype=dtype), rows)
        products.append(lambda: layer.activated(left, "none"))
    with torch.inference_mode():
        fastest = min(median_s(product, 1) for _ in range(times) for product in products)
    return 2.0 * rows * inner * outer / fastest


def transformer_flops(tokens: int, width: int, layers: int) -> float:
    """Operations of a transformer on one input: 12 width**2 weights of each layer, and attention."""
    return layers * (2.0 * tokens * 12 * width**2 + 4.0 * tokens**2 * width)


def photo_flops(shape: ClipShape | None = None) -> float:
    """Operations of CLIP's image tower on one photo."""
    shape = shape or ClipShape()
    patches = (shape.image_size // shape.patch) ** 2
    first = 2.0 * patches * 3 * shape.patch**2 * shape.image_width
    return first + transformer_flops(patches + 1, shape.image_width, shape.image_layers)


def text_flops(shape: ClipShape | None = None) -> float:
    """Operations of CLIP's text tower on one text, always 77 tokens."""
    shape = shape or ClipShape()
    return transformer_flops(77, shape.text_width, shape.text_layers)


def points_flops(points: int) -> float:
    """Operations of the location encoder on points."""
    return points * 3 * sum(2.0 * before * after for before, after in LOCATION_WIDTHS)

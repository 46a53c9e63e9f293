"""The loss against a slow reading of the paper's equation."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from geoclip_core.learning.objective.contrastive import contrastive_loss


def unit(v: Tensor) -> Tensor:
    return v / math.sqrt(float((v * v).sum()))


def slow_loss(images: Tensor, points: Tensor, scale: float, negatives: Tensor, first: int) -> float:
    """GeoCLIP, eq. 2, one exponential at a time, in Python floats."""
    total = 0.0
    for i, views in enumerate(images):
        for view in views:
            others = [*points, *negatives]
            powers = [math.exp(scale * float(unit(view) @ unit(other))) for other in others]
            total -= math.log(powers[first + i] / sum(powers))
    return total / (images.shape[0] * images.shape[1])


@pytest.fixture
def vectors() -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    shapes = [(5, 3, 8), (7, 8), (11, 8)]
    return tuple(torch.randn(s, generator=generator, dtype=torch.float64) for s in shapes)


@pytest.mark.parametrize("first", [0, 2])
@pytest.mark.parametrize("queued", [0, 11])
def test_the_loss_is_the_papers(vectors: tuple[Tensor, Tensor, Tensor], first: int, queued: int) -> None:
    images, points, negatives = vectors
    negatives = negatives[:queued]
    loss = contrastive_loss(images, points, torch.tensor(9.0), negatives=negatives, first=first)
    assert float(loss) == pytest.approx(slow_loss(images, points, 9.0, negatives, first), rel=1e-5)


def test_its_gradient_is_the_slope_of_the_papers(vectors: tuple[Tensor, Tensor, Tensor]) -> None:
    images, points, negatives = (v.clone().requires_grad_() for v in vectors)
    contrastive_loss(images, points, torch.tensor(9.0), negatives=negatives, first=1).backward()
    step = 1e-5
    for tensor, index in [(images, (4, 2, 3)), (points, (1, 0)), (points, (6, 5)), (negatives, (10, 7))]:
        slopes = []
        for sign in (1, -1):
            moved = [v.detach().clone() for v in (images, points, negatives)]
            position = next(i for i, v in enumerate((images, points, negatives)) if v is tensor)
            moved[position][index] += sign * step
            slopes.append(slow_loss(moved[0], moved[1], 9.0, moved[2], 1))
        assert float(tensor.grad[index]) == pytest.approx((slopes[0] - slopes[1]) / (2 * step), rel=1e-3, abs=1e-6)


def test_it_is_finite_at_the_largest_scale_and_in_half_precision() -> None:
    vectors = torch.eye(4)
    images = torch.stack((-vectors, -vectors), dim=1).requires_grad_()
    for kind in (torch.float32, torch.bfloat16, torch.float16):
        loss = contrastive_loss(images.to(kind), vectors.to(kind), torch.tensor(100.0))
        assert float(loss.detach()) == pytest.approx(100 + math.log(math.exp(-100) + 3), rel=1e-5)
        images.grad = None
        loss.backward()
        assert torch.isfinite(images.grad).all()


def test_autocast_does_not_coarsen_the_logits(vectors: tuple[Tensor, Tensor, Tensor]) -> None:
    images, points, negatives = (v.float() for v in vectors)
    plain = contrastive_loss(images, points, torch.tensor(80.0), negatives=negatives)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(contrastive_loss(images, points, torch.tensor(80.0), negatives=negatives), plain)


def test_the_symmetric_loss_adds_the_way_back(vectors: tuple[Tensor, Tensor, Tensor]) -> None:
    images, points, _ = vectors
    points = points[:5]
    both = contrastive_loss(images, points, torch.tensor(9.0), all_images=images)
    none = torch.zeros(0, 8, dtype=torch.float64)
    there = slow_loss(images, points, 9.0, none, 0)
    back = [slow_loss(points[:, None], images[:, view], 9.0, none, 0) for view in range(3)]
    assert float(both) == pytest.approx((there + sum(back) / 3) / 2, rel=1e-5)

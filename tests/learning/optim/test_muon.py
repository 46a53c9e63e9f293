"""Muon: orthogonal steps for matrices, Adam for the rest."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from geoclip_core.learning.optim.muon import MOMENTUM, Muon, orthogonalised


@pytest.mark.parametrize("shape", [(24, 90), (90, 24), (64, 576)])
def test_singular_values_are_brought_near_one(shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    matrix = torch.randn(shape) @ torch.diag(torch.logspace(-1, 1, shape[1]))
    before, after = torch.linalg.svdvals(matrix), orthogonalised(matrix)
    assert before.max() / before.min() > 4
    values = torch.linalg.svdvals(after)
    assert values.min() > 0.6
    assert values.max() < 1.25
    left, _, right = torch.linalg.svd(matrix, full_matrices=False)
    exact = left @ right
    assert (after - exact).norm() < 0.35 * exact.norm()
    assert torch.equal(orthogonalised(torch.zeros(shape)), torch.zeros(shape))


def test_what_is_no_matrix_takes_adams_steps() -> None:
    torch.manual_seed(0)
    ours, theirs = nn.Parameter(torch.randn(7)), nn.Parameter(torch.zeros(7))
    theirs.data.copy_(ours)
    pairs = (Muon([], [ours], 1.0, 0.01, 0.1), ours), (torch.optim.Adam([theirs], 0.01, weight_decay=0.1), theirs)
    for step in range(30):
        for optimizer, parameter in pairs:
            parameter.grad = torch.sin(3 * parameter.detach() + step)
            optimizer.step()
    assert torch.allclose(ours, theirs, rtol=0, atol=1e-7)


def test_a_convolution_steps_as_the_matrix_of_its_output_channels() -> None:
    torch.manual_seed(0)
    kernel, start = nn.Parameter(torch.randn(8, 3, 5, 5)), torch.zeros(8, 3, 5, 5)
    start.copy_(kernel.detach())
    optimizer = Muon([kernel], [], 0.5, 0.0)
    first, second = torch.randn_like(start), torch.randn_like(start)
    moved = []
    for gradient in (first, second):
        kernel.grad = gradient.clone()
        optimizer.step()
        moved.append((start - kernel.detach()).flatten(1))
        start.copy_(kernel.detach())
    momentum = MOMENTUM * first + second
    for step, seen in zip(moved, ((1 + MOMENTUM) * first, second + MOMENTUM * momentum), strict=True):
        assert torch.allclose(step, 0.5 * orthogonalised(seen.flatten(1)), atol=1e-5)


def test_vectors_are_refused_as_matrices() -> None:
    with pytest.raises(ValueError, match=r"\(3,\) is no matrix"):
        Muon([nn.Parameter(torch.zeros(3))], [], 0.1, 0.1)

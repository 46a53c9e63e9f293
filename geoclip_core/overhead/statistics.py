"""Image statistics that tell views from above from photos taken on the ground, without a network.

A photo taken on the ground has a sky above and a floor below, upright and level edges, and a subject in the middle. A
view from above has no such order, since every heading occurs. The numbers here measure that order, and how light is
distributed over sizes (van der Schaaf and van Hateren 1996, "Modelling the power spectra of natural images").
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

STATISTICS = 24
"""How many numbers there are."""

_SIZE, _BLOCK = 96, 24
_SHRINKINGS = (1, 2, 4)
_FAINT = 1e-3  # differences of light far below this do not count
_FLAT = 0.004  # a pixel that differs less from its surroundings is flat


def picture_statistics(rgb: Tensor) -> Tensor:
    """Numbers that tell views from above from photos taken on the ground; colours do not enter.

    Args:
        rgb: (n, 3, s, s) in [0, 1].

    Returns:
        (n, 24): for edges at three sizes, the logarithm of their energy, level against upright, their order by twice
        and four times their direction, and their kurtosis; the spread of rows and of columns, top against bottom, left
        against right; the spread of 16 blocks, that of their contrasts, and their mean contrast; the middle against
        all; the share of flat pixels.
    """
    square = F.interpolate(rgb, size=(_SIZE, _SIZE), mode="bilinear", antialias=True, align_corners=False)
    grey = square.clamp(0, 1).mean(1, keepdim=True)
    edges = [number for k in _SHRINKINGS for number in _edges(F.avg_pool2d(grey, k)[:, 0])]
    rows, columns = grey.mean(3)[:, 0], grey.mean(2)[:, 0]
    blocks, squares = F.avg_pool2d(grey, _BLOCK), F.avg_pool2d(grey.square(), _BLOCK)
    contrast = (squares - blocks.square()).clamp_min(1e-5).sqrt().flatten(1).log()
    middle = grey[..., _BLOCK:-_BLOCK, _BLOCK:-_BLOCK].mean((1, 2, 3))
    blurred = F.avg_pool2d(grey, 5, stride=1, padding=2, count_include_pad=False)
    order = [
        (rows.std(1) + 0.01).log(),
        (columns.std(1) + 0.01).log(),
        rows[:, :_BLOCK].mean(1) - rows[:, -_BLOCK:].mean(1),
        (columns[:, :_BLOCK].mean(1) - columns[:, -_BLOCK:].mean(1)).abs(),
        (blocks.flatten(1).std(1) + 0.01).log(),
        contrast.std(1),
        contrast.mean(1),
        (middle - grey.mean((1, 2, 3))).abs(),
        ((grey - blurred).abs() < _FLAT).float().mean((1, 2, 3)),
    ]
    return torch.stack(edges + order, dim=1)


def _edges(grey: Tensor) -> list[Tensor]:
    """Five numbers (n,) about the differences between neighbouring pixels of (n, s, s)."""
    across = grey[:, 1:, 1:] - grey[:, 1:, :-1]
    down = grey[:, 1:, 1:] - grey[:, :-1, 1:]
    energy_across, energy_down = across.square().mean((1, 2)), down.square().mean((1, 2))
    energy = (energy_across + energy_down + _FAINT**2).log()
    length, direction = torch.hypot(across, down) + 1e-6, torch.atan2(down, across)
    turns = [(length * torch.cos(n * direction)).sum((1, 2)) / length.sum((1, 2)) for n in (2, 4)]
    fourth = ((across**4 + down**4).mean((1, 2)) + _FAINT**4).log()
    return [energy, ((energy_across + _FAINT**2) / (energy_down + _FAINT**2)).log(), *turns, fourth - 2 * energy]

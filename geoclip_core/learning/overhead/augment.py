"""Augmentation of views from above: other colours, haze, clouds, snow, blur, noise, compression.

One raster shows the Earth as one camera saw it in one season. With these changes a network trained on it works on
pictures of other cameras and seasons too; every strength is drawn per view, and a share of the views is not changed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

_GREY = (0.299, 0.587, 0.114)  # luma of ITU-R BT.601, as in JPEG
_BLOCK = 8  # side of JPEG's blocks


@dataclass(frozen=True)
class ViewAugmentation:
    """Strengths of the changes; all zero leaves views as they are.

    Attributes:
        untouched: Share of views that are not changed.
        sea: Share of views whose sea is painted over in one flat colour, as on drawn maps and radar pictures.
        snow: Share of views with snow on some of their land.
        mixing: Spread of the random 3 x 3 matrix added to the identity on the colour channels; half as much is
            added to each channel.
        grey: Share of views without colour.
        contrast: Largest change of contrast, as a power of e.
        gamma: Largest change of gamma, as a power of e.
        tint: Spread of the smooth, slow change of colour across a view (season, light), as a power of e.
        haze: Largest share of light that comes from the air.
        clouds: Share of views with clouds.
        blur: Share of views that are blurred.
        noise: Largest spread of the noise of the sensor.
        compression: Share of views that lose detail in blocks of 8 x 8 pixels, as JPEG does.
    """

    untouched: float = 0.25
    sea: float = 0.4
    snow: float = 0.12
    mixing: float = 0.1
    grey: float = 0.06
    contrast: float = 0.3
    gamma: float = 0.35
    tint: float = 0.15
    haze: float = 0.35
    clouds: float = 0.15
    blur: float = 0.3
    noise: float = 0.05
    compression: float = 0.15


def augment_views(views: Tensor, settings: ViewAugmentation, generator: torch.Generator) -> Tensor:
    """Randomly changed views, as other cameras might have taken them.

    Args:
        views: (n, 4, s, s) in [0, 1]: red, green, blue, share of land.
        settings: Strengths.
        generator: Of random numbers, on the CPU.

    Returns:
        (n, 3, s, s) float32 in [0, 1].
    """
    n = len(views)

    def uniform(low: float = 0.0, high: float = 1.0) -> Tensor:
        return torch.rand(n, 1, 1, 1, generator=generator) * (high - low) + low

    def some(share: float) -> Tensor:
        return (uniform() < share).float()

    rgb, land = views[:, :3], views[:, 3:]
    out = rgb + some(settings.sea) * (1 - land) * (_sea_colours(n, generator) - rgb)
    cover = torch.sigmoid(6 * (_clouds(n, 1, out.shape[-1], 4, generator) - uniform(-1.5, 1.0))) * land
    out = out + some(settings.snow) * cover * uniform(0.6, 1.0) * (uniform(0.75, 1.0) - out)
    out = _recolour(out, settings, generator)
    out = out * torch.exp(settings.tint * _clouds(n, 3, out.shape[-1], 3, generator))
    out = out.clamp(1e-4, 1) ** torch.exp(uniform(-settings.gamma, settings.gamma))
    middle = out.mean((2, 3), keepdim=True)
    out = middle + (out - middle) * torch.exp(uniform(-settings.contrast, settings.contrast))
    cover = torch.sigmoid(8 * (_clouds(n, 1, out.shape[-1], 7, generator) - uniform(0.6, 1.6)))
    out = out + some(settings.clouds) * cover * (uniform(0.8, 1.0) - out)
    air = torch.tensor([0.75, 0.82, 0.9])[None, :, None, None] * uniform(0.5, 1.1)
    out = out + uniform(0, settings.haze) * uniform() * (air - out)
    rows, strength = some(settings.blur).flatten().nonzero()[:, 0], uniform(0.5, 1.0)
    out[rows] = torch.lerp(out[rows], _blurred(out[rows]), strength[rows])
    rows, step = some(settings.compression).flatten().nonzero()[:, 0], uniform(0.02, 0.12)
    out[rows] = _compressed(out[rows], step[rows])
    out = out + torch.randn(out.shape, generator=generator) * (uniform(0, settings.noise) * uniform())
    return torch.lerp(out, rgb, some(settings.untouched)).clamp(0, 1)


def _sea_colours(n: int, generator: torch.Generator) -> Tensor:
    """(n, 3, 1, 1): mostly blues from black to pale, now and then any colour at all."""
    depth = torch.rand(n, 1, generator=generator)
    blue = torch.cat((0.3 * depth, 0.55 * depth, 0.1 + 0.7 * depth), 1)
    anything = torch.rand(n, 3, generator=generator)
    odd = (torch.rand(n, 1, generator=generator) < 0.15).float()
    jitter = 0.1 * torch.randn(n, 3, generator=generator)
    return torch.lerp(blue + jitter, anything, odd).clamp(0, 1)[:, :, None, None]


def _recolour(rgb: Tensor, settings: ViewAugmentation, generator: torch.Generator) -> Tensor:
    n = len(rgb)
    matrix = torch.eye(3) + settings.mixing * torch.randn(n, 3, 3, generator=generator)
    grey = torch.tensor(_GREY).expand(3, 3)
    plain = (torch.rand(n, 1, 1, generator=generator) < settings.grey).float()
    matrix = torch.lerp(matrix, grey.expand(n, 3, 3), plain)
    return torch.baddbmm(
        settings.mixing / 2 * torch.randn(n, 3, 1, generator=generator).expand(n, 3, rgb[0, 0].numel()),
        matrix,
        rgb.flatten(2),
    ).reshape(rgb.shape)


def _clouds(n: int, channels: int, size: int, cells: int, generator: torch.Generator) -> Tensor:
    """Smooth noise of unit spread at its nodes, ``cells`` nodes across."""
    nodes = torch.randn(n, channels, cells, cells, generator=generator)
    return F.interpolate(nodes, size=(size, size), mode="bilinear", align_corners=True)


def _blurred(rgb: Tensor) -> Tensor:
    return F.avg_pool2d(F.pad(rgb, (1, 1, 1, 1), mode="replicate"), 3, stride=1)


def _compressed(rgb: Tensor, step: Tensor) -> Tensor:
    """Rounded coefficients of the cosine transform of 8 x 8 blocks (ITU-T T.81), the finer the coarser."""
    n, channels, size, _ = rgb.shape
    if size % _BLOCK:
        return rgb
    k = torch.arange(_BLOCK, dtype=rgb.dtype)
    basis = torch.cos(math.pi * (2 * k[None] + 1) * k[:, None] / (2 * _BLOCK)) * math.sqrt(2 / _BLOCK)
    basis[0] /= math.sqrt(2)
    blocks = rgb.reshape(n, channels, size // _BLOCK, _BLOCK, size // _BLOCK, _BLOCK).transpose(3, 4)
    steps = step[..., None, None] * (1 + k[:, None] + k[None])
    coefficients = basis @ blocks @ basis.T
    rounded = torch.round(coefficients / steps) * steps
    return (basis.T @ rounded @ basis).transpose(3, 4).reshape(rgb.shape)

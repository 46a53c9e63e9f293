"""Points on the sphere as tensors, in float64: distances of metres are lost in float32."""

from __future__ import annotations

import torch
from torch import Tensor


def float64(latlon: Tensor) -> Tensor:
    """The coordinates in float64 on their device, or on the CPU where the device (Apple's) has no float64."""
    return (latlon.cpu() if latlon.device.type == "mps" else latlon).double()


def unit_points(latlon: Tensor) -> Tensor:
    """Unit vectors (n, 3), float64, of points (n, 2) in degrees."""
    lat, lon = torch.deg2rad(float64(latlon)).unbind(1)
    return torch.stack((lat.cos() * lon.cos(), lat.cos() * lon.sin(), lat.sin()), dim=1)

"""Gaussian noise on coordinates, in metres on the ground wherever on Earth."""

from __future__ import annotations

import torch
from torch import Tensor

from geoclip_core.earth.distance import EARTH_RADIUS_KM
from geoclip_core.learning.objective.sphere import float64


def gps_noise(latlon: Tensor, spread_m: float, generator: torch.Generator) -> Tensor:
    """Move each point by a Gaussian step on its tangent plane, wrapped onto the sphere.

    East and north are drawn independently with the same spread in metres, so that the noise is a round cloud at
    any latitude, at the poles and across the antimeridian. Degrees would make it a needle at 85 degrees.

    Args:
        latlon: (n, 2) degrees, latitude first.
        spread_m: Standard deviation along each of the two axes, metres; 0 changes nothing.
        generator: Source of the draws, on the CPU.

    Returns:
        (n, 2) of the dtype and on the device of ``latlon``; longitude in [-180, 180).
    """
    if spread_m == 0 or not len(latlon):
        return latlon
    exact = float64(latlon)
    draws = torch.randn(len(latlon), 2, generator=generator, dtype=torch.float64).to(exact.device)
    east, north = (draws * (spread_m / 1000 / EARTH_RADIUS_KM)).unbind(1)
    lat, lon = torch.deg2rad(exact).unbind(1)
    angle = torch.hypot(east, north)
    # sin(angle) / angle times the step: its component along each axis after the walk (the exponential map).
    shrink = torch.sinc(angle / torch.pi)
    east, north, ahead = shrink * east, shrink * north, torch.cos(angle)
    up = torch.sin(lat) * ahead + torch.cos(lat) * north
    outward = torch.cos(lat) * ahead - torch.sin(lat) * north
    moved_lat = torch.atan2(up, torch.hypot(outward, east))
    moved_lon = torch.rad2deg(lon + torch.atan2(east, outward))
    wrapped = torch.remainder(moved_lon + 180, 360) - 180
    moved = torch.stack((torch.rad2deg(moved_lat), wrapped), dim=1).to(latlon)
    moved[:, 1].masked_fill_(moved[:, 1] >= 180, -180)  # rounding to float32 may reach 180 itself
    return moved

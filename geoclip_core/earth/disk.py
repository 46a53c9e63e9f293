"""A disk on the sphere that stands for a place: a name, a centre, a radius and a weight."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Disk:
    """A round area that a piece of evidence points at.

    Attributes:
        name: What it is called; "" where it has no name.
        latlon: Its centre, degrees, latitude first.
        radius_km: Its radius.
        weight: Share of the evidence that means it, 0 to 1.
    """

    name: str
    latlon: tuple[float, float]
    radius_km: float
    weight: float = 1.0

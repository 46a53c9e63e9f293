"""The heat picture: a field of probability as an image that lies on a web map."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from geoclip_core.maps.palette import levels, png, ramp

if TYPE_CHECKING:
    from geoclip_core.locate.field import Field

DECADES = 3.0
"""Powers of ten from the faintest colour to the strongest."""

GLOW_PX = 7
"""Radius at which a point of the largest probability fades out; a single pixel of a world map is too small to see."""


@dataclass(frozen=True)
class HeatPicture:
    """An image and where it lies.

    Attributes:
        url: The PNG as a data URL.
        corners: ((south, west), (north, east)) in degrees; east is above 180 across the antimeridian.
        share: Probability of the whole answer that lies in it.
    """

    url: str
    corners: tuple[tuple[float, float], tuple[float, float]]
    share: float


def heat_picture(field: Field, dark: bool = False) -> HeatPicture:
    """Draw a field for a web map, which stretches images linearly in Web Mercator.

    A colour stands for probability per square kilometre on a logarithmic scale, ``DECADES`` long, that ends at
    the densest pixel; :func:`geoclip_core.maps.colour_bar.colour_bar` says which one.

    A field summed from points gets a soft edge around each of them. The edge is added on the logarithmic
    scale and only ever lifts the fainter neighbours, so the strongest pixel stays where and as it is.

    Args:
        field: A field over a mercator window, such as ``locator.field(query, None, (1024, 1024), "mercator")``.
        dark: Whether the map under it is dark.

    Raises:
        ValueError: The window has another projection.
    """
    if field.window.projection != "mercator":
        raise ValueError(f"A web map needs a mercator field, got {field.window.projection}")
    level = levels(field.density_per_km2, DECADES)
    if field.method == "summed":
        level = glow(level, GLOW_PX)
    south, west, north, east = field.window.bounds
    data = base64.b64encode(png(level, ramp(dark))).decode("ascii")
    corners = ((south, west), (north, east if east > west else east + 360.0))
    return HeatPicture(f"data:image/png;base64,{data}", corners, field.share)


def glow(level: npt.NDArray[np.uint8], radius_px: int) -> npt.NDArray[np.uint8]:
    """Widen every pixel to a paraboloid: a grey dilation with the structuring function ``-(d / radius)^2``.

    Args:
        level: (h, w) uint8, 0 to 255.
        radius_px: Distance at which a pixel of level 255 has faded to 0.

    Returns:
        (h, w) uint8, nowhere below ``level``, with the same largest value at the same pixel.
    """
    wide = np.array(level)
    for axis in (0, 1):  # a paraboloid is the sum of two parabolas, so the dilation separates
        lines = np.ascontiguousarray(wide.T if axis else wide)
        source = lines.copy()
        for step in range(1, min(radius_px, len(lines) - 1) + 1):
            fade = np.uint8(round(255 * (step / radius_px) ** 2))
            faded = np.maximum(source, fade) - fade
            np.maximum(lines[step:], faded[:-step], out=lines[step:])
            np.maximum(lines[:-step], faded[step:], out=lines[:-step])
        wide = lines.T if axis else lines
    return wide

"""Credible regions: the smallest part of a window that holds half, or nine tenths, of its probability."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from geoclip_core.earth.outline import boxes_of, corners_of, outline
from geoclip_core.errors import QueryError
from geoclip_core.locate.field import Field

Floats = npt.NDArray[np.float64]

LEVELS = (0.5, 0.9)
MOST_POINTS = 2500
"""Points of one outline: 50 kB of GeoJSON at most."""

FEW_PIXELS = 10.0
"""A part of a region smaller than this many pixels is as large as its pixels, not as the probability in it."""

_FAINT = 1e-4  # pixels of a smaller share of the largest density are looked at only where they are needed
_SLIVER = 1e-3  # a smaller share of a pixel is not drawn


@dataclass(frozen=True, eq=False)
class CredibleRegion:
    """The smallest part of a field that holds a given probability: its densest pixels.

    The last pixel is taken in part, as large a part of its area as of its mass is needed, and drawn as a
    smaller one around the same centre.

    Attributes:
        level: Probability that was asked for, of what lies in the field's window.
        mass: Probability that it holds; ``level`` up to rounding.
        area_km2: Its area on the sphere, from the areas of the pixels.
        geometry: Shapely MultiPolygon in degrees, longitude first, cut at the antimeridian.
        upper_bound: Whether the pixels are too coarse to say how small it really is: its parts have fewer than
            ``FEW_PIXELS`` on average, or they are so many that neighbouring pixels were pooled to draw them.
    """

    level: float
    mass: float
    area_km2: float
    geometry: Any
    upper_bound: bool


def credible_regions(field: Field, levels: Sequence[float] = LEVELS) -> tuple[CredibleRegion, ...]:
    """Highest-density regions of a field (Hyndman 1996, Computing and graphing highest density regions).

    A field over the world knows nothing finer than its pixels: for an answer that is nearly a point, ask
    a field over ``close_window(answer.posterior)`` instead.

    Args:
        field: Probability over a window.
        levels: Each above 0 and at most 1.

    Returns:
        One region per level, in the given order; a region lies in those of higher levels, unless one of
        them had to be pooled.

    Raises:
        QueryError: A level out of range, or a field that holds nothing.
    """
    if not all(0 < level <= 1 for level in levels):
        raise QueryError(f"The levels are {tuple(levels)}", allowed="each above 0 and at most 1")
    if not field.mass.sum() > 0:
        raise QueryError("The field holds no probability", hint="choose a window around a candidate")
    return tuple(_region(field, float(level)) for level in levels)


def _region(field: Field, level: float) -> CredibleRegion:
    blocks, areas, block = field.mass / field.mass.sum(), field.window.pixel_area_km2(), 1
    while True:
        chosen, last, part = _densest(blocks, areas, level)
        if corners_of(chosen) <= MOST_POINTS:
            break
        blocks, areas, block = _pooled(blocks), _pooled(areas), 2 * block
    whole, share = chosen.ravel().copy(), part
    whole[last] = False
    held = float(blocks.ravel()[whole].sum() + share * blocks.ravel()[last])
    area_km2 = float(areas.ravel()[whole].sum() + share * areas.ravel()[last])
    boxes = boxes_of(whole.reshape(chosen.shape), block)
    if share > _SLIVER:
        row, column = np.unravel_index(last, chosen.shape)
        boxes = np.append(boxes, _middle(int(row), int(column), share, block, field.window.size))
    geometry = outline(field.window, boxes)
    cells = float(whole.sum() + share)
    return CredibleRegion(level, held, area_km2, geometry, block > 1 or cells < FEW_PIXELS * len(geometry.geoms))


def _densest(mass: Floats, area: Floats, level: float) -> tuple[npt.NDArray[np.bool_], int, float]:
    """The densest cells that hold a level, the flat index of the last of them, and the share of it needed."""
    density = (mass / area).ravel()
    some = np.flatnonzero(density > _FAINT * density.max())  # fewer to sort
    if mass.ravel()[some].sum() < level + _FAINT:
        some = np.flatnonzero(mass)
    order = some[np.argsort(-density[some], kind="stable")]
    held = np.cumsum(mass.ravel()[order])
    n = min(int(np.searchsorted(held, level * (1 - 1e-12))), len(order) - 1)
    chosen = np.zeros(mass.size, bool)
    chosen[order[: n + 1]] = True
    last = int(order[n])
    part = (level - (held[n] - mass.ravel()[last])) / mass.ravel()[last]
    return chosen.reshape(mass.shape), last, float(np.clip(part, 0.0, 1.0))


def _pooled(values: Floats) -> Floats:
    """Sums over blocks of two by two; those at the right and lower edge may be smaller."""
    even = np.pad(values, [(0, n % 2) for n in values.shape])
    return np.asarray(even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2])


def _middle(row: int, column: int, share: float, block: int, size: tuple[int, int]) -> Any:
    """The middle of a cell, with a share of its area."""
    top, left = row * block, column * block
    bottom, right = min(top + block, size[0]), min(left + block, size[1])
    y, x, side = (top + bottom) / 2, (left + right) / 2, share**0.5 / 2
    wide, tall = side * (right - left), side * (bottom - top)
    return shapely.box(x - wide, y - tall, x + wide, y + tall)

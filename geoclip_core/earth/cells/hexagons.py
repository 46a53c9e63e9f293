"""H3 cells: nearly equal hexagons over the whole Earth, named by 64-bit integers.

Public: :func:`cells_of`, :func:`cell_centres` and :func:`cell_areas_km2`, which together turn points into classes, and
classes back into points and densities, for models that classify cells.
"""

from __future__ import annotations

import h3.api.basic_int as h3
import numpy as np
import numpy.typing as npt

from geoclip_core.earth.coordinates import Floats, check_latlon
from geoclip_core.errors import CoordinateError

Cells = npt.NDArray[np.uint64]

FINEST = 15  # H3 has the resolutions 0 (edges of 1282 km) to 15 (edges of 0.6 m)


def cells_of(latlon: npt.ArrayLike, resolution: int) -> Cells:
    """The cell that holds each point.

    Args:
        latlon: Shape (..., 2), degrees.
        resolution: 0 to 15.

    Returns:
        uint64 of shape (...).

    Raises:
        CoordinateError: Not points on Earth, or no such resolution.
    """
    points = check_latlon(latlon)
    if not 0 <= resolution <= FINEST:
        raise CoordinateError(f"The H3 resolution is {resolution}", allowed=f"0 to {FINEST}")
    flat = points.reshape(-1, 2).tolist()
    found = (h3.latlng_to_cell(lat, lon, resolution) for lat, lon in flat)
    return np.fromiter(found, dtype=np.uint64, count=len(flat)).reshape(points.shape[:-1])


def cell_centres(cells: npt.ArrayLike) -> Floats:
    """Centres of cells of shape (...): float64 latlon of shape (..., 2)."""
    flat, shape = _checked(cells)
    centres = np.array([h3.cell_to_latlng(cell) for cell in flat], dtype=np.float64).reshape(*shape, 2)
    return check_latlon(centres, name="centres")


def cell_areas_km2(cells: npt.ArrayLike) -> Floats:
    """Areas on the sphere of cells of shape (...): float64 of the same shape, km2."""
    flat, shape = _checked(cells)
    found = (h3.cell_area(cell, "km^2") for cell in flat)
    return np.fromiter(found, dtype=np.float64, count=len(flat)).reshape(shape)


def _checked(cells: npt.ArrayLike) -> tuple[list[int], tuple[int, ...]]:
    """Cells as Python integers, and their shape."""
    given = np.asarray(cells)
    if given.size and given.dtype.kind not in "iu":
        raise CoordinateError(f"Cells have dtype {given.dtype}", allowed="whole numbers, as cells_of returns")
    flat: list[int] = given.astype(np.uint64).reshape(-1).tolist()
    bad = next((cell for cell in flat if not h3.is_valid_cell(cell)), None)
    if bad is not None:
        raise CoordinateError(f"{bad} is not an H3 cell", hint="use numbers that cells_of returned")
    return flat, given.shape

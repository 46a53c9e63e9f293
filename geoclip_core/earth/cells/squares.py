"""Squares in squares: the six faces of a cube blown up to a sphere, each cell divided into four, up to 30 times.

The cells are those of Google's S2 library (its quadratic projection), so that partitions of the literature, which are
made of them, can be compared with ours. A cell is named by a number of our own, not by S2's: a leading 1, three bits
for the face, then row and column at the cell's level. So the parent of a cell is found by shifting, and numbers of
different levels never meet. No two cells of one level overlap, and the four children tile their parent exactly.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geoclip_core.earth.coordinates import Floats, unit_vectors
from geoclip_core.errors import CoordinateError

Codes = npt.NDArray[np.uint64]

FINEST = 30  # S2's leaves, about 1 cm wide
_SIDE = 1 << FINEST


def leaf_squares(latlon: npt.ArrayLike) -> Codes:
    """The smallest square that holds each point.

    Args:
        latlon: (n, 2) degrees.

    Returns:
        (n,) codes of level ``FINEST``; see :func:`ancestors` for larger squares.

    Raises:
        CoordinateError: Not points on Earth.
    """
    p = unit_vectors(latlon)
    axis = np.abs(p).argmax(axis=1)
    along = np.take_along_axis(p, axis[:, None], axis=1)[:, 0]
    face = axis + 3 * (along < 0)
    x, y, z = p.T
    # The two coordinates of each face's plane, divided by the coordinate along its axis.
    planes = ((y, z), (-x, z), (-x, -y), (z, y), (z, -x), (-y, -x))
    u = np.choose(face, [plane[0] for plane in planes]) / along
    v = np.choose(face, [plane[1] for plane in planes]) / along
    return _encode(face, _steps(u), _steps(v), FINEST)


def ancestors(codes: npt.ArrayLike, level: int) -> Codes:
    """The squares of a level that hold given squares of one finer or equal level.

    Args:
        codes: (n,), all of one level.
        level: 0 (faces of the cube) to the level of the codes.

    Raises:
        CoordinateError: There is no such level above the codes.
    """
    given = np.asarray(codes, dtype=np.uint64)
    if not len(given):
        return given
    face, row, column, levels = _decode(given)
    have = int(levels[0])
    if not 0 <= level <= have:
        raise CoordinateError(f"Squares of level {have} have no ancestor of level {level}", allowed=f"0 to {have}")
    return _encode(face, row >> (have - level), column >> (have - level), level)


def square_levels(codes: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Level of each square, (n,), 0 for a whole face of the cube."""
    return _decode(np.asarray(codes, dtype=np.uint64))[3]


def square_areas_sr(codes: npt.ArrayLike) -> Floats:
    """Area of each square on the unit sphere, (n,) steradian; all of one level add up to 4 pi.

    The edges are great circles, so that the area is exact: the solid angle of a rectangle in the face's plane.
    """
    _, row, column, levels = _decode(np.asarray(codes, dtype=np.uint64))
    size = np.exp2(-levels.astype(np.float64))
    u = [_plane(np.asarray((row + more) * size, np.float64)) for more in (0, 1)]
    v = [_plane(np.asarray((column + more) * size, np.float64)) for more in (0, 1)]
    # tan(a - b) = (tan a - tan b) / (1 + tan a tan b), twice: the plain difference of angles loses small squares.
    return np.asarray(_angle(u[1], v[0], v[1]) - _angle(u[0], v[0], v[1]))


def _angle(u: Floats, v0: Floats, v1: Floats) -> Floats:
    """Solid angle between the face's middle line and ``u``, from ``v0`` to ``v1``."""
    a, b = u * v1 / np.sqrt(1 + u * u + v1 * v1), u * v0 / np.sqrt(1 + u * u + v0 * v0)
    return np.asarray(np.arctan2(a - b, 1 + a * b))


def _steps(u: Floats) -> npt.NDArray[np.int64]:
    """Row or column of a leaf from a plane coordinate in [-1, 1]: S2's quadratic projection."""
    s = np.where(u >= 0, 0.5 * np.sqrt(1 + 3 * np.abs(u)), 1 - 0.5 * np.sqrt(1 + 3 * np.abs(u)))
    return np.asarray(np.clip((s * _SIDE).astype(np.int64), 0, _SIDE - 1), np.int64)


def _plane(s: Floats) -> Floats:
    """The inverse of the quadratic projection: from [0, 1] to the plane coordinate in [-1, 1]."""
    return np.where(s >= 0.5, (4 * s * s - 1) / 3, (1 - 4 * (1 - s) ** 2) / 3)


def _encode(
    face: npt.NDArray[np.int64], row: npt.NDArray[np.int64], column: npt.NDArray[np.int64], level: int
) -> Codes:
    prefix = (np.uint64(8) + face.astype(np.uint64)) << np.uint64(2 * level)
    return np.asarray(prefix | (row.astype(np.uint64) << np.uint64(level)) | column.astype(np.uint64))


def _decode(codes: Codes) -> tuple[npt.NDArray[np.int64], ...]:
    """Face, row, column and level of each code."""
    levels = np.zeros(len(codes), dtype=np.int64)
    for level in range(1, FINEST + 1):  # the leading 1 is bit 3 + 2 level
        levels += codes >= (np.uint64(8) << np.uint64(2 * level))
    shift = levels.astype(np.uint64)
    mask = (np.uint64(1) << shift) - np.uint64(1)
    face = (codes >> (np.uint64(2) * shift)) & np.uint64(7)
    row, column = (codes >> shift) & mask, codes & mask
    return face.astype(np.int64), row.astype(np.int64), column.astype(np.int64), levels

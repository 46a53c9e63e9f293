"""Adaptive partitions: small cells where many photos were taken, large ones where few were.

The division that PlaNet began (Weyand, Kostrikov, Philbin; ECCV 2016), as the code of the individual scene networks
makes it (Mueller-Budack, Pustu-Iren, Ewerth; ECCV 2018): squares are divided into four while they hold more than
``most`` points, and those with ``least`` points or fewer are dropped.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geoclip_core.earth.cells.squares import (
    FINEST,
    Codes,
    ancestors,
    leaf_squares,
    square_areas_sr,
    square_levels,
)
from geoclip_core.earth.coordinates import Floats, from_unit_vectors, unit_vectors
from geoclip_core.errors import CoordinateError

Indices = npt.NDArray[np.int64]

START_LEVEL = 2  # 96 squares of the whole Earth; create_cells.py of the individual scene networks
PAPER_LEAST, PAPER_MOST = 50, (5000, 2000, 1000)  # of MP-16 (4.72 million photos): 3,298, 7,202 and 12,893 cells


@dataclass(frozen=True)
class Partition:
    """Squares of different sizes that do not overlap; they need not cover the Earth.

    Attributes:
        codes: (k,) squares, ascending.
        counts: (k,) points that each held when it was made.
    """

    codes: Codes
    counts: Indices

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def areas_sr(self) -> Floats:
        """(k,) steradian."""
        return square_areas_sr(self.codes)

    @property
    def levels(self) -> Indices:
        """(k,) how often the face of the cube was divided."""
        return square_levels(self.codes)

    def locate(self, latlon: npt.ArrayLike) -> Indices:
        """The cell that holds each point.

        Args:
            latlon: (n, 2) degrees.

        Returns:
            (n,) numbers in [0, k), -1 where the point lies in no cell.

        Raises:
            CoordinateError: Not points on Earth.
        """
        return self._find(leaf_squares(latlon))

    def parents_in(self, coarser: Partition) -> Indices:
        """The cell of a coarser partition that holds each cell of this one; -1 where none does."""
        found = np.full(len(self), -1, dtype=np.int64)
        levels = self.levels
        for level in np.unique(levels).tolist():
            rows = np.flatnonzero(levels == level)
            found[rows] = coarser._find(self.codes[rows])
        return found

    def centroids(self, latlon: npt.ArrayLike) -> Floats:
        """Mean of the points in each cell.

        Unit vectors are averaged, so that the antimeridian and the poles are places like any other (the papers average
        degrees).

        Args:
            latlon: (n, 2) degrees, such as those the partition was made from.

        Returns:
            (k, 2) degrees; the Earth's point (0, 0) for a cell without points.
        """
        cell = self.locate(latlon)
        sums = np.zeros((len(self), 3))
        np.add.at(sums, cell[cell >= 0], unit_vectors(latlon)[cell >= 0])
        sums[~sums.any(axis=1), 0] = 1.0
        return from_unit_vectors(sums)

    def _find(self, codes: Codes) -> Indices:
        """Numbers of the cells that hold squares of one level."""
        found = np.full(len(codes), -1, dtype=np.int64)
        finest = int(square_levels(codes[:1])[0]) if len(codes) else -1
        for level in np.unique(self.levels).tolist():
            if level <= finest:
                above = ancestors(codes, level)
                at = np.minimum(np.searchsorted(self.codes, above), len(self) - 1)
                found = np.where(self.codes[at] == above, at, found)
        return found


def adaptive_partition(
    latlon: npt.ArrayLike, most: int, least: int = 0, *, start_level: int = START_LEVEL
) -> Partition:
    """Divide the Earth by where points lie.

    Args:
        latlon: (n, 2) degrees, at least one row.
        most: Points that a cell may hold, 1 or more, unless it is a leaf 1 cm wide.
        least: Cells with so many points or fewer are dropped, and so are their points; 0 drops empty cells only. The
            papers' 50 and 5000, 2000 or 1000 suit MP-16: take ``most`` in proportion to the number of points.
        start_level: Level of the largest cells.

    Returns:
        The cells, each with ``least < count <= most``.

    Raises:
        CoordinateError: Not points on Earth, limits that leave no cell, or a level out of range.
    """
    if most < 1 or not 0 <= least < most:
        raise CoordinateError(
            f"A cell may hold {least} to {most} points", allowed="0 <= least < most, and most above 0"
        )
    if not 0 <= start_level <= FINEST:
        raise CoordinateError(f"The cells start at level {start_level}", allowed=f"0 to {FINEST}")
    leaves = leaf_squares(latlon)
    codes, counts = [], []
    for level in range(start_level, FINEST + 1):
        if not len(leaves):
            break
        squares, inverse, held = np.unique(ancestors(leaves, level), return_inverse=True, return_counts=True)
        kept = (held > least) & ((held <= most) | (level == FINEST))
        codes.append(squares[kept])
        counts.append(held[kept])
        leaves = leaves[(held > most)[inverse]]
    every = np.concatenate(codes) if codes else np.empty(0, np.uint64)
    if not len(every):
        raise CoordinateError(
            f"No cell of the {len(np.asarray(latlon))} points holds more than {least}", hint="lower it"
        )
    order = np.argsort(every)
    return Partition(every[order], np.concatenate(counts)[order].astype(np.int64))

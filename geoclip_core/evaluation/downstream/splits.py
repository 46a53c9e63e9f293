"""Which points are kept for testing: at random, by whole blocks of the Earth, or by whole groups."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geoclip_core.earth.coordinates import check_latlon
from geoclip_core.errors import DataError

Rows = npt.NDArray[np.int64]

BLOCK_DEG = 10.0
"""Side of a spatial block at the equator; elsewhere blocks span more degrees, so that all are alike in size."""

SPOT_DEG = 0.01
"""Photos within one such square are taken to be by one person at one visit, and stay on one side of a split."""


def spatial_blocks(latlon: npt.ArrayLike, side_deg: float = BLOCK_DEG) -> Rows:
    """Number of the block of each point: bands of latitude, cut into blocks about as wide as high.

    Args:
        latlon: (n, 2) degrees.
        side_deg: Height of a band, degrees.

    Returns:
        (n,) int64; points of one block have one number.
    """
    points = check_latlon(latlon)
    bands = int(np.ceil(180.0 / side_deg))
    band = np.clip(((points[:, 0] + 90.0) // side_deg).astype(np.int64), 0, bands - 1)
    middle = np.radians((np.arange(bands) + 0.5) * side_deg - 90.0)
    across = np.maximum(1, np.round(360.0 / side_deg * np.cos(np.clip(middle, -np.pi / 2, np.pi / 2)))).astype(np.int64)
    column = np.minimum(((points[:, 1] + 180.0) / 360.0 * across[band]).astype(np.int64), across[band] - 1)
    return np.asarray(np.r_[0, np.cumsum(across)[:-1]][band] + column)


def spots(latlon: npt.ArrayLike, side_deg: float = SPOT_DEG) -> Rows:
    """Number of the small square of degrees that each point (n, 2) lies in, as (n,) int64."""
    cells = np.floor(check_latlon(latlon) / side_deg).astype(np.int64)
    return np.unique(cells, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)


def split_groups(groups: npt.ArrayLike, test_share: float, seed: int) -> tuple[Rows, Rows]:
    """Rows to learn from and rows to test on; a group is on one side only.

    Args:
        groups: (n,) whole numbers; ``np.arange(n)`` splits row by row.
        test_share: Wanted share of the rows to test on, in (0, 1).
        seed: Of the order of the groups.

    Returns:
        (rows to learn from, rows to test on), each sorted.

    Raises:
        DataError: One side would be empty.
    """
    names, number, counts = np.unique(np.asarray(groups), return_inverse=True, return_counts=True)
    order = np.random.default_rng(seed).permutation(len(names))
    before = np.cumsum(counts[order]) - counts[order]
    tested = np.zeros(len(names), dtype=bool)
    tested[order[before < test_share * counts.sum()]] = True
    inside = tested[number.reshape(-1)]
    train, test = np.flatnonzero(~inside), np.flatnonzero(inside)
    if not len(train) or not len(test):
        raise DataError(
            f"{len(inside)} rows in {len(names)} groups cannot be split", allowed="at least two groups of moderate size"
        )
    return train, test

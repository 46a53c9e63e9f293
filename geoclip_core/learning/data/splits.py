"""Splitting rows into training and validation, and taking a fraction of them."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from geoclip_core.earth.cells import cells_of
from geoclip_core.errors import DataError
from geoclip_core.learning.data.dataset import Rows

REGION_RESOLUTION = 2  # H3 cells of about 86,800 km2, 160 km from centre to corner: a small country


def take_fraction(rows: Rows, fraction: float, seed: int) -> Rows:
    """A random part of the rows, in their order; with the same seed a smaller part lies in every larger one.

    Args:
        rows: (n,).
        fraction: Above 0, at most 1.
        seed: Of the choice.

    Raises:
        DataError: The fraction is out of range or leaves no row.
    """
    if not 0 < fraction <= 1:
        raise DataError(f"The fraction of the data is {fraction}", allowed="above 0 and at most 1, such as 0.2")
    count = round(len(rows) * fraction)
    if not count:
        raise DataError(f"A fraction of {fraction} of {len(rows)} rows leaves none", hint="take a larger one")
    return np.sort(np.random.default_rng(seed).permutation(rows)[:count]).astype(np.int64)


def split_rows(
    latlon: npt.NDArray[np.float32],
    owners: npt.NDArray[np.int64] | None,
    share: float,
    by: Literal["photo", "photographer", "region"],
    seed: int,
) -> npt.NDArray[np.bool_]:
    """Hold out about a share of the rows; rows that belong together are never separated.

    Args:
        latlon: (n, 2) degrees.
        owners: (n,) who took each photo; needed by ``photographer``.
        share: Between 0 and 1.
        by: What must not be on both sides: photos of one place at one time are nearly the same photo, and a
            split by photo alone measures memory.
        seed: Of the choice.

    Returns:
        (n,), True where held out.

    Raises:
        DataError: The share is out of range, owners are needed and unknown, or one side would be empty.
    """
    if not 0 < share < 1:
        raise DataError(f"The share held out (data.validation) is {share}", allowed="between 0 and 1, such as 0.05")
    if by == "photo":
        groups = np.arange(len(latlon))
    elif by == "region":
        groups = np.unique(cells_of(latlon, REGION_RESOLUTION), return_inverse=True)[1]
    elif owners is None:
        raise DataError(
            "A split by photographer needs to know who took each photo, and this data does not say",
            hint="name the column (columns.owner), or split by region",
        )
    else:
        groups = np.unique(owners, return_inverse=True)[1]
    sizes = np.bincount(groups)
    left = share * len(latlon)
    held_out = np.zeros(len(sizes), dtype=bool)
    for group in np.random.default_rng(seed).permutation(len(sizes)).tolist():
        if left > 0 and sizes[group] / 2 <= left:  # one that is far too large stays in training
            held_out[group] = True
            left -= sizes[group]
    chosen: npt.NDArray[np.bool_] = held_out[groups]
    if not chosen.any() or chosen.all():
        raise DataError(
            f"A split of {len(latlon)} rows in {len(sizes)} groups by {by} leaves one side empty",
            hint="use more data, another share, or split by photo",
        )
    return chosen

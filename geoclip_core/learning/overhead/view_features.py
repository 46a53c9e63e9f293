"""Features of views from above by the shipped overhead model's tower, computed once."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from geoclip_core.errors import WeightsError
from geoclip_core.files import cached_arrays
from geoclip_core.learning.overhead.pairs import OverheadPairs
from geoclip_core.overhead.network import OverheadModel

PARTS = 16
"""Parts of a view, 4 x 4: the tower's features are 48 channels of each, one channel after the other."""

_AT_ONCE = 250


def view_features(pairs: OverheadPairs) -> npt.NDArray[np.float32]:
    """Features of each view as it is cut, without augmentation.

    The tower was trained on such views, everywhere on land: whoever compares methods by these features should say so.

    Args:
        pairs: The views.

    Returns:
        (n, 768) float32, kept in the cache folder.

    Raises:
        WeightsError: The shipped model is not there, or damaged.
    """

    def build() -> dict[str, npt.NDArray[Any]]:
        model = OverheadModel.shipped()
        if model is None:
            raise WeightsError("The overhead model is not in this installation", hint="install the package again")
        count = len(pairs.latlon)
        parts = np.array_split(np.arange(count), -(-count // _AT_ONCE))
        with torch.inference_mode():
            found = [model.image_tower(pairs.validation_batch(rows).inputs[:, 0]).numpy() for rows in parts]
        return {"features": np.concatenate(found)}

    return np.array(cached_arrays("view-features", pairs.digest, build)["features"])


def view_parts(features: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The same numbers as features of the parts of each view, (n, PARTS, 48), row by row of the picture."""
    return np.ascontiguousarray(features.reshape(len(features), -1, PARTS).transpose(0, 2, 1))

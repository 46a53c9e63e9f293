"""Pairs of photo and place: the batch, and the source that every data format implements."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from torch import Tensor

from geoclip_core.learning.data.table import Skipped
from geoclip_core.photo.preprocess import Preprocess

Rows = npt.NDArray[np.int64]


class Batch(NamedTuple):
    """Photos and their places.

    Attributes:
        inputs: (n, P, ...), P views of each photo: pixels (3, s, s) or features (width,), floating point.
        latlon: (n, 2) float32 degrees, latitude first.
        rows: (n,) int64, which rows of the source these are.
    """

    inputs: Tensor
    latlon: Tensor
    rows: Tensor


class PairSource(ABC):
    """Pairs that can be read in any order.

    A training batch is a function of its rows, the seed and the epoch, and of nothing else: that makes a resumed
    run exact, with any number of worker processes.

    Attributes:
        latlon: (n, 2) float32 degrees, the place of every row.
        owners: (n,) numbers that tell photographers apart, where known; for splits by photographer.
        block: Rows that lie together on the disk and are best read together; 0 where it does not matter.
        digest: Of the pairs and their settings, 16 hexadecimal digits; saved with every run.
        skipped: Rows that cannot be used, and why.
        report: CSV file that lists what is skipped, where the user asked for one.
        preprocess: Preprocessing of photos, where the inputs come from photos; part of an exported model.
        tower: Name and digest of the tower that made the features, where the inputs are features.
        width: Numbers of a feature, where the inputs are features.
        names: (n,) numbers that tell the names of the photos apart, where they have names.
    """

    latlon: npt.NDArray[np.float32]
    owners: npt.NDArray[np.int64] | None = None
    block: int = 0
    digest: str = ""
    skipped: tuple[Skipped, ...] = ()
    report: Path | None = None
    preprocess: Preprocess | None = None
    tower: str | None = None
    width: int | None = None
    names: npt.NDArray[np.uint64] | None = None

    def __len__(self) -> int:
        return len(self.latlon)

    @abstractmethod
    def training_batch(self, rows: Rows, seed: int, epoch: int) -> Batch:
        """Pairs to learn from, with random views; an unreadable row's place is taken by another of them."""

    @abstractmethod
    def validation_batch(self, rows: Rows) -> Batch:
        """Pairs to be measured on, one plain view each; a row that turns out unreadable is left out."""

    def identities(self, rows: Rows) -> npt.NDArray[np.uint64] | None:
        """Numbers that are the same for the same photo, to find duplicates; None where that cannot be told.

        Args:
            rows: (k,).

        Returns:
            (k,).
        """
        del rows
        return None

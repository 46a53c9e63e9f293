"""Training and validation batches from one source of pairs."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from lightning.pytorch import LightningDataModule
from torch.utils.data import DataLoader

from geoclip_core.earth.regions import parse_region
from geoclip_core.errors import DataError
from geoclip_core.files import digest
from geoclip_core.learning.data.dataset import Batch, PairSource, Rows
from geoclip_core.learning.data.order import Order, TrainingLoader, validation_loader
from geoclip_core.learning.data.splits import split_rows, take_fraction
from geoclip_core.learning.data.table import read_gallery
from geoclip_core.learning.limits import check_numbers


class GeoData(LightningDataModule):
    """Pairs, split into training and validation, and the gallery to validate against.

    Args:
        source: Where pairs come from.
        validation: Share of ``source`` kept for validation; or a source of its own.
        split_by: What is never on both sides of the split: a ``photo``, all photos of a ``photographer``, or all
            photos of a ``region`` (an H3 cell, see ``split_rows``).
        fraction: Share of the training rows to use (paper, section 4.2: 0.2, 0.1, 0.05); smaller ones are part
            of larger ones.
        region: Keep only what lies there, as ``parse_region`` reads it ("FR", "continent:EU", ...).
        gallery: A ``.csv`` (LAT,LON) or ``.npy`` of (g, 2) degrees; none takes the training places.
        gallery_size: A random part of the gallery at most so large.
        batch_size: Rows per process and step (agreed: 512; recalled: 256, 256, 128 for 20, 10, 5 % of the data).
        validation_batch_size: Rows per process in validation.
        workers: Processes that read ahead; cached features need none.
        seed: Of shuffle, split and fraction; None takes the run's ``seed_everything``.
        test: A source for the command ``test``, kept apart from training and validation.

    Raises:
        TrainingError: A number is out of range.
        DataError: Nothing is left to train or to validate on.
    """

    def __init__(
        self,
        source: PairSource,
        validation: PairSource | float = 0.05,
        split_by: Literal["photo", "photographer", "region"] = "photo",
        fraction: float = 1.0,
        region: str | None = None,
        gallery: str | None = None,
        gallery_size: int = 100_000,
        batch_size: int = 512,
        validation_batch_size: int = 512,
        workers: int = 0,
        seed: int | None = None,
        test: PairSource | None = None,
    ) -> None:
        super().__init__()
        check_numbers(
            "data",
            {
                "gallery_size": gallery_size,
                "batch_size": batch_size,
                "validation_batch_size": validation_batch_size,
                "workers": workers,
                "seed": seed,
            },
        )
        seed = seed or 0
        self.source, self.batch_size, self.workers, self.seed = source, batch_size, workers, seed
        self.validation_batch_size = validation_batch_size
        inside = np.ones(len(source), dtype=bool)
        if region is not None:
            inside = parse_region(region).contains(source.latlon)
        rows = np.flatnonzero(inside)
        if region is not None and not len(rows):
            raise DataError(
                f"None of the {len(source)} pairs lies in {region}{_swapped(source.latlon, region)}",
                hint="choose another region, or name the columns (columns.latitude, columns.longitude)",
            )
        if isinstance(validation, PairSource):
            self.validation, train, held_out = validation, rows, np.arange(len(validation))
            if region is not None:
                held_out = held_out[parse_region(region).contains(validation.latlon)]
                if not len(held_out):
                    raise DataError(
                        f"None of the {len(validation)} pairs to validate on lies in {region}",
                        hint="choose another region, or hold out a share of the training pairs",
                    )
        else:
            self.validation = source
            owners = None if source.owners is None else source.owners[rows]
            chosen = split_rows(source.latlon[rows], owners, validation, split_by, seed)
            train, held_out = rows[~chosen], rows[chosen]
        self.train_rows: Rows = take_fraction(train, fraction, seed)
        self.validation_rows: Rows = held_out.astype(np.int64)
        self.test = test
        self.test_rows: Rows = self.validation_rows if test is None else np.arange(len(test))
        if test is not None and region is not None:
            self.test_rows = self.test_rows[parse_region(region).contains(test.latlon)]
        self.gallery = self._read_gallery(gallery, region, gallery_size)

    @property
    def train_latlon(self) -> npt.NDArray[np.float32]:
        """(n, 2) float32 degrees of the training rows."""
        return self.source.latlon[self.train_rows]

    @property
    def digest(self) -> str:
        """What is trained and validated on, 16 hexadecimal digits."""
        return digest(self.source.digest, self.validation.digest, self.train_rows, self.validation_rows)

    def _read_gallery(self, path: str | None, region: str | None, size: int) -> npt.NDArray[np.float32]:
        points: npt.NDArray[np.floating[Any]]
        if path is None:
            points = np.unique(self.train_latlon, axis=0)
        else:
            points = read_gallery(path)
            if region is not None:
                points = points[parse_region(region).contains(points)]
                if not len(points):
                    raise DataError(
                        f"The gallery {path} has no point in {region}, so no answer there could be right",
                        hint="name a gallery of that region, or leave it out to use the training places",
                    )
        if len(points) > size:
            points = points[np.sort(np.random.default_rng(self.seed).permutation(len(points))[:size])]
        return points.astype(np.float32)

    def train_dataloader(self) -> TrainingLoader:
        """Endless order, one epoch per iteration, from where training stands."""
        order = self._order(self.train_rows, self.batch_size, self.source.block)
        return TrainingLoader(self.source, order, self._position, self.workers, self._pinned)

    def val_dataloader(self) -> DataLoader[Batch]:
        """Every held-out row once."""
        order = self._order(self.validation_rows, self.validation_batch_size, 0)
        return validation_loader(self.validation, order, self.workers, self._pinned)

    def test_dataloader(self) -> DataLoader[Batch]:
        """Every row of the test once; those of the validation where there is no test."""
        order = self._order(self.test_rows, self.validation_batch_size, 0)
        return validation_loader(self.validation if self.test is None else self.test, order, self.workers, self._pinned)

    def _order(self, rows: Rows, batch_size: int, block: int) -> Order:
        rank, processes = (self.trainer.global_rank, self.trainer.world_size) if self.trainer else (0, 1)
        return Order(rows, batch_size, self.seed, rank, processes, block)

    def _position(self) -> int:
        return int(getattr(self.trainer.lightning_module, "batches_seen", 0)) if self.trainer else 0

    @property
    def _pinned(self) -> bool:
        return torch.cuda.is_available()


def _swapped(latlon: npt.NDArray[np.float32], region: str) -> str:
    """A hint, where many of the points would lie in the region with latitude and longitude exchanged."""
    turned = latlon[np.abs(latlon[:, 1]) <= 90][:, ::-1]
    inside = int(parse_region(region).contains(turned).sum()) if len(turned) else 0
    if 2 * inside < len(latlon):
        return ""
    return f", but {inside} would with latitude and longitude exchanged: the columns look swapped"

"""Pairs of photo and place, from a folder of photos and a table of their places."""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor

from geoclip_core.errors import DataError, PhotoError
from geoclip_core.files import digest
from geoclip_core.learning.data.augment import PhotoViews
from geoclip_core.learning.data.dataset import Batch, PairSource, Rows
from geoclip_core.learning.data.settings_text import settings_text
from geoclip_core.learning.data.table import Columns, Skipped, listed_rows, read_table, write_report
from geoclip_core.photo.decode import Photo, open_photo


class PhotoPairs(PairSource):
    """Pairs whose photos are decoded when they are needed; what cannot be decoded is reported and passed over.

    Args:
        latlon: (n, 2) degrees.
        numbers: (n,) numbers of the rows in the user's table, for reports.
        views: Random views for training and the plain view for validation.
    """

    def __init__(self, latlon: npt.NDArray[np.float32], numbers: Rows, views: PhotoViews) -> None:
        self.latlon, self.numbers, self.views = latlon, numbers, views
        self.preprocess = views.preprocess
        self._unreadable: set[int] = set()
        self._listed: set[int] | None = None

    def report_to(self, path: str | None) -> None:
        """List in a CSV file what has been skipped and, from now on, what turns out unreadable."""
        if path is not None:
            self.report = Path(path).expanduser()
            write_report(self.report, self.skipped)

    @abstractmethod
    def open(self, row: int) -> Photo:
        """The decoded photo of a row; raises PhotoError where it cannot be decoded."""

    @abstractmethod
    def read(self, row: int) -> bytes:
        """The bytes of a photo's file; none where it cannot be read."""

    def identities(self, rows: Rows) -> npt.NDArray[np.uint64]:
        """A number for the bytes of each file."""
        words = [hashlib.blake2b(self.read(row), digest_size=8).digest() for row in rows.tolist()]
        return np.array([int.from_bytes(word, "little") for word in words], dtype=np.uint64)

    @abstractmethod
    def name(self, row: int) -> str:
        """Name of the photo of a row, for the report."""

    def training_batch(self, rows: Rows, seed: int, epoch: int) -> Batch:
        """Random views; an unreadable photo's place is taken by another of the batch, so that sizes stay equal.

        Raises:
            DataError: None of the photos can be read.
        """
        decoded = {row: photo.image for row in rows.tolist() if (photo := self._try(row)) is not None}
        if not decoded:
            raise DataError(
                f"None of the {len(rows)} photos of a batch can be read, such as {self.name(int(rows[0]))}",
                hint=f"look at {self.report}" if self.report else "check the folder, and set source.report",
            )
        good = list(decoded)
        used = np.array([row if row in decoded else good[i % len(good)] for i, row in enumerate(rows.tolist())])
        if self.views.count:
            views = [self.views.random(decoded[row], seed, epoch, i, row) for i, row in enumerate(used.tolist())]
        else:
            views = [self.views.plain(decoded[row]) for row in used.tolist()]
        return self._stack(views, used)

    def validation_batch(self, rows: Rows) -> Batch:
        """One plain view of each photo that can be read."""
        inputs, used = [], []
        for row in rows.tolist():
            photo = self._try(row)
            if photo is not None:
                inputs.append(self.views.plain(photo.image))
                used.append(row)
        if not inputs:
            size = self.views.preprocess.size
            return Batch(torch.zeros(0, 1, 3, size, size), torch.zeros(0, 2), torch.zeros(0, dtype=torch.int64))
        return self._stack(inputs, np.array(used))

    def _stack(self, inputs: list[Tensor], rows: Rows) -> Batch:
        return Batch(torch.stack(inputs), torch.from_numpy(self.latlon[rows]), torch.from_numpy(rows))

    def _try(self, row: int) -> Photo | None:
        if row in self._unreadable:
            return None
        try:
            return self.open(row)
        except PhotoError as error:
            self._unreadable.add(row)
            if self.report is not None:
                self._listed = listed_rows(self.report) if self._listed is None else self._listed
                bad = Skipped(int(self.numbers[row]), self.name(row), error.problem)
                write_report(self.report, [bad], self._listed)
            return None


class PhotoFolder(PhotoPairs):
    """Photos in a folder, listed in a CSV or Parquet file.

    Args:
        table: Path of the table.
        folder: Where the photos are.
        columns: Names of its columns, where they are not known ones.
        views: Random views for training and the plain view for validation.
        report: CSV file that lists what was skipped and why.

    Raises:
        DataError: The table cannot be read, or leaves nothing.
    """

    def __init__(
        self,
        table: str,
        folder: str,
        columns: Columns = Columns(),  # noqa: B008 - frozen
        views: PhotoViews = PhotoViews(),  # noqa: B008 - frozen
        report: str | None = None,
    ) -> None:
        pairs = read_table(table, columns, folder=folder)
        super().__init__(pairs.latlon, pairs.rows, views)
        self.folder, self.images, self.owners = Path(folder).expanduser(), pairs.images, pairs.owners
        self.skipped = pairs.skipped
        self.names = pd.util.hash_array(self.images.astype(object))
        self.digest = digest(pairs.latlon, "\n".join(pairs.images.tolist()), settings_text(views))
        self.report_to(report)

    def open(self, row: int) -> Photo:
        """Decode the photo of a row."""
        return open_photo(self.folder / str(self.images[row]))

    def read(self, row: int) -> bytes:
        """The bytes of its file."""
        try:
            return (self.folder / str(self.images[row])).read_bytes()
        except OSError:
            return b""

    def name(self, row: int) -> str:
        """Its path inside the folder."""
        return str(self.images[row])

"""The order of training rows, and a loader that can continue in the middle of an epoch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from geoclip_core.learning.data.dataset import Batch, PairSource, Rows


@dataclass(frozen=True)
class Order:
    """A fixed shuffle of rows for every epoch, shared out among processes.

    Attributes:
        rows: (n,) rows, each used once per epoch.
        batch_size: Most rows of one process's batch. An epoch is cut into equal batches, give or take one row: a
            small rest would be a batch with few negatives. All processes have the same sizes.
        seed: Of the shuffle.
        rank: This process.
        processes: How many there are.
        block: Shuffle blocks of so many neighbours, then within windows of eight blocks, so that reading stays
            nearly sequential; 0 shuffles freely.
    """

    rows: Rows
    batch_size: int
    seed: int = 0
    rank: int = 0
    processes: int = 1
    block: int = 0

    def __len__(self) -> int:
        """Batches per epoch."""
        return -(-self._each // self.batch_size)

    @property
    def _each(self) -> int:
        return -(-len(self.rows) // self.processes)

    def batches(self, start: int) -> Iterator[tuple[Rows, int]]:
        """Batches without end from the given one on, each with its epoch."""
        epoch, position = divmod(start, len(self))
        while True:
            # The joined batch of all processes is what one process with so large a batch would see, in its order.
            joined = self._shuffled(epoch).reshape(self._each, self.processes)
            for batch in np.array_split(joined, len(self))[position:]:
                yield batch.reshape(self.processes, -1)[self.rank], epoch
            epoch, position = epoch + 1, 0

    def _shuffled(self, epoch: int) -> Rows:
        rng = np.random.default_rng((self.seed, epoch))
        if self.block:
            # Blocks in random order; then rows at random within windows of eight blocks.
            blocks, owner = np.unique(self.rows // self.block, return_inverse=True)
            window = rng.permutation(len(blocks))[owner] // 8
            order = np.lexsort((rng.permutation(len(self.rows)), window))
        else:
            order = rng.permutation(len(self.rows))
        return self.rows[np.resize(order, self._each * self.processes)]  # repeats the first few where it must


class TrainingLoader:
    """One epoch of batches per iteration, beginning at the batch that training has reached.

    Args:
        source: Where pairs come from.
        order: Which rows, in which order.
        position: Asked at the start of each iteration: batches trained on so far, in the whole run.
        workers: Processes that read ahead; 0 reads in this one.
        pinned: Copy batches to page-locked memory, for a GPU.
    """

    def __init__(
        self, source: PairSource, order: Order, position: Callable[[], int], workers: int = 0, pinned: bool = False
    ) -> None:
        self.source, self.order, self.position = source, order, position
        self.workers, self.pinned = workers, pinned

    def __len__(self) -> int:
        return len(self.order)

    def __iter__(self) -> Iterator[Batch]:
        keys = list(islice(self.order.batches(self.position()), len(self)))
        read = partial(_training_batch, self.source, self.order.seed)
        return iter(_loader(read, keys, self.workers, self.pinned))

    def state_dict(self) -> dict[str, Any]:
        """Nothing: the position is part of the module's checkpoint. Tells Lightning that a resume is exact."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Do nothing: see :meth:`state_dict`."""


def validation_loader(source: PairSource, order: Order, workers: int = 0, pinned: bool = False) -> DataLoader[Batch]:
    """Every row once, unshuffled; with several processes each takes its share and no row is used twice."""
    mine = order.rows[order.rank :: order.processes]
    keys = [(mine[first : first + order.batch_size], 0) for first in range(0, len(mine), order.batch_size)]
    return _loader(partial(_validation_batch, source), keys, workers, pinned)


Read = Callable[[Rows, int], Batch]


def _training_batch(source: PairSource, seed: int, rows: Rows, epoch: int) -> Batch:
    return source.training_batch(rows, seed, epoch)


def _validation_batch(source: PairSource, rows: Rows, epoch: int) -> Batch:
    del epoch
    return source.validation_batch(rows)


class _Batches(Dataset[Batch]):
    def __init__(self, read: Read, keys: list[tuple[Rows, int]]) -> None:
        self.read, self.keys = read, keys

    def __len__(self) -> int:
        return len(self.keys)

    def __getitem__(self, index: int) -> Batch:
        return self.read(*self.keys[index])


def _loader(read: Read, keys: list[tuple[Rows, int]], workers: int, pinned: bool) -> DataLoader[Batch]:
    return DataLoader(
        _Batches(read, keys),
        batch_size=None,
        num_workers=workers,
        pin_memory=pinned,
        generator=torch.Generator(),  # its own, so that making a loader draws nothing from the global one
    )

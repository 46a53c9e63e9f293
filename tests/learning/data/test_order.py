"""Every row once per epoch, in an order that depends on seed and epoch only."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

from geoclip_core.learning.data.order import Order, TrainingLoader, validation_loader
from geoclip_core.learning.data.toy import PaintedPlanet


@pytest.mark.parametrize(("rows", "batch", "processes"), [(100, 32, 1), (97, 32, 2), (5, 8, 1), (10, 3, 4)])
@pytest.mark.parametrize("block", [0, 4])
def test_an_epoch_sees_every_row(rows: int, batch: int, processes: int, block: int) -> None:
    given = np.arange(rows) * 2
    orders = [Order(given, batch, 3, rank, processes, block) for rank in range(processes)]
    for epoch in range(2):
        batches = [list(islice(order.batches(epoch * len(order)), len(order))) for order in orders]
        assert all(e == epoch for rank in batches for _, e in rank)
        assert len({tuple(len(b) for b, _ in rank) for rank in batches}) == 1
        sizes = [len(b) for b, _ in batches[0]]
        assert max(sizes) <= batch
        assert max(sizes) - min(sizes) <= 1
        seen = np.concatenate([b for rank in batches for b, _ in rank])
        assert set(seen) == set(given)
        assert len(seen) < rows + processes


def test_two_processes_share_the_batch_of_one() -> None:
    given = np.arange(64)
    whole = islice(Order(given, 16, 0).batches(0), 8)
    halves = [islice(Order(given, 8, 0, rank, 2).batches(0), 8) for rank in (0, 1)]
    for (one, _), (left, _), (right, _) in zip(whole, *halves, strict=True):
        assert np.array_equal(one, np.concatenate((left, right)))


def test_epochs_and_seeds_differ_and_batches_can_be_entered_anywhere() -> None:
    order = Order(np.arange(50), 10, 0)
    from_start = list(islice(order.batches(0), 15))
    for got, want in zip(islice(order.batches(7), 8), from_start[7:], strict=True):
        assert np.array_equal(got[0], want[0])
        assert got[1] == want[1]
    assert not np.array_equal(from_start[0][0], from_start[5][0])
    assert not np.array_equal(from_start[0][0], next(Order(np.arange(50), 10, 1).batches(0))[0])


def test_blocks_keep_reading_nearly_sequential() -> None:
    order = Order(np.arange(10_000), 100, 0, block=50)
    first, _ = next(order.batches(0))
    assert len(np.unique(first // 50)) <= 8  # of 200 blocks


def test_worker_processes_change_nothing() -> None:
    source = PaintedPlanet(40, size=4)
    order = Order(np.arange(40), 8, 0)
    here, there = (list(TrainingLoader(source, order, lambda: 3, workers)) for workers in (0, 2))
    assert len(here) == len(there) == 5
    assert all((a.inputs == b.inputs).all() and (a.rows == b.rows).all() for a, b in zip(here, there, strict=True))


def test_validation_sees_every_row_once_over_all_processes() -> None:
    source = PaintedPlanet(23, size=4)
    batches = [b for rank in range(3) for b in validation_loader(source, Order(np.arange(23), 4, 0, rank, 3))]
    assert sorted(row for batch in batches for row in batch.rows.tolist()) == list(range(23))

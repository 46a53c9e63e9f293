"""The queue against a deque, and hard negatives against every distance."""

from __future__ import annotations

from collections import deque

import numpy as np
import pytest
import torch

from geoclip_core.earth.distance import great_circle_km
from geoclip_core.learning.objective.gps_queue import GpsQueue, hard_negatives
from geoclip_core.learning.randomness import generator_of


def places(count: int, key: int = 0) -> torch.Tensor:
    return torch.rand(count, 2, generator=generator_of(key)) * torch.tensor([180.0, 360.0]) - torch.tensor(
        [90.0, 180.0]
    )


def ordered(queue: GpsQueue) -> torch.Tensor:
    """Its coordinates, the oldest first."""
    return torch.roll(queue.latlon, -int(queue.cursor), 0)


@pytest.mark.parametrize("size", [1, 7, 16])
def test_it_is_first_in_first_out_for_batches_of_any_size(size: int) -> None:
    queue = GpsQueue(size)
    queue.seed(places(100), generator_of(1))
    reference = deque(ordered(queue).tolist(), maxlen=size)
    for step, count in enumerate([3, 16, 1, 0, 40, 5, 7, 17]):
        batch = places(count, step)
        queue.push(batch)
        reference.extend(batch.tolist())
        assert ordered(queue).tolist() == list(reference)


def test_it_is_seeded_with_real_places_once() -> None:
    real = places(30)
    queue = GpsQueue(50)
    queue.seed(real, generator_of(1))
    rows = {tuple(row) for row in real.tolist()}
    assert {tuple(row) for row in queue.latlon.tolist()} == rows  # every place there is, before any comes twice
    before = queue.latlon.clone()
    queue.seed(places(30, 9), generator_of(2))
    assert torch.equal(queue.latlon, before)


def test_a_copy_from_a_state_dict_is_not_seeded_again() -> None:
    queue, copy = GpsQueue(8), GpsQueue(8)
    queue.seed(places(30), generator_of(1))
    queue.push(places(3, 5))
    copy.load_state_dict(queue.state_dict())
    copy.seed(places(30, 4), generator_of(2))
    assert torch.equal(ordered(copy), ordered(queue))


def test_an_empty_queue_stays_empty() -> None:
    queue = GpsQueue(0)
    queue.seed(places(3), generator_of(1))
    queue.push(places(3))
    assert ordered(queue).shape == (0, 2)
    with pytest.raises(ValueError, match="-1"):
        GpsQueue(-1)


def test_hard_negatives_are_the_nearest_that_are_not_the_same_place() -> None:
    here, pool = places(4, 1), places(500, 2)
    pool[:4] = here + 0.01
    found = hard_negatives(here, pool, 3, beyond_km=300.0)
    km = great_circle_km(here[:, None].double().numpy(), pool.double().numpy())
    km[:, (km <= 300.0).any(0)] = np.inf
    expected = {int(i) for row in np.argsort(km, axis=1)[:, :3] for i in row}
    assert {tuple(row) for row in found.tolist()} == {tuple(pool[i].tolist()) for i in expected}


def test_where_all_is_one_place_there_is_no_hard_negative() -> None:
    assert len(hard_negatives(places(5), places(5) + 0.001, 3, beyond_km=25.0)) == 0

"""Work ahead in threads: in order, only so far ahead, and an error where its photo is."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from geoclip_core.photo.ahead import AHEAD, MOST_WORKERS, decoding_pool, decoding_threads, grouped, made_ahead


def test_groups_come_in_order_and_only_some_are_under_way() -> None:
    read: list[int] = []

    def numbers() -> Iterator[int]:
        for number in range(50):
            read.append(number)
            yield number

    with decoding_pool() as pool:
        made = made_ahead(grouped(numbers(), 4), lambda n: (n * n, threading.current_thread().name), pool)
        first = next(made)
        assert len(read) == 4 * (AHEAD + 1)
        rest = [pair for group in made for pair in group]
    assert [value for value, _ in [*first, *rest]] == [n * n for n in range(50)]
    assert all(name.startswith("geoclip-photos") for _, name in rest)
    assert [len(group) for group in grouped(range(9), 4)] == [4, 4, 1]
    assert 2 <= decoding_threads() <= MOST_WORKERS


def test_an_error_is_raised_in_place_of_its_group() -> None:
    with decoding_pool() as pool:
        made = made_ahead([[1, 2], [0], [4]], lambda n: 4 // n, pool)
        assert next(made) == [4, 2]
        with pytest.raises(ZeroDivisionError):
            next(made)
        assert list(made_ahead([], str, pool)) == []


def test_work_that_gives_way_leaves_a_core(monkeypatch: pytest.MonkeyPatch) -> None:
    for cores, threads in ((1, 1), (2, 1), (8, 7), (64, MOST_WORKERS), (None, 1)):
        monkeypatch.setattr("os.cpu_count", lambda cores=cores: cores)
        assert decoding_threads(gives_way=True) == threads

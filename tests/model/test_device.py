"""The processor's state: changed for as long as it is asked for, and put back."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from geoclip_core.model.device import tiny_numbers_as_zeros, use_threads


def test_tiny_numbers_are_zeros_only_where_it_is_asked_for() -> None:
    def kept() -> tuple[bool, bool]:
        halves = torch.tensor([torch.finfo(torch.float32).tiny]) / 2
        return sys.float_info.min / 2 > 0, bool((halves > 0).all())

    assert kept() == (True, True)
    with tiny_numbers_as_zeros():
        assert kept() == (False, False)
    assert kept() == (True, True)
    with pytest.raises(KeyError), tiny_numbers_as_zeros():
        raise KeyError
    assert kept() == (True, True)


def test_a_thread_that_takes_fewer_threads_leaves_all_others_theirs() -> None:
    both = threading.Barrier(2, timeout=60)

    def seen(_: int) -> int:
        both.wait()  # until both threads have taken theirs
        return torch.get_num_threads()

    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        with ThreadPoolExecutor(2, initializer=use_threads, initargs=(2,)) as few:
            assert list(few.map(seen, range(2))) == [2, 2]
            assert torch.get_num_threads() == 3
            with ThreadPoolExecutor(1) as others:  # which asks torch for the first time
                assert others.submit(torch.get_num_threads).result() == 3
    finally:
        torch.set_num_threads(before)

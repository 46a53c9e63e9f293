"""Photos read and decoded in threads while a network looks at those before them: the way every list of photos goes.

Decoding lets other threads run, and so do matrix products. At no time more than a few groups are under way: memory does
not grow with the number of photos.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

MOST_WORKERS = 16
"""Threads that decode, at most: each may hold a large photo."""

AHEAD = 2
"""Groups under way behind the one that is looked at."""

Item = TypeVar("Item")
Made = TypeVar("Made")


def decoding_threads(*, gives_way: bool = False) -> int:
    """How many threads decode on this machine.

    Args:
        gives_way: A core is left to other work; else one thread more than there are cores, which waits for the disk
            while the others compute.
    """
    cores = os.cpu_count() or 1
    return min(MOST_WORKERS, max(1, cores - 1) if gives_way else cores + 1)


def decoding_pool(*, gives_way: bool = False) -> ThreadPoolExecutor:
    """The threads for :func:`made_ahead`, as many as :func:`decoding_threads`; whoever asks for them ends them."""
    return ThreadPoolExecutor(decoding_threads(gives_way=gives_way), "geoclip-photos")


def grouped(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Consecutive items in lists of so many; the last one may be shorter."""
    coming = iter(items)
    while group := list(islice(coming, size)):
        yield group


def made_ahead(
    groups: Iterable[Sequence[Item]], make: Callable[[Item], Made], pool: ThreadPoolExecutor
) -> Iterator[list[Made]]:
    """Make something of each item in threads, ahead of whoever takes the results.

    Args:
        groups: Items that belong together; read :data:`AHEAD` groups ahead.
        make: Called in several threads at a time; what it raises is raised in place of its group.
        pool: The threads.

    Returns:
        What was made of each group, in order.
    """
    coming = iter(groups)
    under_way: deque[list[Future[Made]]] = deque()

    def start() -> None:
        while len(under_way) < AHEAD and (group := next(coming, None)) is not None:
            under_way.append([pool.submit(make, item) for item in group])

    start()
    while under_way:
        made = [future.result() for future in under_way.popleft()]
        start()  # they are made while the caller works on these
        yield made

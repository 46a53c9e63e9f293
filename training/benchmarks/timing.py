"""How long a call takes."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable


def median_s(what: Callable[[], object], times: int) -> float:
    """Median seconds of a call, after one call to warm up."""
    what()
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        what()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)

"""Questions before albums: whoever works on many photos lets a question that is being answered go first."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

MOST_SECONDS = 20.0
"""Work on an album waits no longer than this at a time, however many questions come."""

_LINGER_SECONDS = 1.0  # after a question: its map is computed next, and drawn by a browser that may be on this machine

_changed = threading.Condition()
_under_way = 0
_ended = -_LINGER_SECONDS


@contextmanager
def asking() -> Iterator[None]:
    """While a question is answered or its map is computed."""
    global _under_way, _ended
    with _changed:
        _under_way += 1
    try:
        yield
    finally:
        with _changed:
            _under_way -= 1
            _ended = time.monotonic()
            _changed.notify_all()


def wanted() -> bool:
    """Whether a question is being answered, or was just now."""
    with _changed:
        return _under_way > 0 or time.monotonic() < _ended + _LINGER_SECONDS


def let_pass(most_seconds: float = MOST_SECONDS) -> None:
    """Wait until no question is being answered, nor was one just now.

    Args:
        most_seconds: Wait no longer.
    """
    until = time.monotonic() + most_seconds
    with _changed:
        while (now := time.monotonic()) < until:
            quiet_at = _ended + _LINGER_SECONDS
            if not _under_way and now >= quiet_at:
                return
            _changed.wait((until if _under_way else min(quiet_at, until)) - now)

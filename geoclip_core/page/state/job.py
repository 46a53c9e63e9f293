"""Long work in a thread of its own: it reports its progress and can be stopped."""

from __future__ import annotations

import atexit
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, TimeoutError
from typing import Any, Generic, TypeVar
from weakref import WeakSet

from geoclip_core.files import Progress

Result = TypeVar("Result")

_LAST_SECONDS = 5.0  # that the work under way may still take when the server ends
_jobs: WeakSet[Job[Any]] = WeakSet()


class CancelledError(Exception):
    """The work was stopped by the person who started it."""


class Job(Generic[Result]):
    """A function that runs in a thread of its own; a page asks how far it is whenever it is drawn.

    Args:
        work: Gets a callback to report how much is done, and how much there is.
    """

    def __init__(self, work: Callable[[Progress], Result]) -> None:
        self.progress = (0, 0)
        self._stopped = threading.Event()
        self._future: Future[Result] = Future()
        _jobs.add(self)
        # A daemon, so that a download does not keep the server from ending.
        threading.Thread(target=self._run, args=(work,), daemon=True).start()

    @property
    def share(self) -> float:
        """How much is done, 0 to 1."""
        done, total = self.progress
        return min(done / total, 1.0) if total > 0 else 0.0

    @property
    def running(self) -> bool:
        """Whether the work has neither ended nor failed."""
        return not self._future.done()

    @property
    def stopped(self) -> bool:
        """Whether it was told to stop; it may still be at its last piece."""
        return self._stopped.is_set()

    def cancel(self) -> None:
        """Stop at the next report of progress."""
        self._stopped.set()

    def wait(self, seconds: float) -> bool:
        """Wait for the end of the work, at most so long; returns whether it has ended."""
        try:
            self._future.exception(seconds)
        except TimeoutError:
            return False
        return True

    def result(self) -> Result:
        """What the function returned; what it raised is raised here."""
        return self._future.result()

    def _run(self, work: Callable[[Progress], Result]) -> None:
        try:
            self._future.set_result(work(self._report))
        except BaseException as error:  # noqa: BLE001 - not swallowed: raised in the session that asks for the result
            self._future.set_exception(error)

    def _report(self, done: int, total: int) -> None:
        if self._stopped.is_set():
            raise CancelledError
        self.progress = (done, total)


@atexit.register
def stop_all() -> None:
    """Stop all work when the server ends: a thread that is cut off in the middle of a network ends it with a fault."""
    running = [job for job in _jobs if job.running]
    for job in running:
        job.cancel()
    end = time.monotonic() + _LAST_SECONDS
    for job in running:
        job.wait(max(0.0, end - time.monotonic()))

"""Answering a few questions at a time: a bounded queue, a deadline for each, and an end that does not wait."""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from geoclip_core.serve.http.problems import Refused

T = TypeVar("T")


class WorkerPool:
    """Threads that answer questions.

    The threads are daemons: a process that ends does not wait for a question that takes long.

    Args:
        workers: Questions answered at a time.
        waiting: Questions that may wait for a worker.
        seconds: Within which a question has to be answered.

    Attributes:
        stopping: Whether nothing is begun any more.
    """

    def __init__(self, workers: int, waiting: int, seconds: float) -> None:
        self._workers = workers
        self._most = workers + waiting
        self._seconds = seconds
        self._jobs: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._open = 0
        self._started = False
        self.stopping = False

    @property
    def open(self) -> int:
        """Questions that are answered or wait now."""
        return self._open

    @property
    def full(self) -> bool:
        """Whether a further question would be turned away."""
        return self._open >= self._most

    def stop(self) -> None:
        """Turn away what still waits; what is being answered goes on."""
        self.stopping = True

    async def idle(self, seconds: float) -> None:
        """Wait until nothing is being answered, but not longer than some seconds."""
        end = time.monotonic() + seconds
        while self._open and time.monotonic() < end:
            await asyncio.sleep(0.05)

    async def run(self, work: Callable[[], T]) -> T:
        """Do some work in a thread.

        Args:
            work: Called once, unless the deadline passes before its turn.

        Raises:
            Refused: The queue is full (429), the service stops (503), or the deadline has passed (504).
            Exception: What the work raised.
        """
        with self._lock:
            if self.stopping:
                raise Refused(503, "The service is stopping", "ask again in a moment")
            if self.full:
                raise Refused(429, "The service is busy", "ask again in a moment")
            self._open += 1
            if not self._started:
                self._started = True
                for number in range(self._workers):
                    threading.Thread(target=self._serve, name=f"answer-{number}", daemon=True).start()
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        deadline = time.monotonic() + self._seconds

        def job() -> None:
            try:
                if self.stopping or done.cancelled() or time.monotonic() > deadline:
                    self._tell(loop, done, error=Refused(503, "The service is stopping", "ask again in a moment"))
                    return
                self._tell(loop, done, work())
            except BaseException as error:  # noqa: BLE001 - it is raised where the work was asked for
                self._tell(loop, done, error=error)
            finally:
                with self._lock:
                    self._open -= 1

        self._jobs.put(job)
        try:
            return await asyncio.wait_for(done, self._seconds)
        except TimeoutError as error:
            raise Refused(
                504, f"The answer took more than {self._seconds:g} s", "ask for less: fewer photos, a shorter text"
            ) from error

    def _serve(self) -> None:
        while True:
            self._jobs.get()()

    @staticmethod
    def _tell(
        loop: asyncio.AbstractEventLoop, done: Any, value: Any = None, error: BaseException | None = None
    ) -> None:
        def set_result() -> None:
            if done.done():
                return
            if error is None:
                done.set_result(value)
            else:
                done.set_exception(error)

        try:
            loop.call_soon_threadsafe(set_result)
        except RuntimeError:
            return  # the service has ended

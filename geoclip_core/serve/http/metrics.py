"""What the service counts, for Prometheus: numbers only, nothing of any question."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class Metrics:
    """Counters of one service.

    Args:
        waiting: Says how many questions are answered or wait now.
    """

    def __init__(self, waiting: Callable[[], float]) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "geoclip_requests", "Requests by path and status", ["path", "status"], registry=self._registry
        )
        self._seconds = Histogram(
            "geoclip_request_seconds", "Seconds to a whole answer", ["path"], buckets=_SECONDS, registry=self._registry
        )
        self.photos = Counter("geoclip_photos", "Photos that were looked at", registry=self._registry)
        Gauge("geoclip_open_questions", "Questions answered or waiting", registry=self._registry).set_function(waiting)

    def count(self, path: str, status: int, seconds: float) -> None:
        """Count one request; ``path`` is one of the service's, so that nobody can invent more."""
        self._requests.labels(path, str(status)).inc()
        self._seconds.labels(path).observe(seconds)

    def text(self) -> bytes:
        """Everything counted so far, in Prometheus' text format."""
        return generate_latest(self._registry)

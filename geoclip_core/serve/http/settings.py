"""What the service allows: whom, how much, how long, and how many at a time."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from geoclip_core.errors import QueryError

LOOPBACK = ("127.0.0.1", "localhost", "::1")
"""Names of this machine for itself."""

KEY_VARIABLE = "GEOCLIP_API_KEY"
"""The environment variable that holds the key: other people of the machine see the words of a command."""

_EVERYWHERE = ("0.0.0.0", "::")
_TEST_CLIENT = "testserver"  # what Starlette's TestClient calls the service; no address on the internet has this name
_LEAST_KEY = 16


@dataclass(frozen=True)
class ServiceSettings:
    """Limits of one service.

    Attributes:
        hosts: Names that the Host header may have, without port; ``"*"`` allows every name, for a service behind a
            proxy that checks them. Others are refused, so that a web page cannot reach the service under a name of
            its own (DNS rebinding).
        origins: Web pages, such as ``https://example.org``, that may call the service from a browser (CORS).
        api_key: What a client has to send; None where everybody who reaches the service may use it.
        workers: Questions answered at a time.
        queue: Questions that may wait; further ones get 429.
        seconds: Within which a question is answered, waiting included; else 504.
        upload_seconds: Within which a whole body has to arrive.
        idle_seconds: Without a byte, after which a connection or an upload is given up.
        uploads: Bodies received at a time; further ones get 429.
        connections: Open at a time; further ones get 503.
        body_mb: Megabytes of one body.
        stop_seconds: Within which a service that is told to stop has stopped.

    Raises:
        QueryError: A number that is not above 0, or a key that is easily guessed.
    """

    hosts: tuple[str, ...] = (*LOOPBACK, _TEST_CLIENT)
    origins: tuple[str, ...] = ()
    api_key: str | None = field(default=None, repr=False)
    workers: int = max(1, min(8, os.cpu_count() or 1))
    queue: int = 16
    seconds: float = 60.0
    upload_seconds: float = 60.0
    idle_seconds: float = 10.0
    uploads: int = 64
    connections: int = 1024
    body_mb: float = 64.0
    stop_seconds: float = 10.0

    def __post_init__(self) -> None:
        numbers = ("workers", "uploads", "connections", "body_mb", "seconds", "upload_seconds", "idle_seconds")
        for name in (*numbers, "stop_seconds"):
            if not getattr(self, name) > 0:
                raise QueryError(f"{name} is {getattr(self, name)}", allowed="above 0")
        if self.queue < 0:
            raise QueryError(f"queue is {self.queue}", allowed="0 or more")
        if self.api_key is not None and len(self.api_key) < _LEAST_KEY:
            raise QueryError(
                f"The API key has {len(self.api_key)} characters",
                allowed=f"at least {_LEAST_KEY}",
                hint='python -c "import secrets; print(secrets.token_urlsafe(32))"',
            )


def serving(
    host: str, names: Sequence[str] = (), origins: Sequence[str] = (), workers: int = 0, **limits: Any
) -> ServiceSettings:
    """The settings of a service on an address, with the key that the environment holds.

    Args:
        host: The address; it is a name that the Host header may have.
        names: Further such names.
        origins: As :attr:`ServiceSettings.origins`.
        workers: As :attr:`ServiceSettings.workers`; 0 for the default.
        limits: Further settings by name.

    Raises:
        QueryError: A setting is out of range.
    """
    hosts = (*LOOPBACK, *(name.lower() for name in (host, *names) if name not in _EVERYWHERE))
    if workers:
        limits["workers"] = workers
    key = os.environ.get(KEY_VARIABLE) or None
    return ServiceSettings(hosts=tuple(dict.fromkeys(hosts)), origins=tuple(origins), api_key=key, **limits)

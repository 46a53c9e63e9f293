"""Running the service: connections that say nothing are closed, and a signal ends it within a bounded time."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
import time
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from geoclip_core.locate.locator import Locator
from geoclip_core.serve.http.app import make_api
from geoclip_core.serve.http.settings import KEY_VARIABLE, LOOPBACK, ServiceSettings

_CHECK_SECONDS = 1.0


class _Connection(H11Protocol):
    """A connection that is closed where no whole head of a request arrives in time."""

    idle_seconds = 10.0

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._quiet_since = time.monotonic()
        self._watch()

    def _watch(self) -> None:
        if self.transport.is_closing():
            return
        if self.cycle is not None and not self.cycle.response_complete:
            self._quiet_since = time.monotonic()
        elif time.monotonic() - self._quiet_since > self.idle_seconds:
            self.transport.close()
            return
        self.loop.call_later(min(_CHECK_SECONDS, self.idle_seconds / 4), self._watch)


def run(locator: Locator, host: str, port: int, settings: ServiceSettings) -> None:
    """Serve until a signal ends it.

    Args:
        locator: The model.
        host: Address to listen on.
        port: Port to listen on.
        settings: Limits; the address itself is a name that the Host header may have.
    """
    logging.getLogger("python_multipart").setLevel(logging.ERROR)  # its warnings tell of bytes that were sent
    api = make_api(locator, settings)
    connection = type("Connection", (_Connection,), {"idle_seconds": settings.idle_seconds})
    config = uvicorn.Config(
        api,
        host=host,
        port=port,
        http=connection,
        ws="none",
        access_log=False,
        server_header=False,
        limit_concurrency=settings.connections,
        timeout_keep_alive=max(1, round(settings.idle_seconds / 2)),
        timeout_graceful_shutdown=max(1, round(settings.stop_seconds / 2)),
    )
    if host not in LOOPBACK and settings.api_key is None:
        print(
            f"Everybody who reaches {host} may use the service; set {KEY_VARIABLE} to ask for a key.", file=sys.stderr
        )
    server = uvicorn.Server(config)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(server, api))
    if api.state.pool.open:
        # A question is still being answered, for a client that is gone: threads in the middle of it cannot be stopped.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


async def _serve(server: uvicorn.Server, api: Any) -> None:
    stopping = asyncio.create_task(_turn_away(server, api))
    try:
        await server.serve()
    finally:
        stopping.cancel()


async def _turn_away(server: uvicorn.Server, api: Any) -> None:
    """From the signal on, what still waits is told to ask again."""
    while not server.should_exit:
        await asyncio.sleep(0.1)
    api.state.pool.stop()

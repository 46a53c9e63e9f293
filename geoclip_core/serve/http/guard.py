"""Who is answered: checks before anything of a request is read, and limits while it is."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import ipaddress
import time
from collections.abc import Callable, Collection
from urllib.parse import urlsplit

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from geoclip_core.serve.http.metrics import Metrics
from geoclip_core.serve.http.problems import Refused, fault
from geoclip_core.serve.http.settings import ServiceSettings

OPEN_PATHS = ("/health", "/ready")
"""What is told without a key."""

_DRAIN_SECONDS, _DRAIN_IDLE_SECONDS = 3.0, 0.5  # that the rest of a refused body is read on


class Guard:
    """ASGI middleware around the whole service.

    Args:
        app: The service.
        settings: Its limits.
        metrics: Counts every request.
        paths: The paths that there are.
        full: Whether a further question would be turned away; asked before a body is read.
    """

    def __init__(
        self,
        app: ASGIApp,
        settings: ServiceSettings,
        metrics: Metrics,
        paths: Collection[str],
        full: Callable[[], bool],
    ) -> None:
        self._app = app
        self._settings = settings
        self._metrics = metrics
        self._paths = frozenset(paths)
        self._full = full
        self._uploads = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status, begun = time.perf_counter(), 0, False

        async def told(message: Message) -> None:
            nonlocal status, begun
            if message["type"] == "http.response.start":
                status, begun = message["status"], True
                message["headers"] = [*message.get("headers", ()), (b"x-content-type-options", b"nosniff")]
            await send(message)

        uploading = scope["method"] in ("POST", "PUT", "PATCH")
        body = _Body(receive, self._settings) if uploading else None
        self._uploads += uploading
        try:
            self._check(scope)
            await self._app(scope, body or receive, told)
        except Refused as refused:
            if not begun:
                await (await self._refuse(refused, body))(scope, receive, told)
        except Exception as error:  # noqa: BLE001 - nothing else tells the client, and the server would log the message
            if not begun:
                await fault(error).response()(scope, receive, told)
        finally:
            self._uploads -= uploading
            path = scope["path"] if scope["path"] in self._paths else "other"
            self._metrics.count(path, status, time.perf_counter() - started)

    async def _refuse(self, refused: Refused, body: _Body | None) -> Response:
        reply = refused.response()
        if body is not None and not body.whole:
            # Many clients read an answer only after they have sent everything; the rest is not waited for.
            await body.drain()
            reply.headers["connection"] = "close"
        return reply

    def _check(self, scope: Scope) -> None:
        settings = self._settings
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        host = headers.get(b"host", "")
        if not self._is_ours(host):
            raise Refused(400, "The Host header names no host of this service", "start it with --allow-host NAME")
        origin = headers.get(b"origin")
        if origin and origin not in settings.origins and not self._is_ours(urlsplit(origin).netloc):
            raise Refused(403, "Pages of this origin may not ask", "start the service with --allow-origin ORIGIN")
        if scope["method"] == "OPTIONS" or scope["path"] in OPEN_PATHS:
            return
        if settings.api_key is not None and not _same(_key(headers), settings.api_key):
            raise Refused(401, "The API key is missing or wrong", "send the header Authorization: Bearer KEY")
        if scope["method"] not in ("POST", "PUT", "PATCH"):
            return
        length = headers.get(b"content-length", "")
        if length.isdigit() and int(length) > settings.body_mb * 1e6:
            raise _too_large(settings)
        if self._full() or self._uploads > settings.uploads:
            raise Refused(429, "The service is busy", "ask again in a moment")

    def _is_ours(self, host: str) -> bool:
        if "*" in self._settings.hosts:
            return True
        try:
            name = urlsplit(f"//{host}").hostname or ""
            name = str(ipaddress.ip_address(name)) if ":" in name else name
        except ValueError:
            return False
        return name in self._settings.hosts


class _Body:
    """A body as it arrives: bounded in size and time.

    Args:
        receive: Where it comes from.
        settings: The bounds.
    """

    def __init__(self, receive: Receive, settings: ServiceSettings) -> None:
        self._receive = receive
        self._settings = settings
        self._bytes = 0
        self._end = time.monotonic() + settings.upload_seconds
        self.whole = False

    async def __call__(self) -> Message:
        """The next part."""
        if self.whole:  # what comes now is the end of the connection, however late
            return await self._receive()
        left = min(self._settings.idle_seconds, self._end - time.monotonic())
        try:
            message = await asyncio.wait_for(self._receive(), max(left, 0.001))
        except TimeoutError as error:
            raise Refused(408, "The question did not arrive in time", "send it in one go") from error
        self._bytes += len(message.get("body", b""))
        self.whole = not message.get("more_body", False)
        if self._bytes > self._settings.body_mb * 1e6:
            raise _too_large(self._settings)
        return message

    async def drain(self) -> None:
        """Read on without keeping anything, for a few seconds at most."""
        end = time.monotonic() + _DRAIN_SECONDS
        with contextlib.suppress(TimeoutError):
            while not self.whole and (left := end - time.monotonic()) > 0:
                message = await asyncio.wait_for(self._receive(), min(left, _DRAIN_IDLE_SECONDS))
                self.whole = message["type"] == "http.disconnect" or not message.get("more_body", False)


def _too_large(settings: ServiceSettings) -> Refused:
    return Refused(413, "The question is too large", "scale the photos down", allowed=f"{settings.body_mb:g} MB in all")


def _key(headers: dict[bytes, str]) -> str:
    scheme, _, given = headers.get(b"authorization", "").partition(" ")
    return given.strip() if scheme.lower() == "bearer" else headers.get(b"x-api-key", "")


def _same(given: str, key: str) -> bool:
    """Compare in a time that does not tell how much of the key is right."""
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), key.encode())

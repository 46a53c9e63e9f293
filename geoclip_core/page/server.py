"""The server of the page: Streamlit's own scripts are sent compressed, and a browser is opened at the start.

Streamlit leaves the compression of its scripts to a proxy, which a page on one's own machine does not have.
"""

from __future__ import annotations

import asyncio
import functools
import gzip
from collections.abc import AsyncIterator, MutableMapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from streamlit.cli_util import open_browser
from streamlit.web.server.server_util import get_display_address, get_url

from geoclip_core.page.launch import SCRIPT

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_LEVEL = 6
_MOST_KEPT = 256  # files; a visit asks for about a hundred
_TEXTS = ("text/css", "text/javascript", "application/javascript", "application/json", "application/geo+json")
_PATHS = ("/static/", "/component/")
_BROWSER_WAITS_SECONDS = 0.5  # until the server listens


@functools.lru_cache(_MOST_KEPT)
def _compressed(body: bytes) -> bytes:
    return gzip.compress(body, _LEVEL, mtime=0)


class Compressed:
    """An ASGI middleware that sends scripts, styles and tables of the page compressed, each of them compressed once.

    Args:
        app: The application whose answers are compressed.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        texts = scope.get("method") == "GET" and any(path in scope["path"] for path in _PATHS)
        asked = Headers(scope=scope) if texts else Headers()
        if "gzip" not in asked.get("accept-encoding", "") or "range" in asked:
            await self._app(scope, receive, send)
            return
        start: MutableMapping[str, Any] = {}
        body = bytearray()

        async def send_compressed(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                headers = Headers(raw=message["headers"])
                kind = headers.get("content-type", "").partition(";")[0]
                if message["status"] == 200 and kind in _TEXTS and "content-encoding" not in headers:
                    start.update(message)
                    return
            if not start:
                await send(message)
                return
            body.extend(message.get("body", b""))
            if message.get("more_body"):
                return
            small = await asyncio.to_thread(_compressed, bytes(body))
            headers = MutableHeaders(raw=start["headers"])
            headers["Content-Encoding"] = "gzip"
            headers["Content-Length"] = str(len(small))
            headers.add_vary_header("Accept-Encoding")
            await send(start)
            await send({"type": "http.response.body", "body": small})

        await self._app(scope, receive, send_compressed)


@asynccontextmanager
async def opened(_: st.App) -> AsyncIterator[None]:
    """Open a browser as soon as the server runs, unless it is headless."""
    if not st.get_option("server.headless"):
        url = get_url(get_display_address(st.get_option("server.address") or "localhost"))
        asyncio.get_running_loop().call_later(_BROWSER_WAITS_SECONDS, open_browser, url)
    yield


def application() -> st.App:
    """The page as an ASGI application; its settings are read from ``.streamlit/config.toml`` beside the script."""
    return st.App(SCRIPT, lifespan=opened, middleware=[Middleware(Compressed)])

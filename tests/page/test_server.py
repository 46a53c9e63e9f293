"""What reaches the browser is what Streamlit would have sent, only smaller."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from geoclip_core.page import server
from geoclip_core.page.server import Compressed

SCRIPT = b"export const answer = 42;\n" * 500


@pytest.fixture
def client(tmp_path: Path) -> TestClient:
    (tmp_path / "page.js").write_bytes(SCRIPT)

    def file(_: Request) -> Response:
        return FileResponse(tmp_path / "page.js", media_type="text/javascript")

    def parts(_: Request) -> Response:
        async def halves() -> AsyncIterator[bytes]:
            yield SCRIPT[:700]
            yield SCRIPT[700:]

        return StreamingResponse(halves(), media_type="application/javascript")

    def font(_: Request) -> Response:
        return Response(SCRIPT, media_type="font/woff2")

    routes = [Route("/static/js/page.js", file), Route("/static/js/parts.js", parts), Route("/static/font.woff2", font)]
    routes += [Route("/page.js", file)]
    return TestClient(Starlette(routes=routes, middleware=[Middleware(Compressed)]))


@pytest.mark.parametrize("path", ["/static/js/page.js", "/static/js/parts.js"])
def test_scripts_are_sent_small_and_arrive_whole(client: TestClient, path: str) -> None:
    with client.stream("GET", path, headers={"Accept-Encoding": "gzip, br"}) as answer:
        raw = b"".join(answer.iter_raw())
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["vary"] == "Accept-Encoding"
    assert int(answer.headers["content-length"]) == len(raw) < len(SCRIPT) / 10
    assert gzip.decompress(raw) == SCRIPT


def test_a_script_is_compressed_once(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    client.get("/static/js/page.js")
    monkeypatch.setattr(server.gzip, "compress", lambda *_, **__: pytest.fail("compressed again"))
    assert client.get("/static/js/page.js").content == SCRIPT


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/static/js/page.js", {"Accept-Encoding": "identity"}),
        ("/static/js/page.js", {"Range": f"bytes=0-{len(SCRIPT) - 1}"}),
        ("/static/font.woff2", {}),
        ("/page.js", {}),
    ],
    ids=["no gzip wanted", "a range", "a font", "elsewhere"],
)
def test_everything_else_passes_as_it_is(client: TestClient, path: str, headers: dict[str, str]) -> None:
    answer = client.get(path, headers=headers)
    assert "content-encoding" not in answer.headers
    assert answer.content == SCRIPT


def test_what_is_not_found_passes_as_it_is(client: TestClient) -> None:
    assert client.get("/static/js/none.js").status_code == 404

"""The page as a person meets it: served by Streamlit, opened in a headless browser with the network cut."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Page,
    Playwright,
    Request,
    ViewportSize,
    WebSocket,
    sync_playwright,
)
from playwright.sync_api import Error as PlaywrightError

from training.benchmarks.page import free_port, installed_browser

ROOT = Path(__file__).resolve().parents[3]
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",  # the network is cut
)
LOCAL = ("127.0.0.1", "localhost")
PATIENCE_MS = 120_000  # the first visit may build the caches
LAYOUT_MS = 10_000
PHONE_SIZE: ViewportSize = {"width": 390, "height": 844}
STREAMLIT = ("-m", "streamlit", "run", "app.py", "--server.headless", "true", "--server.port", "{port}")
COMMAND = ("-m", "geoclip_core", "app", "--headless", "--port", "{port}")
_START_SECONDS = 60


@dataclass
class Visit:
    """A page, and everything that went wrong on it."""

    page: Page
    outside: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    received: int = 0
    under_way: set[Request] = field(default_factory=set)

    def reload(self) -> None:
        """Load the page again once nothing is being fetched: what a reload cuts short would count as failed."""
        while self.under_way:
            self.page.wait_for_timeout(50)
        self.page.reload()

    def goes_to(self, url: str) -> None:
        """Keep an address in mind that is not on this machine."""
        parts = urlsplit(url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.hostname not in LOCAL:
            self.outside.append(url)

    def receive(self, size: float) -> None:
        """Count bytes that came over the wire: answers to requests with their headers, and words of the server."""
        self.received += int(size)

    def fits(self) -> None:
        """The page is no wider than its window, once it has been laid out."""
        self.page.wait_for_function("document.documentElement.scrollWidth <= innerWidth", timeout=LAYOUT_MS)

    def clean(self) -> None:
        """Nothing sticks out sideways, no request went elsewhere, none failed, and the console holds no error."""
        self.fits()
        self.page.set_viewport_size(PHONE_SIZE)  # what is shown now, as a phone would show it
        self.fits()
        assert self.outside == []
        assert self.failed == []
        assert self.complaints == []


def _no_browser(reason: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(f"the page's tests must run here, but there is no browser: {reason}")
    pytest.skip(f"no browser: {reason}")


def _launch(playwright: Playwright) -> Browser | None:
    path = installed_browser(playwright)
    if path is None and shutil.which("apt-get") and os.geteuid() == 0:
        for command in (["apt-get", "update"], ["apt-get", "install", "-y", "chromium"]):
            subprocess.run(command, check=False, capture_output=True, timeout=600)
        path = installed_browser(playwright)
    return playwright.chromium.launch(executable_path=path, args=list(FLAGS)) if path else None


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        try:
            opened = _launch(playwright)
        except PlaywrightError as error:
            _no_browser(str(error).splitlines()[0])
            return
        if opened is None:
            _no_browser("install chromium, or run `playwright install chromium`")
            return
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the page is served, by a process that finds neither tiles nor hub."""
    yield from serve(tmp_path_factory, f"http://127.0.0.1:{free_port()}/{{z}}/{{x}}/{{y}}.png")


def serve(
    folders: pytest.TempPathFactory,
    tiles: str,
    *,
    start: tuple[str, ...] = STREAMLIT,
    folder: Path = ROOT,
    light_tiles: str = "off",
    clip: str = "",
) -> Iterator[str]:
    """The page, served until the caller is done with it.

    Args:
        folders: Where logs and an empty cache of the hub go.
        tiles: Address of map tiles.
        start: The command after the interpreter's name, with ``{port}`` for the port.
        folder: Where it is started.
        light_tiles: Address of a second kind of tiles, or ``"off"``.
        clip: A file of CLIP's weights.
    """
    port = free_port()
    log = folders.mktemp("server") / "log.txt"
    settings = {
        **os.environ,
        "GEOCLIP_TILES": tiles,
        "GEOCLIP_LIGHT_TILES": light_tiles,
        "HF_ENDPOINT": f"http://127.0.0.1:{free_port()}",
        "HF_HOME": str(folders.mktemp("hub")),
        "GEOCLIP_CLIP": clip,
    }
    with log.open("wb") as output:
        server = subprocess.Popen(
            [sys.executable, *(part.format(port=port) for part in start)],
            cwd=folder,
            env=settings,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        _await(f"http://localhost:{port}/_stcore/health", server, log)
        yield f"http://localhost:{port}"
    finally:
        server.terminate()
        server.wait(20)
    said = log.read_text()
    assert "Traceback" not in said, said
    for asked in ("Giza", "Boston", "Desert", "sunset.jpg", "33.85"):  # nothing of what people ask is logged
        assert asked not in said


def _await(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(_START_SECONDS * 5):
        if server.poll() is not None:
            pytest.fail(f"the page did not start:\n{log.read_text()}")
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except (urllib.error.URLError, OSError):
            with pytest.raises(subprocess.TimeoutExpired):
                server.wait(0.2)
    pytest.fail(f"the page did not answer:\n{log.read_text()}")


@pytest.fixture
def visit(browser: Browser, address: str, request: pytest.FixtureRequest) -> Iterator[Visit]:
    """The page, opened and ready; parametrise indirectly with options of ``new_context``."""
    yield from open_page(browser, address, **getattr(request, "param", {}))


def open_page(browser: Browser, address: str, **options: Any) -> Iterator[Visit]:
    """A visitor of their own."""
    settings = {"viewport": {"width": 1280, "height": 1000}, "accept_downloads": True, **options}
    context = browser.new_context(**settings, reduced_motion="reduce")
    context.set_default_timeout(PATIENCE_MS)
    visit = Visit(context.new_page())

    def start(asked: Request) -> None:
        visit.under_way.add(asked)
        visit.goes_to(asked.url)

    def complain(message: ConsoleMessage) -> None:
        if message.type == "error":
            visit.complaints.append(message.text)

    def fail(asked: Request) -> None:
        visit.under_way.discard(asked)
        visit.failed.append(f"{asked.url[:200]} {asked.failure}")

    def listen(socket: WebSocket) -> None:
        visit.goes_to(socket.url)
        socket.on("framereceived", lambda frame: visit.receive(len(frame)))

    visit.page.on("console", complain)
    visit.page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    context.on("request", start)  # also those of windows that the page may open
    context.on("requestfinished", lambda asked: visit.under_way.discard(asked))
    context.on("requestfailed", fail)
    visit.page.on("websocket", listen)
    wire = context.new_cdp_session(visit.page)
    wire.on("Network.loadingFinished", lambda answer: visit.receive(answer["encodedDataLength"]))
    wire.send("Network.enable")
    visit.page.goto(address)
    visit.page.get_by_text("not calibrated").first.wait_for()
    visit.page.frame_locator("iframe").locator(".leaflet-container").wait_for()
    yield visit
    context.close()

"""Speed of the page as a visitor feels it: in a headless browser, on this machine, with the caches built.

Alone, for people who change the page::

    python training/benchmarks/page.py
"""

from __future__ import annotations

import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Playwright

ROOT = Path(__file__).resolve().parents[2]
TEXTS = ("Pyramids of Giza", "Boston, Massachusetts", "Desert", "Burj Khalifa", "Kyoto", "Timbuktu", "Ushuaia")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_START_S, _PATIENCE_MS = 120, 60_000


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def installed_browser(playwright: Playwright) -> str | None:
    """Path of a browser on this machine: a Chromium or Chrome, else the one that playwright has installed."""
    own = playwright.chromium.executable_path
    found = (path for name in BROWSERS if (path := shutil.which(name)))
    return next(found, own if Path(own).exists() else None)


@contextmanager
def served() -> Iterator[str]:
    """The page of this checkout, served without tiles and without a browser of its own; its address."""
    with served_by() as (address, _):
        yield address


@contextmanager
def served_by() -> Iterator[tuple[str, int]]:
    """As :func:`served`, with the number of the server's process."""
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless", "true", "--server.port", str(port)],
        cwd=ROOT,
        env={**os.environ, "GEOCLIP_TILES": "off", "GEOCLIP_LIGHT_TILES": "off"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _await(f"http://localhost:{port}/_stcore/health")
        yield f"http://localhost:{port}", server.pid
    finally:
        server.terminate()
        server.wait(30)


def page_seconds() -> dict[str, float]:
    """Seconds from the command to a page that takes questions, and from a question to its drawn heat map.

    Returns:
        Nothing where there is no browser.
    """
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = installed_browser(playwright)
        if path is None:
            return {}
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_context(viewport={"width": 1280, "height": 1000}, reduced_motion="reduce").new_page()
        page.set_default_timeout(_PATIENCE_MS)
        start = time.perf_counter()
        with served() as address:
            page.goto(address)
            page.get_by_text("not calibrated").first.wait_for()
            page.frame_locator("iframe").locator(".leaflet-container").wait_for()
            first = time.perf_counter() - start
            heat = page.frame_locator("iframe").locator("img.leaflet-image-layer")
            taken, before = [], ""
            for text in TEXTS:
                start = time.perf_counter()
                box = page.get_by_label("Describe a place")
                box.fill(text)
                box.press("Enter")
                heat.wait_for()
                while (now := str(heat.get_attribute("src"))) == before:
                    page.wait_for_timeout(20)
                taken.append(time.perf_counter() - start)
                before = now
        browser.close()
    return {"page: from the command to a page that takes questions": first, "page: one text": statistics.median(taken)}


def _await(url: str) -> None:
    end = time.monotonic() + _START_S
    while time.monotonic() < end:
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise TimeoutError(f"{url} did not answer within {_START_S} s")


if __name__ == "__main__":
    for name, seconds in page_seconds().items():
        print(f"{name:60s} {seconds:.2f} s")

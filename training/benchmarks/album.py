"""A large album on the page: memory of the server, and how fast it answers somebody else meanwhile.

Photos of 12 megapixels are made of real ones in a temporary folder, and the page reads that folder in a headless
browser, while a second visitor asks for places. Then the full album is searched, saved and packed into a zip::

    python training/benchmarks/album.py ../shared/data/im2gps3k_cc/photos --photos 500

As many as an album may hold, nine in ten with positions in their files::

    python training/benchmarks/album.py ../shared/data/im2gps3k_cc/photos --photos 5000 --width 800 --stating 0.9
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from PIL import Image, ImageEnhance, ImageOps

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from geoclip_core.files import asset_path  # noqa: E402
from training.benchmarks.page import installed_browser, served_by  # noqa: E402

if TYPE_CHECKING:
    from playwright.sync_api import Page

QUALITY = 85
PAUSE_S = 5.0
_SAMPLE_S = 0.5
_PATIENCE_MS = 600_000
_FIELDS = {"memory": ("RssAnon", "RssShmem"), "memory, mapped files included": ("VmRSS",)}


def make_photos(source: Path, folder: Path, count: int, width: int, stating: float) -> None:
    """Photos of one size out of others, no two the same: lighter from round to round.

    Args:
        source: Folder of JPEG files; what their EXIF blocks say is kept.
        folder: Where they go.
        count: How many.
        width: In pixels; three quarters of it high.
        stating: Share of them, spread evenly, whose files get a position, each another one.
    """
    given = sorted(path for path in source.iterdir() if path.suffix.lower() in (".jpg", ".jpeg"))
    for number in range(count):
        with Image.open(given[number % len(given)]) as small:
            exif = small.info.get("exif", b"")
            large = ImageOps.fit(small.convert("RGB"), (width, width * 3 // 4))
        large = ImageEnhance.Brightness(large).enhance(1.0 + 0.1 * (number // len(given)))
        if int((number + 1) * stating) > int(number * stating):
            exif = _position(number / count)
        large.save(folder / f"{number:04d}.jpg", "JPEG", quality=QUALITY, exif=exif)


def _position(share: float) -> bytes:
    """An EXIF block with a point of a spiral from 60 degrees south to 60 degrees north, at a share of its length."""
    lat, lon = 120.0 * share - 60.0, 360.0 * (37.0 * share % 1.0) - 180.0
    exif = Image.Exif()
    exif.get_ifd(0x8825).update({1: "NS"[lat < 0], 2: (abs(lat), 0.0, 0.0), 3: "EW"[lon < 0], 4: (abs(lon), 0.0, 0.0)})
    return exif.tobytes()


@contextmanager
def watched(process: int) -> Iterator[dict[str, float]]:
    """The largest memory of a process so far, MB, by name; looked at all the time. Linux only."""
    most = dict.fromkeys(_FIELDS, 0.0)
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(_SAMPLE_S):
            lines = Path(f"/proc/{process}/status").read_text().splitlines()
            kilobytes = {line.split(":")[0]: int(line.split()[1]) for line in lines if line.endswith(" kB")}
            for name, fields in _FIELDS.items():
                most[name] = max(most[name], sum(kilobytes[field] for field in fields) / 1024)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield most
    finally:
        ended.set()
        thread.join()


def processor_seconds(process: int) -> float:
    """Of a process since its start."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def ask(page: Page, text: str) -> float:
    """Seconds from a question to its heat map."""
    heat = page.frame_locator("iframe").locator("img.leaflet-image-layer")
    before = heat.get_attribute("src") if heat.count() else ""
    start = time.perf_counter()
    box = page.get_by_label("Describe a place")
    box.fill(text)
    box.press("Enter")
    heat.wait_for()
    while heat.get_attribute("src") == before:
        page.wait_for_timeout(20)
    return time.perf_counter() - start


def visitors(address: str) -> Iterator[Page]:
    """Visitors of the page, each on their own."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = installed_browser(playwright)
        if path is None:
            raise typer.BadParameter("There is no browser: install chromium, or run `playwright install chromium`")
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        while True:
            page = browser.new_context(viewport={"width": 1280, "height": 720}, reduced_motion="reduce").new_page()
            page.set_default_timeout(_PATIENCE_MS)
            page.goto(address)
            page.get_by_text("not calibrated").first.wait_for()
            yield page


def used(page: Page, photos: int) -> dict[str, float]:
    """Seconds that a full album takes for what is done with it: one photo found, saved, packed."""
    taken = {}
    start = time.perf_counter()
    find = page.get_by_label("Find")
    find.fill("0042")
    find.press("Enter")
    page.get_by_text(f"1 of {photos:,} photos ·").wait_for()
    taken["one photo found by its name"] = time.perf_counter() - start
    find.fill("")
    find.press("Enter")
    page.get_by_text(f"{photos:,} of {photos:,} photos ·").wait_for()
    start = time.perf_counter()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save the album").click()
    saved.value.path()
    taken["saved to a file"] = time.perf_counter() - start
    page.get_by_text("Take along").click()
    start = time.perf_counter()
    page.get_by_role("button", name="Make the zip").click()
    with page.expect_download() as zipped:
        page.get_by_role("button", name="Download the zip").click()
    zipped.value.path()
    taken["the usual zip made and downloaded"] = time.perf_counter() - start
    return taken


def main(
    source: Annotated[Path, typer.Argument(help="Folder of photos to make others of", file_okay=False)],
    photos: Annotated[int, typer.Option(help="How many", min=50)] = 500,
    width: Annotated[int, typer.Option(help="Of each, in pixels; three quarters of it high")] = 4000,
    stating: Annotated[float, typer.Option(help="Share whose files state a position", min=0.0, max=1.0)] = 0.0,
) -> None:
    """Fill an album, ask beside it, use it, and print what it took."""
    with tempfile.TemporaryDirectory() as folder, served_by() as (address, server):
        make_photos(source, Path(folder), photos, width, stating)
        opened = visitors(address)
        album, other = next(opened), next(opened)
        towns = [str(name) for name, *_ in json.loads(asset_path("web/towns.json").read_text(encoding="utf-8"))]
        ask(other, "Pyramids of Giza")
        load, before, start = os.getloadavg()[0], processor_seconds(server), time.perf_counter()
        waited: list[float] = []
        with watched(server) as most:
            album.get_by_text("Album", exact=True).first.click()
            album.get_by_label("Folder on this machine").fill(folder)
            album.get_by_role("button", name="Read folder").click()
            done = album.get_by_text(f"{photos:,} of {photos:,} photos ·")
            while not done.count():
                waited.append(ask(other, towns[len(waited)]))  # never the same twice, since answers are kept
                album.wait_for_timeout(1000 * PAUSE_S)
            taken, spent = time.perf_counter() - start, processor_seconds(server) - before
            uses = used(album, photos)
        print(f"photos                          {photos} of {width} x {width * 3 // 4} pixels")
        for name, size in most.items():
            print(f"{name:31s} {size:.0f} MB at most")
        print(f"each photo                      {taken / photos:.2f} s")
        print(f"the server's processor time     {spent:.0f} s in {taken:.0f} s")
        print(f"a question beside it            {statistics.median(waited):.2f} s, {max(waited):.2f} s at most")
        print(f"questions; load before, after   {len(waited)}; {load:.1f}, {os.getloadavg()[0]:.1f}")
        for what, seconds in uses.items():
            print(f"{what:31s} {seconds:.1f} s")
        opened.close()  # type: ignore[attr-defined]


if __name__ == "__main__":
    typer.run(main)

"""A large album on the page: memory of the server, and how fast it answers somebody else meanwhile.

Photos of 12 megapixels are made of real ones in a temporary folder, and the page reads that folder in a headless
browser, while a second visitor asks for places::

    python training/benchmarks/album.py ../shared/data/im2gps3k_cc/photos --photos 500

How an album of as many photos as one may hold is used: one with made-up places is opened, searched, saved, packed::

    python training/benchmarks/album.py ../shared/data/im2gps3k_cc/photos --saved 5000
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
from datetime import datetime, timedelta
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

SIZE, QUALITY = (4000, 3000), 85
PAUSE_S = 5.0
_SAMPLE_S = 0.5
_PATIENCE_MS = 600_000
_FIELDS = {"memory": ("RssAnon", "RssShmem"), "memory, mapped files included": ("VmRSS",)}


def make_photos(source: Path, folder: Path, count: int) -> None:
    """Large photos out of small ones, no two the same: scaled up, and lighter from round to round.

    Args:
        source: Folder of JPEG files; what their EXIF blocks say is kept.
        folder: Where they go.
        count: How many.
    """
    given = sorted(path for path in source.iterdir() if path.suffix.lower() in (".jpg", ".jpeg"))
    for number in range(count):
        with Image.open(given[number % len(given)]) as small:
            exif = small.info.get("exif", b"")
            large = ImageOps.fit(small.convert("RGB"), SIZE)
        large = ImageEnhance.Brightness(large).enhance(1.0 + 0.1 * (number // len(given)))
        large.save(folder / f"{number:04d}.jpg", "JPEG", quality=QUALITY, exif=exif)


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


def write_saved(source: Path, path: Path, count: int) -> None:
    """A saved album with thumbnails of real photos and made-up places and times, each another one."""
    from geoclip_core.album.album import Album
    from geoclip_core.album.entry import AlbumPlace, Entry
    from geoclip_core.album.filling import thumbnail
    from geoclip_core.album.saved import album_bytes
    from geoclip_core.photo.decode import open_photo

    small = [thumbnail(open_photo(photo)) for photo in sorted(source.glob("*.jpg"))]
    entries = []
    for number in range(count):
        share = number / count
        where = (120.0 * share - 60.0, 360.0 * (37.0 * share % 1.0) - 180.0)  # on a spiral
        place = AlbumPlace(where, share, 1.0 + 500.0 * share, f"Place {number}", country_code="PT")
        taken = datetime(2024, 5, 1) + number * timedelta(minutes=7)
        name, picture = f"{number:04d}.jpg", small[number % len(small)]
        entries.append(Entry(number, name, "answered", (place,), "embedded", taken_at=taken, thumbnail=picture))
    path.write_bytes(album_bytes(Album(entries)))


def use_saved(album: Page, path: Path, count: int) -> Iterator[tuple[str, float]]:
    """What is done with a saved album, and the seconds until the page has shown it."""
    pins, idle = album.frame_locator("iframe").locator(".photo"), album.locator("[data-test-script-state=notRunning]")

    def counted(shown: int) -> None:
        album.get_by_text(f"{shown:,} of {count:,} photos ·").wait_for()
        idle.wait_for()

    def find(words: str, shown: int) -> None:
        album.get_by_label("Find").fill(words)
        album.get_by_label("Find").press("Enter")
        counted(shown)

    def opened() -> None:
        album.get_by_role("button", name="Open a saved album").click()
        album.get_by_test_id("stPopoverBody").locator("input[type=file]").set_input_files(path)
        counted(count)
        pins.first.wait_for()

    def saved() -> None:
        with album.expect_download() as download:
            album.get_by_role("button", name="Save the album").click()
        download.value.path()

    def packed() -> None:
        album.get_by_text("Take along").click()
        album.get_by_role("button", name="Make the zip").click()
        with album.expect_download() as download:
            album.get_by_role("button", name="Download the zip").click()
        download.value.path()

    album.get_by_text("Album", exact=True).first.click()
    for what, step in (
        ("opened, on the map", opened),
        ("one photo found", lambda: find("0042", 1)),
        ("all again", lambda: find("", count)),
        ("saved", saved),
        ("packed into a zip", packed),
    ):
        start = time.perf_counter()
        step()
        yield what, time.perf_counter() - start


def main(
    source: Annotated[Path, typer.Argument(help="Folder of photos to make large ones of", file_okay=False)],
    photos: Annotated[int, typer.Option(help="How many")] = 500,
    saved: Annotated[int, typer.Option(help="Open a saved album of so many photos instead")] = 0,
) -> None:
    """Fill an album, ask beside it, and print what it took."""
    if saved:
        with tempfile.TemporaryDirectory() as folder, served_by() as (address, server), watched(server) as most:
            path = Path(folder) / "saved.geoalbum"
            write_saved(source, path, saved)
            print(f"a saved album of {saved} photos   {path.stat().st_size / 1e6:.0f} MB")
            opened = visitors(address)
            for what, seconds in use_saved(next(opened), path, saved):
                print(f"{what:31s} {seconds:.1f} s")
            opened.close()  # type: ignore[attr-defined]
        for name, size in most.items():
            print(f"{name:31s} {size:.0f} MB at most")
        return
    with tempfile.TemporaryDirectory() as folder, served_by() as (address, server):
        make_photos(source, Path(folder), photos)
        opened = visitors(address)
        album, other = next(opened), next(opened)
        towns = [str(name) for name, *_ in json.loads(asset_path("web/towns.json").read_text(encoding="utf-8"))]
        ask(other, "Pyramids of Giza")
        load, used, start = os.getloadavg()[0], processor_seconds(server), time.perf_counter()
        waited: list[float] = []
        with watched(server) as most:
            album.get_by_text("Album", exact=True).first.click()
            album.get_by_label("Folder on this machine").fill(folder)
            album.get_by_role("button", name="Read folder").click()
            done = album.get_by_text(f"{photos:,} of {photos:,} photos ·")
            while not done.count():
                waited.append(ask(other, towns[len(waited)]))  # never the same twice, since answers are kept
                album.wait_for_timeout(1000 * PAUSE_S)
        taken = time.perf_counter() - start
        print(f"photos                          {photos} of {SIZE[0]} x {SIZE[1]} pixels")
        for name, size in most.items():
            print(f"{name:31s} {size:.0f} MB at most")
        print(f"each photo                      {taken / photos:.2f} s")
        print(f"the server's processor time     {processor_seconds(server) - used:.0f} s in {taken:.0f} s")
        print(f"a question beside it            {statistics.median(waited):.2f} s, {max(waited):.2f} s at most")
        print(f"questions; load before, after   {len(waited)}; {load:.1f}, {os.getloadavg()[0]:.1f}")
        opened.close()  # type: ignore[attr-defined]


if __name__ == "__main__":
    typer.run(main)

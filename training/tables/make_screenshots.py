"""Makes the pictures in ``docs/screenshots`` anew: ``python training/tables/make_screenshots.py [NAME ...]``.

The page is served from this checkout, opened in a headless browser of 1280 x 720 pixels with no tiles, and asked as a
visitor would. The album's photos are the samples of the package and drawn landscapes whose files state positions.
"""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from PIL import ExifTags, Image
from playwright.sync_api import Browser, FilePayload, Locator, Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from training.benchmarks.page import installed_browser, served  # noqa: E402

FOLDER = ROOT / "docs" / "screenshots"
LARGEST_BYTES = 300_000
COLOURS = 256
PATIENCE_MS = 400_000  # a busy machine takes minutes
DRAWN = {
    "lake.jpg": (46.4547, 6.9034),
    "cliff.jpg": (54.0806, 12.1302),
    "coast.jpg": (38.7804, -9.4989),
    "valley.png": None,
}
"""Drawn photos of ``tests/data``, and the positions that their copies state."""


@contextmanager
def browsing() -> Iterator[Browser]:
    """A browser of this machine."""
    with sync_playwright() as playwright:
        path = installed_browser(playwright)
        if path is None:
            raise typer.BadParameter("There is no browser: install chromium, or run `playwright install chromium`")
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


def visit(browser: Browser, address: str) -> Page:
    """The page of a new visitor, ready to be asked."""
    page = browser.new_context(viewport={"width": 1280, "height": 720}, reduced_motion="reduce").new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(address)
    page.get_by_text("not calibrated").first.wait_for()
    on_map(page, ".leaflet-container").wait_for()
    settle(page)
    return page


def settle(page: Page) -> None:
    """Wait until the page has shown what it was asked for."""
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    expect(page.locator("[data-stale=true]")).to_have_count(0)
    page.wait_for_timeout(500)  # fonts and pictures


def on_map(page: Page, selector: str) -> Locator:
    """Elements of the map."""
    return page.frame_locator("iframe").locator(selector)


def ask(page: Page, text: str) -> None:
    """Ask for a place."""
    page.get_by_label("Describe a place").fill(text)
    page.keyboard.press("Enter")
    settle(page)
    expect(on_map(page, ".pin").first).to_be_visible()


def world(page: Page) -> None:
    """The first screen of an answer."""
    ask(page, "Desert")


def city(page: Page) -> None:
    """A close view."""
    ask(page, "Boston, Massachusetts")


def ordinary(page: Page) -> None:
    """A photo of which only the kind of landscape can be told."""
    with Image.open(ROOT / "tests" / "data" / "cliff.jpg") as drawn:
        stream = io.BytesIO()
        drawn.convert("RGB").save(stream, "JPEG")
    photo = FilePayload(name="mountain.jpg", mimeType="image/jpeg", buffer=stream.getvalue())
    page.locator("input[type=file]").first.set_input_files(photo)
    expect(page.get_by_text("here is where such photos are taken").first).to_be_visible()
    expect(on_map(page, ".leaflet-image-layer").first).to_be_visible()


def claim(page: Page) -> None:
    """A claimed country, held against a view from above."""
    page.locator("input[type=file]").first.set_input_files(ROOT / "assets" / "samples" / "italy.jpg")
    page.get_by_role("tab", name="Check a claim").click()
    page.get_by_label("Claimed place").fill("Greece")
    page.keyboard.press("Enter")
    expect(page.get_by_text("What speaks for and against it")).to_be_visible()
    settle(page)
    page.get_by_label("Claimed place").scroll_into_view_if_needed()
    page.locator(".st-key-side").evaluate("panel => panel.scrollBy(0, 180)")


def album(page: Page) -> None:
    """Eight photos on one map and in one table, one of them confirmed."""
    with tempfile.TemporaryDirectory() as folder:
        photos(Path(folder))
        page.get_by_text("Album", exact=True).first.click()
        page.get_by_label("Folder on this machine").fill(folder)
        page.get_by_role("button", name="Read folder").click()
        found(page, "", "8 of 8 photos")
        found(page, "zealand", "1 of 8 photos")
        expect(on_map(page, ".photo")).to_have_count(1)
        on_map(page, ".photo").click()
        page.get_by_role("button", name="Confirm this place").click()
        expect(page.get_by_text("Confirmed by you")).to_be_visible()
        page.get_by_role("button", name="Close").click()
        found(page, "", "8 of 8 photos")
        expect(on_map(page, ".photo")).not_to_have_count(1)


def found(page: Page, words: str, count: str) -> None:
    """Filter the album by words, and wait for so many photos."""
    if words or page.get_by_label("Find").count():
        page.get_by_label("Find").fill(words)
        page.keyboard.press("Enter")
    expect(page.get_by_text(count)).to_be_visible()
    settle(page)


def photos(folder: Path) -> None:
    """Copy the samples, and the drawn photos with positions and times in their EXIF blocks."""
    for sample in sorted((ROOT / "assets" / "samples").glob("*.jpg")):
        (folder / sample.name).write_bytes(sample.read_bytes())
    for number, (name, latlon) in enumerate(DRAWN.items()):
        exif = Image.Exif()
        taken = datetime(2024, 5, 1, 10) + timedelta(days=number)
        exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = f"{taken:%Y:%m:%d %H:%M:%S}"
        if latlon is not None:
            tag = ExifTags.GPS
            exif.get_ifd(ExifTags.IFD.GPSInfo).update(
                {
                    tag.GPSLatitudeRef: "N" if latlon[0] >= 0 else "S",
                    tag.GPSLatitude: (abs(latlon[0]), 0.0, 0.0),
                    tag.GPSLongitudeRef: "E" if latlon[1] >= 0 else "W",
                    tag.GPSLongitude: (abs(latlon[1]), 0.0, 0.0),
                }
            )
        with Image.open(ROOT / "tests" / "data" / name) as drawn:
            drawn.convert("RGB").save(folder / Path(name).with_suffix(".jpg"), "JPEG", exif=exif, quality=90)


SCENES: dict[str, Callable[[Page], None]] = {scene.__name__: scene for scene in (world, city, album, ordinary, claim)}


def main(
    names: Annotated[list[str] | None, typer.Argument(help=f"Some of {', '.join(SCENES)}; else all")] = None,
) -> None:
    """Take the pictures."""
    expect.set_options(timeout=PATIENCE_MS)
    with served() as address, browsing() as browser:
        for name in names or SCENES:
            page = visit(browser, address)
            SCENES[name](page)
            page.mouse.move(0, 0)
            settle(page)
            picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
            page.context.close()
            stream = io.BytesIO()
            picture.quantize(COLOURS, dither=Image.Dither.NONE).save(stream, "PNG", optimize=True)
            if len(stream.getvalue()) > LARGEST_BYTES:
                raise SystemExit(f"{name} has {len(stream.getvalue()):,} bytes; at most {LARGEST_BYTES:,} are wanted")
            (FOLDER / f"{name}.png").write_bytes(stream.getvalue())
            typer.echo(f"{name}.png: {len(stream.getvalue()) // 1000} kB")


if __name__ == "__main__":
    typer.run(main)

"""What a visitor does in a browser, step by step."""

from __future__ import annotations

import os

from playwright.sync_api import FrameLocator, Page, expect

from tests.page.browser.conftest import PATIENCE_MS, PHONE_SIZE, ROOT, Visit

expect.set_options(timeout=PATIENCE_MS)
DARK = {"color_scheme": "dark"}
PHONE = {"viewport": PHONE_SIZE, "is_mobile": True, "has_touch": True, "user_agent": "Phone Mobile"}


def map_of(page: Page) -> FrameLocator:
    return page.frame_locator("iframe")


def ask(page: Page, text: str) -> None:
    page.get_by_label("Describe a place").fill(text)
    page.keyboard.press("Enter")
    settle(page)


def settle(page: Page) -> None:
    """Wait until the page has shown what it was asked for."""
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    expect(page.locator("[data-stale=true]")).to_have_count(0)


def show_photo(page: Page, *photos: tuple[str, bytes]) -> None:
    files = [{"name": name, "mimeType": "image/jpeg", "buffer": data} for name, data in photos]
    page.locator("input[type=file]").set_input_files(files)


def picture(visit: Visit, name: str) -> None:
    """Keep a screenshot for the README when asked to."""
    if os.environ.get("GEOCLIP_SCREENSHOTS"):
        visit.page.mouse.move(0, 0)
        expect(visit.page.get_by_role("tooltip")).to_have_count(0)
        folder = ROOT / "docs" / "screenshots"
        folder.mkdir(parents=True, exist_ok=True)
        phone = visit.page.viewport_size == PHONE_SIZE
        visit.page.screenshot(path=folder / f"{name}{'-phone' if phone else ''}.png")


def view(page: Page) -> dict[str, float]:
    seen: dict[str, float] = (
        map_of(page)
        .locator(".leaflet-container")
        .evaluate("() => ({zoom: window.map.getZoom(), ...window.map.getCenter()})")
    )
    return seen


def turned(page: Page, lowest: float, highest: float = 18, at: tuple[float, ...] = ()) -> None:
    """Wait until the map has turned to a zoom between two, near a latitude and longitude, give or take some degrees."""
    frame = page.locator("iframe").element_handle().content_frame()
    assert frame is not None
    frame.wait_for_function(
        """([lowest, highest, at]) => {
            if (!window.map) return false;  // the frame is there, and its map not yet
            const {lat, lng} = window.map.getCenter();
            const there = !at.length || Math.max(Math.abs(lat - at[0]), Math.abs(lng - at[1])) < at[2];
            return there && window.map.getZoom() >= lowest && window.map.getZoom() <= highest;
        }""",
        arg=[lowest, highest, at],
    )
    settle(page)


def restrict(page: Page, text: str) -> None:
    """Choose or type a region, once the page has stopped changing the field."""
    settle(page)
    region = page.get_by_role("combobox", name="Search in")
    region.fill(text)
    expect(region).to_have_value(text)
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")


def land_is_drawn(page: Page) -> None:
    drawn = """canvas => {
        const {width, height} = canvas;
        return canvas.getContext("2d").getImageData(0, 0, width, height).data.some((v, i) => i % 4 == 3 && v > 0);
    }"""
    canvas = map_of(page).locator(".leaflet-land-pane canvas")
    canvas.wait_for()
    assert canvas.evaluate(drawn)


def on_map(page: Page, lat: float, lng: float) -> tuple[float, float]:
    """Where a point of the Earth is on the screen."""
    frame = page.locator("iframe")
    frame.scroll_into_view_if_needed()
    box = frame.bounding_box()
    assert box is not None
    x, y = (
        map_of(page)
        .locator(".leaflet-container")
        .evaluate("(_, at) => { const p = window.map.latLngToContainerPoint(at); return [p.x, p.y]; }", [lat, lng])
    )
    return box["x"] + x, box["y"] + y


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*end, steps=6)
    page.mouse.up()

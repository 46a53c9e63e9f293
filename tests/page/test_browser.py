"""The page in a real browser, with every request beyond this machine cut and counted as a failure."""

from __future__ import annotations

import os
import re

import pytest
from playwright.sync_api import FrameLocator, Page, expect

from tests.page.conftest import PATIENCE_MS, ROOT, Visit

expect.set_options(timeout=PATIENCE_MS)
DARK = {"color_scheme": "dark"}
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True, "user_agent": "Phone Mobile"}
NASTY = "<img src=x onerror=alert(1)> **bold** :red[red] [link](http://evil.example) www.evil.example :smile: $x^2$"


def map_of(page: Page) -> FrameLocator:
    return page.frame_locator("iframe")


def ask(page: Page, text: str) -> None:
    page.get_by_label("Describe a place").fill(text)
    page.keyboard.press("Enter")


def show_photo(page: Page, name: str, data: bytes) -> None:
    page.locator("input[type=file]").set_input_files({"name": name, "mimeType": "image/jpeg", "buffer": data})


def picture(visit: Visit, name: str) -> None:
    """Keep a screenshot for the README when asked to."""
    if os.environ.get("GEOCLIP_SCREENSHOTS"):
        visit.page.mouse.move(0, 0)
        expect(visit.page.get_by_role("tooltip")).to_have_count(0)
        folder = ROOT / "docs" / "screenshots"
        folder.mkdir(parents=True, exist_ok=True)
        visit.page.screenshot(path=folder / f"{name}.png")


def view(page: Page) -> dict[str, float]:
    seen: dict[str, float] = (
        map_of(page)
        .locator(".leaflet-container")
        .evaluate("() => ({zoom: window.map.getZoom(), ...window.map.getCenter()})")
    )
    return seen


def land_is_drawn(page: Page) -> None:
    drawn = """canvas => {
        const {width, height} = canvas;
        return canvas.getContext("2d").getImageData(0, 0, width, height).data.some((v, i) => i % 4 == 3 && v > 0);
    }"""
    canvas = map_of(page).locator(".leaflet-land-pane canvas")
    canvas.wait_for()
    assert canvas.evaluate(drawn)


def test_a_text_gets_a_heat_map_and_places(visit: Visit) -> None:
    page = visit.page
    ask(page, "Desert")
    expect(page.get_by_text("What the answer rests on")).to_be_visible()
    expect(map_of(page).locator("img.leaflet-image-layer")).to_be_visible()
    pins = map_of(page).locator(".pin")
    expect(pins).to_have_count(5)
    expect(page.get_by_role("link", name="OpenStreetMap")).to_have_count(5)
    expect(page.get_by_role("link", name="Google Maps")).to_have_count(5)
    land_is_drawn(page)
    assert view(page)["zoom"] >= 1  # the world fills the width
    picture(visit, "world")
    visit.clean()


def test_a_click_on_a_place_flies_to_its_surroundings_and_back(visit: Visit) -> None:
    page = visit.page
    ask(page, "Boston, Massachusetts")
    page.get_by_role("button", name=re.compile("^1 Boston")).click()
    expect(page.get_by_text("50 km around")).to_be_visible()
    expect(map_of(page).locator(".town", has_text="Quincy")).to_be_visible()
    seen = view(page)
    assert seen["zoom"] >= 9
    assert (seen["lat"], seen["lng"]) == pytest.approx((42.36, -71.06), abs=0.1)
    picture(visit, "city")
    page.get_by_role("button", name="World").click()
    expect(map_of(page).locator(".town")).to_have_count(0)
    assert view(page)["zoom"] < 3
    visit.clean()


def test_a_click_on_a_pin_does_the_same_again_and_again(visit: Visit) -> None:
    page = visit.page
    ask(page, "Pyramids of Giza")
    for _ in range(2):
        map_of(page).locator(".pin").first.click()
        expect(page.get_by_text("50 km around")).to_be_visible()
        expect(map_of(page).locator(".town").first).to_be_visible()
        assert view(page)["zoom"] >= 9
        page.get_by_role("button", name="World").click()
        expect(map_of(page).locator(".town")).to_have_count(0)
    visit.clean()


def test_panning_and_zooming_rerun_nothing(visit: Visit) -> None:
    page = visit.page
    ask(page, "Pyramids of Giza")
    expect(map_of(page).locator(".pin").first).to_be_visible()
    container = map_of(page).locator(".leaflet-container")
    calls = container.evaluate(
        """async () => {
            let calls = 0;
            const send = window.Streamlit.setComponentValue;
            window.Streamlit.setComponentValue = (value) => { calls += 1; send(value); };
            const settled = new Promise((done) => window.map.once("moveend", done));
            window.map.setView([10, 100], window.map.getZoom() + 1);
            await settled;
            // st_folium speaks a quarter of a second after the last event, if it has anything to say.
            await new Promise((done) => setTimeout(done, 500));
            return calls;
        }"""
    )
    assert calls == 0
    assert view(page)["lng"] == pytest.approx(100, abs=1)
    visit.clean()


@pytest.mark.parametrize("visit", [DARK], indirect=True, ids=["dark"])
def test_a_photo_with_a_position(visit: Visit, located_photo: bytes) -> None:
    page = visit.page
    show_photo(page, "sunset.jpg", located_photo)
    expect(page.get_by_text("What the photo's file says")).to_be_visible()
    expect(page.get_by_text("33.85840° S, 151.21500° E")).to_be_visible()
    expect(map_of(page).locator(".leaflet-container.dark")).to_be_visible()
    map_of(page).locator(".pin").first.click()
    expect(map_of(page).locator(".town", has_text="Sydney")).to_be_visible()
    picture(visit, "photo-dark")
    visit.clean()


def test_a_photo_without_evidence(visit: Visit, grey_photo: bytes) -> None:
    page = visit.page
    show_photo(page, "grey.jpg", grey_photo)
    expect(page.get_by_text("No evidence in this photo")).to_be_visible()
    expect(page.get_by_text("Nothing about place, time or camera")).to_be_visible()
    expect(map_of(page).locator(".pin")).to_have_count(0)
    picture(visit, "no-evidence")
    visit.clean()


def test_a_file_that_is_no_photo(visit: Visit) -> None:
    page = visit.page
    show_photo(page, "<b>x</b>.jpg", b"<script>alert(1)</script>")
    expect(page.get_by_text("is not an image that can be read")).to_be_visible()
    assert page.locator("b", has_text="x").count() == 0
    visit.clean()


def test_what_a_person_types_stays_text(visit: Visit) -> None:
    page = visit.page
    opened: list[str] = []
    page.on("dialog", lambda dialog: (opened.append(dialog.message), dialog.dismiss()))
    ask(page, NASTY)
    message = page.get_by_test_id("stAlert")
    expect(message).to_be_visible()
    shown = message.inner_text().replace("\u2060", "")
    assert "**bold** :red[red] [link](http://evil.example) www.evil.example :smile: $x^2$" in shown
    for made in ("img[src=x]", "a[href*=evil]", ".katex", "strong:has-text('bold')", "span:text-is('red')"):
        assert page.locator(made).count() == 0
    assert opened == []
    visit.clean()


def test_a_region_can_be_typed_and_nonsense_is_explained(visit: Visit) -> None:
    page = visit.page
    ask(page, "Paris")
    expect(page.get_by_text("What the answer rests on")).to_be_visible()
    region = page.get_by_role("combobox")
    region.fill("Atlantis")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("stAlert")).to_contain_text("Atlantis")
    region.fill("25,-107,37,-93")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name=re.compile("^1 Paris, Texas"))).to_be_visible()
    visit.clean()


def test_the_full_model_is_fetched_only_after_a_confirmation_and_a_failure_is_told(visit: Visit) -> None:
    page = visit.page
    page.get_by_role("button", name="Model: embedded").click()
    get = page.get_by_role("button", name=re.compile("^Get the full model"))
    get.click()
    expect(page.get_by_text("huggingface.co")).to_be_visible()
    picture(visit, "model")
    page.get_by_role("button", name="Not now").click()
    expect(page.get_by_text("huggingface.co")).to_have_count(0)
    assert page.get_by_test_id("stAlert").count() == 0
    get.click()
    page.get_by_role("button", name="Download").click()
    expect(page.get_by_test_id("stAlert")).to_contain_text("could not be fetched")
    expect(page.get_by_text("Model: embedded")).to_be_visible()
    visit.clean()


@pytest.mark.parametrize("visit", [PHONE], indirect=True, ids=["phone"])
def test_a_phone_shows_everything_in_its_width(visit: Visit) -> None:
    page = visit.page
    ask(page, "Pyramids of Giza")
    expect(map_of(page).locator(".pin").first).to_be_visible()
    expect(page.get_by_role("link", name="OpenStreetMap").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert view(page)["zoom"] < 1.5
    page.locator("iframe").scroll_into_view_if_needed()
    picture(visit, "phone")
    visit.clean()

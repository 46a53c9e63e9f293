"""The page in a real browser, with every request beyond this machine cut and counted as a failure."""

from __future__ import annotations

import csv
import io
import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import rasterio
from PIL import Image
from playwright.sync_api import Browser, expect

from tests.page.browser.conftest import ROOT, Visit, open_page
from tests.page.browser.steps import (
    DARK,
    PHONE,
    ask,
    drag,
    map_of,
    on_map,
    picture,
    restrict,
    settle,
    show_photo,
    turned,
)

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NASTY = "<img src=x onerror=alert(1)> **bold** :red[red] [link](http://evil.example) www.evil.example :smile: $x^2$"


@pytest.mark.parametrize("visit", [DARK], indirect=True, ids=["dark"])
def test_photos_their_files_and_a_known_position(visit: Visit, located_photo: bytes, grey_photo: bytes) -> None:
    page, tools = visit.page, map_of(visit.page)
    show_photo(page, ("sunset.jpg", located_photo), ("grey.jpg", grey_photo))
    expect(tools.locator(".leaflet-container.dark")).to_be_visible()
    expect(tools.locator(".pin")).not_to_have_count(0)
    settle(page)
    page.get_by_role("tab", name="Photos").click()
    expect(page.get_by_text("33.85840° S, 151.21500° E")).to_be_visible()
    expect(page.get_by_text("Nothing about place, time or camera")).to_be_visible()
    tools.locator(".pin").first.click()
    expect(tools.locator(".town", has_text="Sydney").first).to_be_visible()
    settle(page)
    picture(visit, "photo-dark")
    page.get_by_role("tab", name="Known position").click()
    page.get_by_role("button", name="As the photo says").click()
    expect(page.get_by_text("of 5,000")).to_be_visible()
    page.get_by_role("button", name="World").click()
    turned(page, 0, 3)
    page.mouse.click(*on_map(page, -10.0, 120.0))
    tools.get_by_role("button", name="It was here").click()
    expect(tools.locator(".km")).to_contain_text(re.compile(r"4,\d\d\d km"))
    expect(tools.locator(".pin.known")).to_be_visible()
    picture(visit, "known-position")
    visit.clean()


def test_a_photo_is_pasted_from_the_clipboard(visit: Visit) -> None:
    page = visit.page
    stream = io.BytesIO()
    Image.open(ROOT / "assets" / "samples" / "lake_victoria.jpg").save(stream, format="PNG")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate(
        """async (bytes) => {
            const photo = new Blob([new Uint8Array(bytes)], {type: "image/png"});
            await navigator.clipboard.write([new ClipboardItem({"image/png": photo})]);
        }""",
        list(stream.getvalue()),
    )
    page.keyboard.press("Control+V")
    expect(page.get_by_test_id("stFileUploader")).to_contain_text("image.png")
    expect(page.get_by_role("button", name=re.compile("^1 .*(Uganda|Tanzania|Kenya)"))).to_be_visible()
    page.get_by_label("Describe a place").focus()
    page.evaluate("navigator.clipboard.writeText('Mount Fuji')")
    page.keyboard.press("Control+V")  # a text is pasted where the cursor is
    expect(page.get_by_label("Describe a place")).to_have_value("Mount Fuji")
    visit.clean()


def test_everything_can_be_taken_along_and_a_link_asks_again(visit: Visit, tmp_path: Path) -> None:
    page = visit.page
    ask(page, "Pyramids of Giza")
    page.get_by_role("tab", name="Take along").click()
    files: dict[str, bytes] = {}
    for name in ("GeoJSON", "KML", "CSV", "GeoTIFF", "PNG"):
        with page.expect_download() as download:
            page.get_by_role("button", name=name, exact=True).click()
        download.value.save_as(tmp_path / name)
        files[name] = (tmp_path / name).read_bytes()
    lon, lat = json.loads(files["GeoJSON"])["features"][0]["geometry"]["coordinates"]
    assert (lat, lon) == pytest.approx((29.977, 31.133), abs=0.01)
    assert ET.fromstring(files["KML"]).tag.endswith("kml")
    assert float(next(csv.DictReader(io.StringIO(files["CSV"].decode())))["latitude"]) == pytest.approx(lat)
    with rasterio.open(tmp_path / "GeoTIFF") as field:
        assert field.read(1).sum() == pytest.approx(1, abs=1e-3)
        assert field.crs == "EPSG:4326"
    assert Image.open(io.BytesIO(files["PNG"])).width >= 800
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Ask the same text again").click()
    again = opened.value
    expect(again.get_by_role("button", name=re.compile("^1 .*Pyramids of Giza"))).to_be_visible()
    expect(again.get_by_label("Describe a place")).to_have_value("Pyramids of Giza")
    visit.clean()


def test_two_answers_on_one_map_and_the_sample_gallery(visit: Visit) -> None:
    page, tools = visit.page, map_of(visit.page)
    page.get_by_role("button", name="Pyramids of Giza").click()
    expect(tools.locator(".pin")).to_have_count(1)
    page.get_by_role("button", name="Desert").click()
    expect(tools.locator(".pin").nth(1)).to_be_visible()  # several
    settle(page)
    page.get_by_role("tab", name="Compare").click()
    choice = page.get_by_role("combobox", name="Compare with an earlier answer")
    choice.scroll_into_view_if_needed()
    choice.click()
    page.get_by_role("option", name="Pyramids").click()
    expect(tools.locator(".pin.other")).to_have_count(1)
    expect(page.get_by_text("A · Pyramids of Giza")).to_be_visible()
    picture(visit, "compare")
    settle(page)
    page.get_by_role("button", name="Sample photos").click()
    page.get_by_role("button", name="Lake Victoria").click()
    expect(page.get_by_text("Sample: Lake Victoria")).to_be_visible()
    visit.clean()


def test_two_visitors_ask_at_once(browser: Browser, address: str) -> None:
    first, second = open_page(browser, address), open_page(browser, address)
    one, other = next(first), next(second)
    for visit, text in ((one, "Eiffel Tower"), (other, "Mount Fuji")):
        visit.page.get_by_label("Describe a place").fill(text)
        visit.page.keyboard.press("Enter")
    expect(one.page.get_by_role("button", name=re.compile("^1 .*Eiffel Tower"))).to_be_visible()
    expect(other.page.get_by_role("button", name=re.compile("^1 .*Fuji"))).to_be_visible()
    for visit in (one, other):
        visit.clean()
    for opened in (first, second):
        assert next(opened, None) is None


def test_a_photo_without_evidence(visit: Visit, grey_photo: bytes) -> None:
    page = visit.page
    show_photo(page, ("grey.jpg", grey_photo))
    expect(page.get_by_text("No evidence in this photo")).to_be_visible()
    expect(page.get_by_text("Nothing about place, time or camera")).to_be_visible()
    expect(map_of(page).locator(".pin")).to_have_count(0)
    picture(visit, "no-evidence")
    ask(page, "Paris, France")  # the words then answer alone, and weigh what they are told to
    expect(page.get_by_role("button", name=re.compile("^1 .*Paris"))).to_be_visible()
    expect(page.get_by_text("Weight of the text against the photos")).to_be_visible()
    visit.clean()


def test_a_file_that_is_no_photo(visit: Visit) -> None:
    page = visit.page
    show_photo(page, ("<b>x</b>.jpg", b"<script>alert(1)</script>"))
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


def test_the_network_is_cut_and_a_try_to_reach_it_is_noticed(visit: Visit) -> None:
    tried = """address => new Promise(done => {
        const [reached, failed] = [() => done(true), () => done(false)];
        if (address.startsWith("http")) return fetch(address, {mode: "no-cors"}).then(reached, failed);
        Object.assign(new WebSocket(address), {onopen: reached, onerror: failed});
    })"""
    addresses = ["http://192.0.2.1/a", "https://example.com/b", "ws://example.com/c"]
    assert [visit.page.evaluate(tried, there) for there in addresses] == [False, False, False]
    assert visit.outside == addresses


def test_the_full_model_is_fetched_only_after_a_confirmation_and_a_failure_is_told(visit: Visit) -> None:
    page = visit.page
    settle(page)
    page.get_by_role("button", name="Model: embedded").click()
    settle(page)
    get = page.get_by_role("button", name=re.compile("^Get the full model"))
    get.click()
    expect(page.get_by_text("huggingface.co")).to_be_visible()
    picture(visit, "model")
    settle(page)
    page.get_by_role("button", name="Not now").click()
    expect(page.get_by_text("huggingface.co")).to_have_count(0)
    settle(page)
    assert page.get_by_test_id("stAlert").count() == 0
    get.click()
    expect(page.get_by_text("huggingface.co")).to_be_visible()
    settle(page)
    page.get_by_role("button", name="Download").click()
    expect(page.get_by_test_id("stAlert")).to_contain_text("could not be fetched")
    expect(page.get_by_text("Model: embedded")).to_be_visible()
    visit.clean()


@pytest.mark.parametrize("visit", [PHONE], indirect=True, ids=["phone"])
def test_a_phone_shows_and_does_everything_in_its_width(visit: Visit) -> None:
    page, tools = visit.page, map_of(visit.page)
    ask(page, "Pyramids of Giza")
    expect(tools.locator(".pin").first).to_be_visible()
    expect(page.get_by_role("link", name="OpenStreetMap").first).to_be_visible()
    expect(tools.locator(".legend")).to_contain_text("probability per km²")
    expect(tools.get_by_label("Opacity of the heat")).to_be_visible()
    visit.fits()
    turned(page, 8)  # on the answer
    page.get_by_role("button", name="World").tap()
    turned(page, 0, 1.5)
    page.locator("iframe").scroll_into_view_if_needed()
    picture(visit, "giza")
    page.get_by_role("button", name=re.compile("^1 .*Pyramids")).tap()
    turned(page, 8)
    page.touchscreen.tap(*on_map(page, 29.9, 31.2))
    tools.get_by_role("button", name="Look here: 5 km").tap()
    turned(page, 11, at=(29.9, 31.2, 0.03))
    tools.get_by_role("button", name="Draw a box").tap()
    drag(page, on_map(page, 29.91, 31.19), on_map(page, 29.89, 31.21))
    tools.get_by_role("button", name="Look closer here").tap()
    turned(page, 12, at=(29.9, 31.2, 0.03))
    for tab in ("Evidence", "Known position", "Compare", "Take along"):
        page.get_by_role("tab", name=tab).tap()
        visit.fits()
    page.get_by_role("button", name="World").tap()
    turned(page, 0, 2)
    restrict(page, "Egypt")
    expect(page.get_by_text("Restricted to Egypt")).to_be_visible()
    visit.clean()

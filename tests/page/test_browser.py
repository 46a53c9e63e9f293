"""The page in a real browser, with every request beyond this machine cut and counted as a failure."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import threading
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import rasterio
from PIL import Image
from playwright.sync_api import Browser, FrameLocator, Page, expect

from geoclip_core.locate.locator import load_locator
from geoclip_core.maps.palette import ramp
from tests.page.conftest import PATIENCE_MS, ROOT, Visit, jpeg, open_page, position_exif, serve
from ui import views

expect.set_options(timeout=PATIENCE_MS)
DARK = {"color_scheme": "dark"}
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True, "user_agent": "Phone Mobile"}
NASTY = "<img src=x onerror=alert(1)> **bold** :red[red] [link](http://evil.example) www.evil.example :smile: $x^2$"
# Pixel (column, row) of the drawn picture with the strongest colour that is nearest to where the map puts a point,
# and that point, both in pixels of the picture.
STRONGEST = """async (image, [colour, [lat, lng]]) => {
    await image.decode();
    const {naturalWidth: width, naturalHeight: height} = image;
    const canvas = Object.assign(document.createElement("canvas"), {width, height});
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0);
    const pixels = context.getImageData(0, 0, width, height).data;
    const frame = image.getBoundingClientRect();
    const [low, high] = [[0, 0], [0, 360]].map(([a, b]) => window.map.latLngToContainerPoint([lat + a, lng + b]));
    const inside = (p) => p.x >= frame.left && p.x <= frame.right;
    const point = inside(low) || !inside(high) ? low : high;
    const [across, down] = [(point.x - frame.left) / frame.width, (point.y - frame.top) / frame.height];
    const there = [across * width - 0.5, down * height - 0.5];
    let best = null;
    for (let i = 0; i < pixels.length; i += 4) {
        const off = colour.reduce((sum, value, channel) => sum + Math.abs(value - pixels[i + channel]), 0);
        const at = [(i / 4) % width, Math.floor(i / 4 / width)];
        const away = Math.hypot(at[0] - there[0], at[1] - there[1]);
        if (!best || off < best.off || (off === best.off && away < best.away)) best = {off, away, at};
    }
    return [best.at, there];
}"""
FIRST_LOAD_BYTES = 3_000_000
ANSWER_BYTES = 300_000


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
        visit.page.screenshot(path=folder / f"{name}.png")


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
            const {lat, lng} = window.map.getCenter();
            const there = !at.length || Math.max(Math.abs(lat - at[0]), Math.abs(lng - at[1])) < at[2];
            return there && window.map.getZoom() >= lowest && window.map.getZoom() <= highest;
        }""",
        arg=[lowest, highest, at],
    )
    settle(page)


def restrict(page: Page, text: str) -> None:
    """Choose or type a region."""
    region = page.get_by_role("combobox", name="Search in")
    region.fill(text)
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


def test_from_the_world_to_the_street_and_back(visit: Visit) -> None:
    page, tools = visit.page, map_of(visit.page)
    assert visit.fetched + visit.said < FIRST_LOAD_BYTES
    before = visit.said
    ask(page, "Boston, Massachusetts")
    expect(tools.locator("img.leaflet-image-layer")).to_be_visible()
    expect(tools.locator(".legend")).to_contain_text("probability per km²")
    expect(tools.locator(".legend")).to_contain_text(re.compile(r"90 % in .*km²"))
    land_is_drawn(page)
    assert visit.said - before < ANSWER_BYTES
    assert view(page)["zoom"] >= 1  # the world fills the width

    before = visit.said
    page.get_by_role("button", name=re.compile("^1 .*Boston")).click()
    expect(tools.locator(".town", has_text="Quincy")).to_be_visible()
    turned(page, 9, at=(42.36, -71.06, 0.1))
    assert visit.said - before < ANSWER_BYTES
    city = view(page)
    picture(visit, "city")

    page.get_by_role("button", name="Closer: 5 km").click()
    turned(page, 12.5, at=(42.36, -71.06, 0.1))
    expect(page.get_by_role("button", name="5 km", exact=True)).to_be_disabled()
    picture(visit, "street")
    page.get_by_role("button", name="Boston, Massachusetts, United States", exact=True).click()
    turned(page, 9, 12)
    assert view(page) == pytest.approx(city, abs=0.01)
    page.get_by_role("button", name="World").click()
    turned(page, 1, 3)
    visit.clean()


def test_looking_closer_by_hand(visit: Visit) -> None:
    page, tools = visit.page, map_of(visit.page)
    ask(page, "Desert")
    expect(tools.locator(".pin")).to_have_count(5)
    picture(visit, "world")

    page.mouse.click(*on_map(page, 0.0, -30.0))  # anywhere
    tools.get_by_role("button", name="Look here: 50 km").click()
    turned(page, 9, at=(0.0, -30.0, 1))
    page.get_by_role("button", name="World").click()
    turned(page, 1, 3)

    tools.get_by_role("button", name="Draw a box").click()
    drag(page, on_map(page, 36, -12), on_map(page, 12, 36))
    tools.get_by_role("button", name="Look closer here").click()
    expect(page.get_by_text("of the answer lies in this view")).to_be_visible()
    turned(page, 3, 6, at=(24, 12, 4))

    tools.locator(".leaflet-container").evaluate("() => { window.map.setView([25.5, 3.0], 9, {animate: false}); }")
    tools.get_by_role("button", name="Look closer").focus()
    page.keyboard.press("Enter")  # the keyboard will do
    expect(page.get_by_role("button", name=re.compile(r"\d km$"))).to_have_count(2)  # the box and the close view
    turned(page, 7, at=(25.5, 3.0, 0.2))
    tools.locator(".pin").first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Closer: 5 km")).to_be_visible()
    visit.clean()


def test_panning_zooming_and_opacity_rerun_nothing(visit: Visit) -> None:
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
    map_of(page).get_by_label("Opacity of the heat").fill("0.3")
    expect(map_of(page).locator("img.leaflet-image-layer")).to_have_css("opacity", "0.3")
    visit.clean()


def test_names_thin_out_by_population_at_every_zoom(visit: Visit) -> None:
    page = visit.page
    names = map_of(page).locator(".town")
    expect(names.filter(has_text="London")).to_be_visible()
    expect(names.filter(has_text="Brighton")).to_have_count(0)
    assert 10 < names.count() < 80
    map_of(page).locator(".leaflet-container").evaluate("() => { window.map.setView([51, 0], 8, {animate: false}); }")
    expect(names.filter(has_text="Brighton")).to_be_visible()
    boxes = names.evaluate_all("all => all.map((n) => n.firstChild.getBoundingClientRect().toJSON())")
    for index, one in enumerate(boxes):
        for other in boxes[index + 1 :]:
            apart = one["right"] <= other["left"] or other["right"] <= one["left"]
            assert apart or one["bottom"] <= other["top"] + 4 or other["bottom"] <= one["top"] + 4
    visit.clean()


def test_the_search_is_restricted_in_every_way(visit: Visit) -> None:
    page, tools = visit.page, map_of(visit.page)
    ask(page, "Paris")
    clear = page.get_by_test_id("stMultiSelect").get_by_role("button", name="Clear all")
    restrict(page, "Atlantis")
    expect(page.get_by_test_id("stAlert")).to_contain_text("Atlantis")
    clear.click()
    expect(tools.locator(".pin").first).to_be_visible()
    restrict(page, "United States")
    expect(page.get_by_role("button", name=re.compile("^1 .*Paris, Texas"))).to_be_visible()
    expect(page.get_by_text(re.compile(r"Restricted to United States: before, [\d.]+ %"))).to_be_visible()
    clear.click()
    expect(page.get_by_text("Restricted to")).to_have_count(0)
    turned(page, 1, 3)

    page.mouse.click(*on_map(page, 46.0, 2.0))
    tools.get_by_role("button", name="Search around here").click()
    expect(page.get_by_text("Restricted to within 500 km")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^1 .*Paris.*France"))).to_be_visible()
    turned(page, 4, at=(46.0, 2.0, 2))
    picture(visit, "restricted")
    page.get_by_role("button", name="World").click()
    turned(page, 1, 3)
    tools.get_by_role("button", name="Draw a box").click()
    drag(page, on_map(page, 40, -110), on_map(page, 28, -90))
    tools.get_by_role("button", name="Search only in here").click()
    expect(page.get_by_role("button", name=re.compile("^1 .*Paris, Texas"))).to_be_visible()
    expect(page.get_by_text("Restricted to latitude")).to_be_visible()
    visit.clean()


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
    turned(page, 1, 3)
    page.mouse.click(*on_map(page, -10.0, 120.0))
    tools.get_by_role("button", name="It was here").click()
    expect(tools.locator(".km")).to_contain_text(re.compile(r"4,\d\d\d km"))
    expect(tools.locator(".pin.known")).to_be_visible()
    picture(visit, "known-position")
    visit.clean()


def test_a_photo_is_pasted_from_the_clipboard(visit: Visit, located_photo: bytes) -> None:
    page = visit.page
    page.evaluate(
        """(bytes) => {
            const data = new DataTransfer();
            data.items.add(new File([new Uint8Array(bytes)], "pasted.jpg", {type: "image/jpeg"}));
            const event = new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true});
            document.body.dispatchEvent(event);
        }""",
        list(located_photo),
    )
    expect(page.get_by_role("button", name=re.compile("^1 .*Sydney"))).to_be_visible()
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
    link = page.get_by_test_id("stCode").inner_text().strip()
    assert link.startswith("http://localhost")
    page.goto(link)
    expect(page.get_by_role("button", name=re.compile("^1 .*Pyramids of Giza"))).to_be_visible()
    expect(page.get_by_label("Describe a place")).to_have_value("Pyramids of Giza")
    visit.clean()


def test_two_answers_on_one_map_and_the_sample_gallery(visit: Visit) -> None:
    page, tools = visit.page, map_of(visit.page)
    page.get_by_role("button", name="Pyramids of Giza").click()
    expect(tools.locator(".pin")).to_have_count(1)
    page.get_by_role("button", name="Desert").click()
    expect(tools.locator(".pin")).to_have_count(5)
    settle(page)
    page.get_by_role("tab", name="Compare").click()
    choice = page.get_by_role("combobox", name="Compare with an earlier answer")
    choice.scroll_into_view_if_needed()
    choice.click()
    page.get_by_role("option", name="Pyramids").click()
    expect(tools.locator(".pin.other")).to_have_count(1)
    expect(page.get_by_text("A · Pyramids of Giza")).to_be_visible()
    picture(visit, "compare")
    page.get_by_role("button", name="Sample photos").click()
    page.get_by_role("button", name="Sri Lanka").click()
    expect(page.get_by_text("Sample: Sri Lanka")).to_be_visible()
    visit.clean()


@pytest.mark.parametrize(
    "latlon",
    [(25.197, 55.274), (78.223, 15.646), (-16.85, 179.97)],
    ids=["city", "near the pole", "across the antimeridian"],
)
def test_the_peak_of_the_overlay_is_where_the_field_says(visit: Visit, latlon: tuple[float, float]) -> None:
    page = visit.page
    photo = jpeg(Image.new("RGB", (64, 48)), exif=position_exif(latlon))
    show_photo(page, ("photo.jpg", photo))
    image = map_of(page).locator("img.leaflet-image-layer")
    expect(image).to_be_visible()
    settle(page)
    locator = load_locator("embedded")
    answer = locator.locate(photo)
    assert answer.candidates[0].latlon == pytest.approx(latlon, abs=0.01)
    for shown in (views.WORLD, views.around(answer.candidates[0].latlon, views.CITY_KM)):
        if shown is not views.WORLD:
            page.get_by_role("button", name=re.compile("^1 ")).click()
            turned(page, 8)
        peak = locator.field(answer.query, shown.window).peak
        strongest, there = image.evaluate(STRONGEST, [ramp(False)[-1].tolist(), list(peak)])
        assert max(abs(a - b) for a, b in zip(strongest, there, strict=True)) <= 1
    visit.clean()


class _Tile(BaseHTTPRequestHandler):
    """A tile server: every tile is the same."""

    def do_GET(self) -> None:
        stream = io.BytesIO()
        Image.new("RGB", (256, 256), (200, 220, 200)).save(stream, format="PNG")
        self.send_response(200)
        self.send_header("Content-Type", "image/png")
        self.end_headers()
        self.wfile.write(stream.getvalue())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def tile_server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Tile) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_public_page_with_a_network(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory, tile_server: str
) -> None:
    tiles, light = (f"{tile_server}/{name}/{{z}}/{{x}}/{{y}}.png" for name in ("osm", "light"))
    for address in serve(tmp_path_factory, tiles, "--demo", light_tiles=light):
        for visit in open_page(browser, address):
            page, tools = visit.page, map_of(visit.page)
            expect(tools.locator("img.leaflet-tile[src*='/osm/']").first).to_be_visible()
            expect(tools.locator(".town")).to_have_count(0)  # the tiles have names of their own
            tools.locator(".leaflet-control-layers").hover()
            tools.get_by_label("Light").check()
            expect(tools.locator("img.leaflet-tile[src*='/light/']").first).to_be_visible()
            expect(page.get_by_text("8MB per file")).to_be_visible()
            page.get_by_role("button", name="Model: embedded").click()
            expect(page.get_by_text("knows place names")).to_be_visible()
            expect(page.get_by_role("button", name=re.compile("full model"))).to_have_count(0)
            page.keyboard.press("Escape")
            ask(page, "Boston, Massachusetts")
            expect(tools.locator(".pin")).to_have_count(1)
            page.get_by_role("button", name=re.compile("^1 .*Boston")).click()
            turned(page, 9, at=(42.36, -71.06, 0.1))
            expect(tools.locator("img.leaflet-tile[src*='/light/10/']").first).to_be_visible()
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
def test_a_phone_shows_and_does_everything_in_its_width(visit: Visit) -> None:
    page, tools = visit.page, map_of(visit.page)
    ask(page, "Pyramids of Giza")
    expect(tools.locator(".pin").first).to_be_visible()
    expect(page.get_by_role("link", name="OpenStreetMap").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert view(page)["zoom"] < 1.5
    page.locator("iframe").scroll_into_view_if_needed()
    picture(visit, "phone")
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
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("button", name="World").tap()
    turned(page, 0, 2)
    restrict(page, "Egypt")
    expect(page.get_by_text("Restricted to Egypt")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    visit.clean()

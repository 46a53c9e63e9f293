"""The map in a real browser: looking closer, restricting, and where things are drawn."""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Route, expect

from geoclip_core.locate.locator import Locator
from geoclip_core.maps.palette import ramp
from geoclip_core.page.state import views
from tests.page.browser.conftest import COMMAND, Visit, open_page, serve
from tests.page.browser.steps import (
    ask,
    drag,
    land_is_drawn,
    map_of,
    on_map,
    picture,
    restrict,
    settle,
    show_photo,
    turned,
    view,
)
from tests.page.conftest import jpeg, position_exif

pytestmark = [pytest.mark.browser, pytest.mark.slow]

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


def test_an_answer_that_comes_while_the_map_is_loaded_is_shown(visit: Visit) -> None:
    page, held = visit.page, list[Route]()
    page.route("**/leaflet.js", lambda route: held.append(route))
    visit.reload()
    page.get_by_text("not calibrated").first.wait_for()
    ask(page, "Boston, Massachusetts")
    expect(page.get_by_role("button", name=re.compile("^1 .*Boston"))).to_be_visible()
    while not held:
        page.wait_for_timeout(50)
    expect(map_of(page).locator(".leaflet-container")).to_have_count(0)
    held[0].continue_()
    expect(map_of(page).locator(".pin").first).to_be_visible()
    turned(page, 9, at=(42.36, -71.06, 0.1))
    visit.clean()


def test_from_the_world_to_the_street_and_back(visit: Visit) -> None:
    page, tools = visit.page, map_of(visit.page)
    settle(page)
    page.wait_for_load_state("networkidle")  # else the end of the first load counts as part of the answer
    assert 1_000_000 < visit.received < FIRST_LOAD_BYTES  # no less, or the count missed something
    before = visit.received
    ask(page, "Boston, Massachusetts")
    expect(tools.locator("img.leaflet-image-layer")).to_be_visible()
    expect(tools.locator(".legend")).to_contain_text("probability per km²")
    expect(tools.locator(".legend")).to_contain_text(re.compile(r"90 % in .*km²"))
    land_is_drawn(page)
    assert 0 < visit.received - before < ANSWER_BYTES
    turned(page, 9, at=(42.36, -71.06, 0.1))  # on the answer
    page.get_by_role("button", name="World").click()
    turned(page, 1, 3)  # the world fills the width

    before = visit.received
    page.get_by_role("button", name=re.compile("^1 .*Boston")).click()
    expect(tools.locator(".town", has_text="Quincy")).to_be_visible()
    turned(page, 9, at=(42.36, -71.06, 0.1))
    assert 0 < visit.received - before < ANSWER_BYTES
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
    turned(page, 0, 3)
    visit.clean()


def test_looking_closer_by_hand(visit: Visit) -> None:
    page, tools = visit.page, map_of(visit.page)
    ask(page, "Desert")
    expect(tools.locator(".pin").nth(1)).to_be_visible()  # several
    picture(visit, "world")

    page.mouse.click(*on_map(page, 0.0, -30.0))  # anywhere
    tools.get_by_role("button", name="Look here: 50 km").click()
    turned(page, 9, at=(0.0, -30.0, 1))
    page.get_by_role("button", name="World").click()
    turned(page, 0, 3)

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
    page.get_by_role("button", name="World").click()
    turned(page, 0, 3)

    page.mouse.click(*on_map(page, 46.0, 2.0))
    tools.get_by_role("button", name="Search around here").click()
    expect(page.get_by_text(re.compile(r"Restricted to within 500 km of a point .*, France \("))).to_be_visible()
    chosen = page.get_by_test_id("stMultiSelect")
    expect(chosen).to_contain_text(re.compile(r"within 500 km of a point \d+ km \w+ of .*, France"))
    page.get_by_test_id("stNumberInputField").fill("300")
    page.keyboard.press("Enter")
    expect(chosen).to_contain_text("within 300 km of a point")
    expect(page.get_by_role("button", name=re.compile("^1 .*Paris.*France"))).to_be_visible()
    settle(page)
    page.get_by_role("button", name="Search area").click()
    turned(page, 4, at=(46.0, 2.0, 2))
    picture(visit, "restricted")
    page.get_by_role("button", name="World").click()
    turned(page, 0, 3)
    tools.get_by_role("button", name="Draw a box").click()
    drag(page, on_map(page, 40, -110), on_map(page, 28, -90))
    tools.get_by_role("button", name="Search only in here").click()
    expect(page.get_by_role("button", name=re.compile("^1 .*Paris, Texas"))).to_be_visible()
    expect(page.get_by_text(re.compile(r"Restricted to box of .* km around .* \(latitude 2\d"))).to_be_visible()
    expect(chosen).to_contain_text(re.compile("box of .* km around .*, United States"))
    clear.click()
    expect(page.get_by_text("Restricted to")).to_have_count(0)
    restrict(page, "48.86,2.35,50")  # what is typed is shown in words too, and stays what it is
    expect(chosen).to_contain_text("within 50 km of Paris, France")
    page.get_by_role("button", name="Desert").click()
    expect(
        page.get_by_text("Restricted to within 50 km of Paris, France (within 50 km of 48.86, 2.35)")
    ).to_be_visible()
    visit.clean()


@pytest.mark.parametrize(
    "latlon",
    [(25.197, 55.274), (78.223, 15.646), (-16.85, 179.97)],
    ids=["city", "near the pole", "across the antimeridian"],
)
def test_the_peak_of_the_overlay_is_where_the_field_says(
    visit: Visit, latlon: tuple[float, float], embedded_locator: Locator
) -> None:
    page = visit.page
    photo = jpeg(Image.new("RGB", (64, 48)), exif=position_exif(latlon))
    show_photo(page, ("photo.jpg", photo))
    image = map_of(page).locator("img.leaflet-image-layer")
    expect(image).to_be_visible()
    settle(page)
    answer = embedded_locator.locate(photo)
    assert answer.candidates[0].latlon == pytest.approx(latlon, abs=0.01)
    for shown in (views.WORLD, views.around(answer.candidates[0].latlon, views.CITY_KM)):
        if shown is views.WORLD:
            page.get_by_role("button", name="World").click()
            turned(page, 0, 3)
        else:
            page.get_by_role("button", name=re.compile("^1 ")).click()
            turned(page, 8)
        peak = embedded_locator.field(answer.query, shown.window).peak
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
    browser: Browser, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, tile_server: str
) -> None:
    """Started by the package's own command in a folder that knows nothing of it."""
    tiles, light = (f"{tile_server}/{name}/{{z}}/{{x}}/{{y}}.png" for name in ("osm", "light"))
    for address in serve(tmp_path_factory, tiles, start=(*COMMAND, "--demo"), folder=tmp_path, light_tiles=light):
        for visit in open_page(browser, address):
            _ask_with_tiles(visit)


def _ask_with_tiles(visit: Visit) -> None:
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
    deep = ", ".join(f"img.leaflet-tile[src*='/light/{zoom}/']" for zoom in (10, 11))
    expect(tools.locator(deep).first).to_be_visible()
    visit.clean()

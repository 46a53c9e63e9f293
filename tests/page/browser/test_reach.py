"""Everybody reaches everything: first screen, keyboard, screen readers, address bar, systems without flags."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Frame, Page, expect

from tests.page.browser.conftest import ROOT, Visit
from tests.page.browser.steps import DARK, PHONE, ask, map_of, settle, turned, view

pytestmark = [pytest.mark.browser, pytest.mark.slow]

AXE = ROOT / "assets" / "web" / "node_modules" / "axe-core" / "axe.min.js"
GRAVE = ("serious", "critical")


def faults(page: Page) -> list[str]:
    """Grave faults that axe-core finds in the page and in its map, with the elements that have them."""
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: npm ci in assets/web")
    found = []
    for frame in _frames(page):
        frame.add_script_tag(path=AXE)
        result: dict[str, Any] = frame.evaluate("async () => await axe.run(document, {iframes: false})")
        for fault in result["violations"]:
            if fault["impact"] in GRAVE:
                nodes = [f"{node['html'][:160]} {node['any'][:1]}" for node in fault["nodes"][:5]]
                found.append(f"{fault['id']}: {fault['help']}: {nodes}")
    return found


def _frames(page: Page) -> Iterator[Frame]:
    yield page.main_frame
    element = page.locator("iframe").element_handle()
    frame = element.content_frame() if element is not None else None
    assert frame is not None
    yield frame


def first_screen(page: Page) -> tuple[float, float]:
    """Pixels from the window's top to the map, and how many pixels of the map's height are seen."""
    box, size = page.locator("iframe").bounding_box(), page.viewport_size
    assert box is not None
    assert size is not None
    return box["y"], min(box["y"] + box["height"], size["height"]) - box["y"]


@pytest.mark.parametrize("visit", [{"viewport": {"width": 1280, "height": 720}}], indirect=True, ids=["laptop"])
def test_the_map_comes_first_and_no_grave_fault_is_found(visit: Visit) -> None:
    page = visit.page
    assert faults(page) == []
    ask(page, "Paris")
    expect(map_of(page).locator(".pin").nth(1)).to_be_visible()
    start, seen = first_screen(page)
    assert start <= 200
    assert start + seen >= 718
    assert view(page)["zoom"] > 2  # on the answer, not on the world
    page.get_by_role("button", name="World").click()
    turned(page, 0, 2.5)
    assert faults(page) == []
    for tab in ("Known position", "Compare", "Take along"):
        page.get_by_role("tab", name=tab).click()
        settle(page)
    side = page.locator(".st-key-side")
    assert side.evaluate("panel => panel.scrollHeight > panel.clientHeight")
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    visit.clean()


@pytest.mark.parametrize("visit", [{**PHONE, **DARK}], indirect=True, ids=["dark phone"])
def test_half_of_a_phone_is_map_and_no_grave_fault_is_found(visit: Visit) -> None:
    page = visit.page
    ask(page, "Pyramids of Giza")
    expect(map_of(page).locator(".pin").first).to_be_visible()
    assert first_screen(page)[1] >= 422
    expect(page.get_by_role("button", name=re.compile("^1 .*Pyramids"))).to_be_visible()
    assert faults(page) == []
    visit.clean()


def test_back_and_a_reload_keep_question_and_view(visit: Visit) -> None:
    page = visit.page
    ask(page, "Mount Fuji")
    expect(page).to_have_url(re.compile(r"\?q=Mount\+Fuji$"))
    page.get_by_role("button", name="World").click()
    expect(page).to_have_url(re.compile("view=world"))
    turned(page, 0, 2.5)
    visit.reload()
    expect(page.get_by_label("Describe a place")).to_have_value("Mount Fuji")
    expect(page.get_by_role("button", name=re.compile("^1 .*Fuji"))).to_be_visible()
    turned(page, 0, 2.5)
    ask(page, "Kyoto")
    expect(page).to_have_url(re.compile(r"\?q=Kyoto$"))
    page.go_back()
    expect(page.get_by_label("Describe a place")).to_have_value("Mount Fuji")
    expect(page.get_by_role("button", name=re.compile("^1 .*Fuji"))).to_be_visible()
    page.go_forward()
    expect(page.get_by_role("button", name=re.compile("^1 .*Kyoto"))).to_be_visible()
    visit.clean()


def test_the_keyboard_reaches_the_question_its_places_and_the_map(visit: Visit) -> None:
    page = visit.page
    ask(page, "Mount Fuji")
    expect(map_of(page).locator(".pin").first).to_be_visible()
    page.get_by_label("Describe a place").focus()
    reached = []
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate("(e => e.innerText || e.ariaLabel || e.title || e.tagName)(document.activeElement)")
        )
    words = " | ".join(reached)
    for wanted in ("Upload", "Search in", "Model: embedded", "World", "Closer", "Fuji", "OpenStreetMap", "Evidence"):
        assert wanted in words, words
    visit.clean()


def test_flags_are_drawn_where_the_system_has_no_letters_for_them(visit: Visit) -> None:
    page = visit.page
    ask(page, "Mount Fuji")
    expect(page.get_by_role("button", name=re.compile("^1 .*🇯🇵"))).to_be_visible()
    faces = "[...document.fonts].filter((face) => face.unicodeRange.startsWith('U+1F1E6')).map((face) => face.status)"
    assert page.evaluate(faces) == ["loaded"]
    visit.clean()

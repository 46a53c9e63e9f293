"""An ordinary photo without the full model: a wide map, lines of text to click, and the honest "nothing to go by"."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.evidence.sign_reading.pictures import sign
from tests.page.browser.conftest import PHONE_SIZE, Visit
from tests.page.browser.steps import map_of, picture, settle, show_photo
from tests.page.conftest import jpeg

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MOUNTAIN = Path(__file__).parents[2] / "data" / "cliff.jpg"
DESKTOP_SIZE = {"width": 1280, "height": 1000}


def at_both_widths(visit: Visit, name: str) -> None:
    """Nothing sticks out at either width."""
    visit.fits()
    picture(visit, name)
    visit.page.set_viewport_size(PHONE_SIZE)
    visit.fits()
    picture(visit, name)
    visit.page.set_viewport_size(DESKTOP_SIZE)  # type: ignore[arg-type]


def instead(page: Page, photo: bytes) -> None:
    """Show another photo in place of the one before."""
    page.get_by_role("button", name=re.compile("^Remove .*[.]jpg")).click()
    expect(page.get_by_role("heading", name="Where on Earth is this?")).to_be_visible()
    settle(page)
    show_photo(page, ("photo.jpg", photo))


def test_a_mountain_a_sign_and_a_photo_with_nothing_to_go_by(visit: Visit) -> None:
    pytest.importorskip("rapidocr", reason="the extra signs is not installed")
    page = visit.page
    with Image.open(MOUNTAIN) as mountain:
        show_photo(page, ("mountain.jpg", jpeg(mountain.convert("RGB"))))
    expect(page.get_by_text("here is where such photos are taken").first).to_be_visible()
    settle(page)
    expect(map_of(page).locator(".leaflet-image-layer").first).to_be_visible()
    expect(page.get_by_text("A wide map, not a place: ")).to_be_visible()
    expect(page.get_by_text(re.compile("United States · .* %"))).to_be_visible()
    expect(map_of(page).locator(".pin")).to_have_count(0)
    at_both_widths(visit, "ordinary")

    instead(page, jpeg(sign(["WELCOME TO", "LLANDOVERY", "<b>fish</b>"])))
    expect(page.get_by_role("button", name="Llandovery").first).to_be_visible()
    settle(page)
    page.get_by_role("tab", name="Photos").click()
    expect(page.get_by_role("button", name="“LLANDOVERY” (used)")).to_be_visible()
    expect(page.get_by_text("may stand elsewhere").filter(visible=True).first).to_be_visible()
    at_both_widths(visit, "sign")

    page.get_by_role("button", name="Model:").click()
    for words in ("views from above", "the kind of thing it shows"):
        page.get_by_text(words, exact=True).click()
        settle(page)
    page.keyboard.press("Escape")
    instead(page, jpeg(sign(["AXUM CAFE"])))
    expect(page.get_by_text("“AXUM CAFE”, does not tell the place")).to_be_visible()
    expect(page.get_by_text("not a view from above")).to_have_count(0)
    settle(page)
    at_both_widths(visit, "nothing")
    page.get_by_role("button", name="“AXUM CAFE”").click()
    expect(page.get_by_label("Describe a place")).to_have_value("AXUM CAFE")
    settle(page)
    expect(page.get_by_role("tab", name="Photos")).to_be_visible()
    visit.clean()

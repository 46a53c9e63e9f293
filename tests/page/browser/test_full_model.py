"""The full model on the page, in a browser: the released heads behind a small random CLIP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from playwright.sync_api import Browser, expect
from safetensors.torch import save_file

from geoclip_core.model.clip import ClipShape, build_towers
from tests.page.browser.conftest import open_page, serve
from tests.page.browser.steps import map_of, settle, show_photo
from training.benchmarks.page import free_port

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SHAPE = ClipShape(dim=768, image_size=224, patch=32, image_width=128, image_layers=4, text_width=64, text_layers=1)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The page, where a CLIP is on the machine."""
    with torch.random.fork_rng():
        torch.manual_seed(20230928)
        image, text = build_towers(SHAPE)
    state = {f"visual.{key}": value for key, value in image.state_dict().items()}
    state |= {key: value for key, value in text.state_dict().items() if key != "attn_mask"}
    clip = tmp_path_factory.mktemp("clip") / "clip.safetensors"
    save_file({key: value.contiguous() for key, value in state.items()}, clip)
    tiles = f"http://127.0.0.1:{free_port()}/{{z}}/{{x}}/{{y}}.png"
    yield from serve(tmp_path_factory, tiles, clip=str(clip))


def test_a_photo_is_placed_and_explained_part_by_part(browser: Browser, address: str, located_photo: bytes) -> None:
    for visit in open_page(browser, address):
        page = visit.page
        expect(page.get_by_role("button", name="Model: geoclip")).to_be_visible()
        show_photo(page, ("sunset.jpg", located_photo))
        expect(map_of(page).locator(".pin").first).to_be_visible()
        settle(page)
        page.get_by_role("tab", name="Photos").click()
        for way in ("Quick look: gradient", "Thorough: hide parts one by one"):
            page.get_by_role("button", name=way).click()
            expect(page.get_by_text("Orange speaks for the first place")).to_be_visible()
            settle(page)
            page.get_by_role("button", name="Again").click()
            expect(page.get_by_text("Orange speaks for the first place")).to_have_count(0)
        expect(page.get_by_role("button", name="Quick look: gradient")).to_be_visible()
        visit.clean()

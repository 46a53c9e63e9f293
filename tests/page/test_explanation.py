"""Explaining a photo on the page, with a small random CLIP in the full model's place."""

from __future__ import annotations

import io
import threading

import numpy as np
import pytest
import torch
from PIL import Image
from streamlit.testing.v1 import AppTest

from geoclip_core.evidence.clip import ClipSource
from geoclip_core.evidence.network import Network
from geoclip_core.locate.gallery import load_gallery
from geoclip_core.locate.locator import Locator
from geoclip_core.model.clip import ClipShape
from geoclip_core.model.geoclip import GeoCLIP
from geoclip_core.page.map import map_files
from geoclip_core.page.state import models
from geoclip_core.page.state.models import Loaded
from geoclip_core.photo.preprocess import Preprocess
from tests.page.steps import PATIENCE_S, opened

pytestmark = pytest.mark.slow

SHAPE = ClipShape(dim=32, image_size=112, image_width=128, image_layers=6, text_width=64, text_layers=1)


@pytest.fixture(scope="module")
def locator(tmp_path_factory: pytest.TempPathFactory) -> Locator:
    with torch.random.fork_rng(), pytest.MonkeyPatch.context() as patch:
        torch.manual_seed(20230928)
        model = GeoCLIP.untrained(SHAPE, sigmas=(1.0, 4.0), dim=16).eval().requires_grad_(False)
        patch.setenv("GEOCLIP_CACHE", str(tmp_path_factory.mktemp("cache")))
        points = np.random.default_rng(1).uniform((-60, -180), (70, 180), (300, 2))
        gallery = load_gallery(model.location_encoder, points)
    network = Network(model.location_encoder, model.image_encoder, model.text_encoder, Preprocess(size=112))
    return Locator("geoclip", (ClipSource(network),), model.location_encoder, gallery, 20.0)


@pytest.fixture
def photo() -> bytes:
    stream = io.BytesIO()
    noise = np.random.default_rng(2).integers(0, 256, (40, 30, 3)).astype(np.uint8)
    Image.fromarray(noise).resize((180, 240)).save(stream, format="PNG")
    return stream.getvalue()


@pytest.fixture
def page(locator: Locator, photo: bytes, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The page with an answer to the photo."""
    monkeypatch.setenv("GEOCLIP_TILES", "off")
    monkeypatch.setattr(models, "loaded", lambda: Loaded(locator))
    map_files.tiles_now.clear()
    page = opened().run()
    page.file_uploader[0].set_value([(name, photo, "image/png") for name in ("photo.png", "again.png")]).run()
    assert not page.exception
    return page


@pytest.mark.parametrize("method", ["gradient", "occlusion"])
def test_a_photo_is_explained_when_asked_for(method: str, page: AppTest) -> None:
    outcome = page.session_state["outcome"]
    assert outcome.explanations == {}  # nothing is computed before it is asked for
    page.button(key=f"{method} 0").click().run()
    assert outcome.explanations[0].wait(PATIENCE_S)
    page.run()
    assert not page.exception
    assert outcome.explanations[0].result().method == method
    assert any("Orange speaks for" in caption.value for caption in page.caption)
    page.button(key="again 0").click().run()
    assert outcome.explanations == {}


def test_a_running_explanation_is_stopped_and_the_page_goes_on(page: AppTest, locator: Locator) -> None:
    assert isinstance(locator.sources[0], ClipSource)
    begun, go_on = threading.Event(), threading.Event()
    passes: list[int] = []

    def slow(*_: object) -> None:
        passes.append(1)
        begun.set()
        assert go_on.wait(PATIENCE_S)

    held = locator.sources[0].network.image_encoder.register_forward_pre_hook(slow)
    outcome = page.session_state["outcome"]
    page.button(key="occlusion 0").click().run()
    first = outcome.explanations[0]
    assert begun.wait(PATIENCE_S)
    page.button(key="occlusion 1").click().run()  # two may run at once
    assert not page.exception
    page.button(key="stop explaining 1").click().run()
    page.button(key="stop explaining 0").click().run()
    assert not page.exception
    second = outcome.explanations[1]
    assert first.running  # until the pass that is under way ends
    assert second.running
    go_on.set()
    assert first.wait(PATIENCE_S)
    assert second.wait(PATIENCE_S)
    assert len(passes) == 2
    page.run()
    assert not page.exception
    assert "Stopped." in [caption.value for caption in page.caption]
    assert outcome.explanations == {}
    held.remove()
    page.button(key="gradient 0").click().run()  # and another one can be started at once
    assert outcome.explanations[0].wait(PATIENCE_S)
    page.run()
    assert any("Orange speaks for" in caption.value for caption in page.caption)

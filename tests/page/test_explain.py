"""Explaining a photo on the page, with a small random CLIP in the full model's place."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from PIL import Image
from streamlit.testing.v1 import AppTest

from geoclip_core.locate.gallery import load_gallery
from geoclip_core.locate.locator import Locator
from geoclip_core.locate.read import GeoclipReader
from geoclip_core.model.clip import ClipShape
from geoclip_core.model.geoclip import GeoCLIP
from geoclip_core.photo.preprocess import Preprocess
from tests.page.conftest import ROOT
from ui import offline, session
from ui.session import Loaded

PATIENCE_S = 300
SHAPE = ClipShape(dim=32, image_size=112, image_width=128, image_layers=6, text_width=64, text_layers=1)


@pytest.fixture(scope="module")
def locator(tmp_path_factory: pytest.TempPathFactory) -> Locator:
    with torch.random.fork_rng(), pytest.MonkeyPatch.context() as patch:
        torch.manual_seed(20230928)
        model = GeoCLIP.untrained(SHAPE, sigmas=(1.0, 4.0), dim=16).eval().requires_grad_(False)
        patch.setenv("GEOCLIP_CACHE", str(tmp_path_factory.mktemp("cache")))
        points = np.random.default_rng(1).uniform((-60, -180), (70, 180), (300, 2))
        gallery = load_gallery(model.location_encoder, points)
    return Locator("geoclip", GeoclipReader(model, Preprocess(size=112)), model.location_encoder, gallery, 20.0)


@pytest.fixture
def photo() -> bytes:
    stream = io.BytesIO()
    noise = np.random.default_rng(2).integers(0, 256, (40, 30, 3)).astype(np.uint8)
    Image.fromarray(noise).resize((180, 240)).save(stream, format="PNG")
    return stream.getvalue()


@pytest.mark.parametrize("method", ["gradient", "occlusion"])
def test_a_photo_is_explained_when_asked_for(
    method: str, locator: Locator, photo: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GEOCLIP_TILES", "off")
    monkeypatch.setattr(session, "loaded", lambda: Loaded(locator))
    offline.tiles_now.clear()
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=PATIENCE_S).run()
    page.file_uploader[0].set_value([("photo.png", photo, "image/png")]).run()
    assert not page.exception
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

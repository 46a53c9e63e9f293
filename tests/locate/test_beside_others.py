"""Signs and scenes beside the other sources: they multiply with what CLIP sees, and change nobody else's answers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image

from geoclip_core.earth.regions import parse_region
from geoclip_core.evidence import signs
from geoclip_core.evidence.reliability import reliability
from geoclip_core.evidence.sign_reading.lines import SignLine
from geoclip_core.files import asset_path
from geoclip_core.locate.load import load_locator
from geoclip_core.locate.locator import Locator
from tests.conftest import SmallClip
from tests.locate.clip_model import write_clip_model
from tests.photo_files import placed_photo

NEW = ("signs", "scenes")
BOX = ((10.0, 10.0), (90.0, 10.0), (90.0, 30.0), (10.0, 30.0))


@pytest.fixture(scope="module")
def behind_clip(small_clip: SmallClip, tmp_path_factory: pytest.TempPathFactory) -> Locator:
    return load_locator(str(write_clip_model(tmp_path_factory.mktemp("local") / "model", small_clip)))


@pytest.fixture
def amtrak(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every photo holds the name of an operator of the United States."""
    monkeypatch.setattr(signs, "read_lines", lambda image: (SignLine("AMTRAK STATION", BOX, 0.98),))


def test_signs_multiply_with_what_the_pixels_say(behind_clip: Locator, amtrak: None) -> None:
    photo = Image.linear_gradient("L").resize((160, 120)).convert("RGB")
    seen = behind_clip.locate(photo, without=NEW)
    both = behind_clip.locate(photo)
    assert [note.kind for note in seen.evidence] == ["visual"]
    assert [note.kind for note in both.evidence if note.used] == ["visual", "signs"]
    odds = both.posterior.probability / seen.posterior.probability
    gallery = behind_clip.gallery
    inside = parse_region("US").contains(gallery.latlon)
    prior = gallery.weights[inside].sum() / gallery.weights.sum()
    trusted = reliability("signs", "operator")
    np.testing.assert_allclose(odds[~inside], odds[~inside][0], rtol=1e-6)
    gained = (trusted / prior + 1 - trusted) / (1 - trusted)
    np.testing.assert_allclose(odds[inside], odds[~inside][0] * gained, rtol=1e-6)
    used = {report.source: report.outcome for report in both.asked}
    assert (used["clip"], used["signs"]) == ("used", "used")


def test_answers_that_rest_on_other_evidence_are_as_they_were(embedded_locator: Locator, behind_clip: Locator) -> None:
    grey = Image.new("RGB", (160, 120), (120, 130, 140))
    questions: list[tuple[Locator, dict[str, Any]]] = [
        (embedded_locator, {"text": "a village near Lyon"}),
        (embedded_locator, {"photo": placed_photo((-33.8568, 151.2153))}),
        (embedded_locator, {"photo": asset_path("samples/lake_victoria.jpg")}),
        (behind_clip, {"photo": grey}),
        (behind_clip, {"text": "a village near Lyon"}),
    ]
    for locator, question in questions:
        now, before = locator.locate(**question), locator.locate(**question, without=NEW)
        assert [note.label for note in now.evidence] == [note.label for note in before.evidence]
        assert [c.latlon for c in now.candidates] == [c.latlon for c in before.candidates]
        np.testing.assert_array_equal(now.posterior.probability, before.posterior.probability)

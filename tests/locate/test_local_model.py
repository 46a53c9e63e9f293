"""Whole questions to a model that was trained here behind a CLIP: a small one of random weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image

from geoclip_core.earth.distance import great_circle_km
from geoclip_core.errors import NoEvidenceError
from geoclip_core.locate.explain import explain_photo, explains
from geoclip_core.locate.load import load_locator
from geoclip_core.locate.locator import Locator
from geoclip_core.serve.batch import locate_batch
from tests.locate.clip_model import write_clip_model
from tests.photo_files import placed_photo


@pytest.fixture(scope="module")
def locator(small_clip, tmp_path_factory) -> Locator:
    """A model whose tower is a CLIP that was trained throughout, and so is part of its files."""
    return load_locator(str(write_clip_model(tmp_path_factory.mktemp("local") / "model", small_clip)))


@pytest.fixture(scope="module")
def photo() -> Image.Image:
    grid = np.random.default_rng(4).integers(0, 255, (9, 12, 3), dtype=np.uint8)
    return Image.fromarray(grid).resize((160, 120), Image.Resampling.BICUBIC)


def test_pixels_are_looked_at_and_texts_are_names_of_places(locator, photo):
    answer = locator.locate(photo)
    assert [note.label for note in answer.evidence] == ["what meadow sees in a photo of 160 x 120 pixels"]
    assert locator.locate(text="Nairobi").candidates[0].place.country_code == "KE"
    with pytest.raises(NoEvidenceError, match="No place recognised"):
        locator.locate(text="asdf qwerty zxcv")


def test_a_stated_position_is_shown_and_not_used(locator):
    answer = locator.locate(placed_photo((-33.8568, 151.2153)))
    visual, stated = answer.evidence
    assert (visual.kind, visual.used) == ("visual", True)
    assert (stated.kind, stated.used) == ("exif", False)
    assert stated.latlon == pytest.approx((-33.8568, 151.2153))
    assert "position" in stated.label
    plain = locator.locate(Image.new("RGB", (64, 48), (20, 60, 20)))
    assert answer.candidates[0].latlon == plain.candidates[0].latlon


def test_ten_crops_are_the_mean_of_the_logits_of_ten_views(locator, photo):
    one, ten = (locator.locate(photo, crops=crops) for crops in (1, 10))
    assert len(one.query.evidence) == 1
    assert len(ten.query.evidence) == 10
    assert sum(part.power for part in ten.query.evidence) == pytest.approx(1)
    vectors = torch.cat([part.vectors for part in ten.query.evidence])
    logits = locator.scale * (locator.gallery.vectors @ vectors.mean(0))
    slow = torch.softmax(logits + torch.from_numpy(np.log(locator.gallery.weights)), 0)
    np.testing.assert_allclose(ten.posterior.probability, slow.numpy(), rtol=1e-3, atol=1e-9)
    assert not np.allclose(one.posterior.probability, ten.posterior.probability)


def test_off_the_gallery_candidates_climb_and_stay_near(locator, photo):
    on, off = (locator.locate(photo, off_gallery=climb) for climb in (False, True))
    moved = [float(great_circle_km(a.latlon, b.latlon)) for a, b in zip(on.candidates, off.candidates, strict=True)]
    assert 0 < max(moved) < 25
    assert [c.probability for c in off.candidates] == [c.probability for c in on.candidates]
    for a, b in zip(on.candidates, off.candidates, strict=True):
        assert locator.refine(on, a.latlon) == pytest.approx(b.latlon)


@pytest.mark.parametrize("method", ["occlusion", "gradient"])
def test_a_local_model_behind_a_clip_is_explained(locator, photo, method):
    assert explains(locator)
    answer = locator.locate(photo)
    found = explain_photo(locator, photo, answer, method=method)
    side = locator.sources[0].image_encoder[1].size // 14
    assert found.weights.shape == (side, side)
    assert np.abs(found.weights).max() == pytest.approx(1)
    assert found.target_latlon == pytest.approx(answer.candidates[0].latlon)


def test_a_batch_is_not_resumed_with_another_models_parts(locator, embedded_locator, tmp_path):
    photos: list[Path] = []
    for number in range(3):
        photos.append(tmp_path / f"{number}.jpg")
        photos[-1].write_bytes(placed_photo((10.5 + number, 20.25)))
    out = tmp_path / "out.parquet"

    def stop(done: int, total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        locate_batch(locator, photos, out, top_k=1, progress=stop)
    counts = locate_batch(embedded_locator, photos, out, top_k=1)
    assert counts == {"answered": 3, "no_evidence": 0, "failed": 0}
    rows = pq.read_table(out).to_pylist()
    assert {row["model"] for row in rows} == {"embedded"}
    assert [row["latitude"] for row in rows] == pytest.approx([10.5, 11.5, 12.5])

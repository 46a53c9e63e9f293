"""The measurement of views from above counts what it should; with an overhead model of random weights."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from geoclip_core.evidence.network import Network
from geoclip_core.evidence.overhead import OverheadSource
from geoclip_core.locate.gallery import load_gallery
from geoclip_core.locate.locator import Locator
from geoclip_core.model.location_encoder import LocationEncoder
from geoclip_core.overhead.network import OverheadModel
from tests.overhead.small_model import write_small_model
from training.evaluate_overhead import measure_photos, measure_protocol, measure_views


@pytest.fixture
def planet(tmp_path: Path) -> Path:
    rgb = np.random.default_rng(0).integers(0, 256, (64, 128, 3), dtype=np.uint8)
    Image.fromarray(rgb).save(tmp_path / "planet.png")
    return tmp_path / "planet.png"


@pytest.mark.slow
@pytest.mark.parametrize(("threshold", "refused"), [(1e6, "0.0%"), (0.0, "100.0%")])
def test_refusals_and_misses_are_counted(
    tmp_path: Path, planet: Path, capsys: pytest.CaptureFixture[str], threshold: float, refused: str
) -> None:
    model = OverheadModel.from_folder(write_small_model(tmp_path / "model", threshold))
    encoder = LocationEncoder((4.0,), rows=8, width=16, dim=16).requires_grad_(False)
    gallery = load_gallery(encoder, model.gallery[::10])
    locator = Locator("embedded", (OverheadSource(Network(encoder), model),), encoder, gallery, 30.0)
    measure_views(locator, model, planet, 4)
    printed = capsys.readouterr().out
    assert f"planet.png: {refused} refused" in printed
    assert ("right within 150 km" in printed) == (threshold > 0)
    answered = r"100\.0%" if threshold else r"0\.0%"
    assert len(re.findall(rf"\n +4 +{answered} ", printed)) == 2  # questions, refused or not, of both answers
    measure_protocol(model, planet, 4)
    printed = capsys.readouterr().out
    assert "planet.png, from the gallery" in printed
    assert "planet.png, off the gallery" in printed
    photos = tmp_path / "photos"
    photos.mkdir()
    for name in ("a.png", "b.png"):
        Image.fromarray(np.random.default_rng(1).integers(0, 255, (40, 50, 3), dtype=np.uint8)).save(photos / name)
    (photos / "c.png").write_bytes(b"no photo")
    measure_photos(model, photos)
    assert f"{refused} of 2 photos refused" in capsys.readouterr().out

"""The measurement of views from above counts what it should; with an eye of random weights."""

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


@pytest.mark.parametrize(("farthest", "refused"), [(1e6, "0.0%"), (0.0, "100.0%")])
def test_refusals_and_misses_are_counted(
    tmp_path: Path, planet: Path, capsys: pytest.CaptureFixture[str], farthest: float, refused: str
) -> None:
    eye = OverheadModel.from_folder(write_small_model(tmp_path / "eye", farthest))
    encoder = LocationEncoder((4.0,), rows=8, width=16, dim=16).requires_grad_(False)
    gallery = load_gallery(encoder, eye.gallery[::10])
    locator = Locator("embedded", (OverheadSource(Network(encoder), eye),), encoder, gallery, 30.0)
    measure_views(locator, eye, planet, 4)
    said = capsys.readouterr().out
    assert f"planet.png: {refused} refused" in said
    assert ("right within 150 km" in said) == (farthest > 0)
    answered = r"100\.0%" if farthest else r"0\.0%"
    assert len(re.findall(rf"\n +4 +{answered} ", said)) == 2  # questions, refused or not, in both spaces
    measure_protocol(eye, planet, 4)
    said = capsys.readouterr().out
    assert "planet.png, from the gallery" in said
    assert "planet.png, off the gallery" in said
    photos = tmp_path / "photos"
    photos.mkdir()
    for name in ("a.png", "b.png"):
        Image.fromarray(np.random.default_rng(1).integers(0, 255, (40, 50, 3), dtype=np.uint8)).save(photos / name)
    (photos / "c.png").write_bytes(b"no photo")
    measure_photos(eye, photos)
    assert f"{refused} of 2 photos refused" in capsys.readouterr().out

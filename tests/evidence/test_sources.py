"""What the embedded model makes of photos: EXIF first, then the eye for views from above, then an honest no."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.model.test_overhead_eye import write

from geoclip_core.earth.distance import great_circle_km
from geoclip_core.errors import NoEvidenceError
from geoclip_core.locate.locator import Locator
from geoclip_core.locate.read import EmbeddedReader
from geoclip_core.overhead.network import OverheadModel
from tests.locate.conftest import Released


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    grid = np.random.default_rng(0).integers(0, 255, (9, 12, 3), dtype=np.uint8)
    Image.fromarray(grid).resize((160, 120), Image.Resampling.BICUBIC).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def locator(released: Released, folder: Path) -> Locator:
    reader = EmbeddedReader(released.encoder, OverheadModel.from_folder(folder))
    return Locator("embedded", reader, released.encoder, released.gallery, released.scale)


def test_a_view_from_above_is_answered_with_the_eyes_own_places(
    released: Released, tmp_path: Path, photo: Path
) -> None:
    answer = locator(released, write(tmp_path / "eye", 1e6)).locate(photo)
    assert [(note.kind, note.label, note.used) for note in answer.evidence] == [
        ("visual", "looks like a view from above", True)
    ]
    with Image.open(photo) as image:
        seen = OverheadModel.from_folder(tmp_path / "eye").read(image.convert("RGB"))
    best = answer.candidates[0]
    assert best.latlon == seen.spots[0].latlon
    # The released space moves little of the probability: less than a tenth lands away from the spot.
    assert best.probability == pytest.approx(seen.spots[0].weight, abs=0.1)
    mass = answer.posterior.probability
    far = np.min([great_circle_km(spot.latlon, answer.posterior.latlon) for spot in seen.spots], axis=0) > 200
    assert mass[far].sum() < 0.1 + (1 - sum(spot.weight for spot in seen.spots))


def test_any_other_photo_is_refused_in_plain_words(released: Released, tmp_path: Path, photo: Path) -> None:
    with pytest.raises(NoEvidenceError, match=r"No evidence in this photo: .* this is not a view from above"):
        locator(released, write(tmp_path / "eye", 0.0)).locate(photo)


def test_a_stated_position_comes_before_looks(released: Released, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8825).update({1: "N", 2: (10.0, 0.0, 0.0), 3: "E", 4: (20.0, 0.0, 0.0)})
    Image.new("RGB", (64, 64)).save(tmp_path / "a.jpg", exif=exif)
    answer = locator(released, write(tmp_path / "eye", 1e6)).locate(tmp_path / "a.jpg")
    assert [note.kind for note in answer.evidence] == ["exif"]
    assert great_circle_km(answer.candidates[0].latlon, (10, 20)) < 1


def test_without_an_eye_nothing_is_said_of_views(released: Released, photo: Path, monkeypatch) -> None:
    monkeypatch.setattr(OverheadModel, "shipped", classmethod(lambda cls: None))
    blind = Locator("embedded", EmbeddedReader(released.encoder), released.encoder, released.gallery, released.scale)
    with pytest.raises(NoEvidenceError, match="does not look at pixels"):
        blind.locate(photo)

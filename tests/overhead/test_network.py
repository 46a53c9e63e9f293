"""The eye for views from above, with random weights: loading, refusing, and what it passes on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import save_file

from geoclip_core.earth.distance import HALF_TURN_KM, disk_points, great_circle_km
from geoclip_core.errors import NoEvidenceError, WeightsError
from geoclip_core.learning.overhead.calibrate import VIEW_TEST
from geoclip_core.overhead.network import SPOT_KM, OverheadModel
from geoclip_core.overhead.statistics import picture_statistics
from geoclip_core.weights.resolve import sha256


def record() -> dict[str, Any]:
    return {
        "image": {"architecture": "test_resnet", "options": {}, "width": 96},
        "location_encoder": {"sigmas": [1.0, 8.0], "rows": 8, "width": 16, "dim": 12},
        "preprocess": {"size": 32, "mean": [0.4, 0.4, 0.4], "std": [0.25, 0.25, 0.25]},
    }


def write(folder: Path, farthest: float) -> Path:
    """A model of random weights that takes every picture within a distance for a view from above."""
    torch.manual_seed(0)
    gallery = disk_points((90.0, 0.0), HALF_TURN_KM, 2000).astype(np.float32)
    state = OverheadModel(record(), gallery.astype(np.float64)).state_dict()
    state |= {"farthest": torch.tensor(farthest), "answer_scale": torch.tensor(30.0)}
    folder.mkdir(exist_ok=True)
    save_file({k: v for k, v in state.items() if k not in VIEW_TEST}, folder / "model.safetensors")
    save_file({k: v for k, v in state.items() if k in VIEW_TEST}, folder / "views.safetensors")
    np.save(folder / "gallery.npy", gallery)
    marks = {
        name: {"sha256": sha256(folder / name)} for name in ("model.safetensors", "views.safetensors", "gallery.npy")
    }
    (folder / "record.json").write_text(json.dumps(record() | {"files": marks}), encoding="utf-8")
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "eye", 1e6)


def test_vectors_have_unit_length_at_any_size_of_picture(folder: Path) -> None:
    eye = OverheadModel.from_folder(folder)
    for size in (32, 50, 224):
        vectors = eye(torch.rand(2, 3, size, size))
        assert vectors.shape == (2, 12)
        torch.testing.assert_close(vectors.norm(dim=1), torch.ones(2))


def test_what_is_too_strange_is_refused(tmp_path: Path, folder: Path) -> None:
    photo = Image.fromarray(np.random.default_rng(0).integers(0, 255, (60, 80, 3), dtype=np.uint8))
    assert OverheadModel.from_folder(folder).read(photo).probability.sum() == pytest.approx(1)
    with pytest.raises(NoEvidenceError, match="This is not a view from above"):
        OverheadModel.from_folder(write(tmp_path / "strict", 0.0)).read(photo)


def test_blank_pictures_and_smooth_ramps_show_nothing(folder: Path) -> None:
    eye = OverheadModel.from_folder(folder)
    ramp = np.repeat(np.linspace(100, 160, 80)[None], 60, 0)[..., None].repeat(3, 2).round().astype(np.uint8)
    for picture in (Image.new("RGB", (80, 60), (90, 120, 60)), Image.fromarray(ramp)):
        with pytest.raises(NoEvidenceError, match="not a view from above"):
            eye.read(picture)


def test_doubts_are_strange_features_odd_light_and_the_entropy_of_the_answer(folder: Path) -> None:
    eye = OverheadModel.from_folder(folder)
    rgb = torch.rand(3, 3, 40, 40)
    doubts, vectors = eye.doubts(rgb)
    torch.testing.assert_close(vectors, eye(rgb))
    p = torch.softmax(30.0 * vectors @ eye.cells.T, 1)
    parts = (eye.features(rgb).norm(dim=1), picture_statistics(rgb).norm(dim=1), -(p * p.log()).sum(1))
    torch.testing.assert_close(doubts, torch.stack(parts, 1), rtol=1e-4, atol=1e-4)  # means 0, whitenings 1


@pytest.mark.parametrize("weights", [(1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)])
def test_each_doubt_alone_can_refuse_a_picture(folder: Path, weights: tuple[float, ...]) -> None:
    eye = OverheadModel.from_folder(folder)
    pixels = np.random.default_rng(1).integers(0, 255, (48, 48, 3), dtype=np.uint8)
    doubts, _ = eye.doubts(torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255)
    eye.doubt_weights = torch.tensor(weights)
    eye.farthest = (doubts @ eye.doubt_weights)[0] + 1e-3
    eye.check_view(Image.fromarray(pixels))
    eye.farthest -= 2e-3
    with pytest.raises(NoEvidenceError):
        eye.check_view(Image.fromarray(pixels))


@pytest.mark.parametrize("name", ["model.safetensors", "views.safetensors", "gallery.npy"])
def test_damaged_weights_are_refused(folder: Path, name: str) -> None:
    content = bytearray((folder / name).read_bytes())
    content[-1] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(WeightsError, match=rf"{name} is damaged"):
        OverheadModel.from_folder(folder)
    (folder / name).unlink()
    with pytest.raises(WeightsError, match="no whole eye"):
        OverheadModel.from_folder(folder)


def test_a_sighting_is_a_softmax_over_equal_parts_of_land(folder: Path) -> None:
    eye = OverheadModel.from_folder(folder)
    vector = F.normalize(torch.randn(12, generator=torch.Generator().manual_seed(3)), dim=0)
    seen = eye.sighting(vector)
    assert (np.diff(seen.probability) <= 0).all()
    assert seen.probability.sum() == pytest.approx(1)
    logits = 30.0 * (F.normalize(eye.location_encoder(seen.latlon), dim=1) @ vector).double().numpy()
    expected = np.exp(logits - logits.max())
    assert seen.probability == pytest.approx(expected / expected.sum(), rel=1e-3)
    best = eye.gallery[int((eye.cells @ vector).argmax())]
    assert great_circle_km(best, seen.latlon).min() < eye.cell_km  # the likeliest cell is among those divided


def test_spots_are_apart_and_share_the_probability(folder: Path) -> None:
    eye = OverheadModel.from_folder(folder)
    for number in range(5):
        vector = F.normalize(torch.randn(12, generator=torch.Generator().manual_seed(number)), dim=0)
        seen = eye.sighting(vector)
        weights = [spot.weight for spot in seen.spots]
        assert weights == sorted(weights, reverse=True)
        assert 0 < sum(weights) <= 1 + 1e-9
        for i, spot in enumerate(seen.spots):
            assert all(great_circle_km(spot.latlon, other.latlon) > SPOT_KM for other in seen.spots[:i])


@pytest.mark.parametrize("total", [5_000, 76_000])
def test_a_cell_is_as_large_as_its_share_of_the_earth(total: int) -> None:
    cells = disk_points((90.0, 0.0), HALF_TURN_KM, total)
    eye = OverheadModel(record(), cells)
    assert np.pi * eye.cell_km**2 * total == pytest.approx(510.1e6, rel=0.05)

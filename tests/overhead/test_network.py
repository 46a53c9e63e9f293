"""The overhead model with random weights: loading, refusing, and what it predicts."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image

from geoclip_core.earth.distance import HALF_TURN_KM, disk_points, great_circle_km
from geoclip_core.errors import NoEvidenceError, WeightsError
from geoclip_core.overhead.clusters import CLUSTER_KM
from geoclip_core.overhead.network import OverheadModel
from geoclip_core.overhead.statistics import picture_statistics
from tests.overhead.small_model import small_record, write_small_model


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_small_model(tmp_path / "overhead", 1e6)


def test_vectors_have_unit_length_at_any_size_of_picture(folder: Path) -> None:
    model = OverheadModel.from_folder(folder)
    for size in (32, 50, 224):
        vectors = model(torch.rand(2, 3, size, size))
        assert vectors.shape == (2, 12)
        torch.testing.assert_close(vectors.norm(dim=1), torch.ones(2))


def test_a_picture_above_the_threshold_is_refused(tmp_path: Path, folder: Path) -> None:
    photo = Image.fromarray(np.random.default_rng(0).integers(0, 255, (60, 80, 3), dtype=np.uint8))
    assert OverheadModel.from_folder(folder).predict(photo).probability.sum() == pytest.approx(1)
    with pytest.raises(NoEvidenceError, match="This is not a view from above"):
        OverheadModel.from_folder(write_small_model(tmp_path / "strict", 0.0)).predict(photo)


def test_blank_pictures_and_smooth_ramps_show_nothing(folder: Path) -> None:
    model = OverheadModel.from_folder(folder)
    ramp = np.repeat(np.linspace(100, 160, 80)[None], 60, 0)[..., None].repeat(3, 2).round().astype(np.uint8)
    for picture in (Image.new("RGB", (80, 60), (90, 120, 60)), Image.fromarray(ramp)):
        with pytest.raises(NoEvidenceError, match="not a view from above"):
            model.predict(picture)


def test_scores_are_two_distances_and_the_entropy_of_the_answer(folder: Path) -> None:
    model = OverheadModel.from_folder(folder)
    rgb = torch.rand(3, 3, 40, 40)
    scores, vectors = model.ood_scores(rgb)
    torch.testing.assert_close(vectors, model(rgb))
    p = torch.softmax(30.0 * vectors @ model.cells.T, 1)
    parts = (model.features(rgb).norm(dim=1), picture_statistics(rgb).norm(dim=1), -(p * p.log()).sum(1))
    torch.testing.assert_close(scores, torch.stack(parts, 1), rtol=1e-4, atol=1e-4)  # means 0, whitenings 1


@pytest.mark.parametrize("weights", [(1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)])
def test_each_score_alone_can_refuse_a_picture(folder: Path, weights: tuple[float, ...]) -> None:
    model = OverheadModel.from_folder(folder)
    pixels = np.random.default_rng(1).integers(0, 255, (48, 48, 3), dtype=np.uint8)
    scores, _ = model.ood_scores(torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255)
    model.ood_weights = torch.tensor(weights)
    model.ood_threshold = (scores @ model.ood_weights)[0] + 1e-3
    model.check_view(Image.fromarray(pixels))
    model.ood_threshold -= 2e-3
    with pytest.raises(NoEvidenceError):
        model.check_view(Image.fromarray(pixels))


@pytest.mark.parametrize("name", ["model.safetensors", "views.safetensors", "gallery.npy"])
def test_damaged_weights_are_refused(folder: Path, name: str) -> None:
    content = bytearray((folder / name).read_bytes())
    content[-1] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(WeightsError, match=rf"{name} is damaged"):
        OverheadModel.from_folder(folder)
    (folder / name).unlink()
    with pytest.raises(WeightsError, match=rf"{name} is missing"):
        OverheadModel.from_folder(folder)


@pytest.mark.parametrize("content", ['{"format": 1, "na', "[1, 2]", '{"files": null}', "", '{"files": {}}'])
def test_a_record_that_is_cut_short_is_refused(folder: Path, content: str) -> None:
    (folder / "record.json").write_text(content, encoding="utf-8")
    with pytest.raises(WeightsError, match=r"Try: ") as refused:
        OverheadModel.from_folder(folder)
    assert str(folder) in str(refused.value)


def test_a_record_of_other_sizes_is_refused(folder: Path) -> None:
    record = json.loads((folder / "record.json").read_text(encoding="utf-8"))
    del record["location_encoder"]["rows"]
    (folder / "record.json").write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(WeightsError, match=r"holds no whole overhead model .*size mismatch"):
        OverheadModel.from_folder(folder)


def test_a_prediction_is_a_softmax_over_equal_parts_of_land(folder: Path) -> None:
    model = OverheadModel.from_folder(folder)
    vector = F.normalize(torch.randn(12, generator=torch.Generator().manual_seed(3)), dim=0)
    seen = model.predict_vector(vector)
    assert (np.diff(seen.probability) <= 0).all()
    assert seen.probability.sum() == pytest.approx(1)
    logits = 30.0 * (F.normalize(model.location_encoder(seen.latlon), dim=1) @ vector).double().numpy()
    expected = np.exp(logits - logits.max())
    assert seen.probability == pytest.approx(expected / expected.sum(), rel=1e-3)
    best = model.gallery[int((model.cells @ vector).argmax())]
    assert great_circle_km(best, seen.latlon).min() < model.cell_km  # the likeliest cell is among those divided


def test_clusters_are_apart_and_share_the_probability(folder: Path) -> None:
    model = OverheadModel.from_folder(folder)
    for number in range(5):
        vector = F.normalize(torch.randn(12, generator=torch.Generator().manual_seed(number)), dim=0)
        seen = model.predict_vector(vector)
        weights = [cluster.weight for cluster in seen.clusters]
        assert weights == sorted(weights, reverse=True)
        assert 0 < sum(weights) <= 1 + 1e-9
        for i, cluster in enumerate(seen.clusters):
            assert all(great_circle_km(cluster.latlon, other.latlon) > CLUSTER_KM for other in seen.clusters[:i])


@pytest.mark.parametrize("total", [5_000, 76_000])
def test_a_cell_is_as_large_as_its_share_of_the_earth(total: int) -> None:
    cells = disk_points((90.0, 0.0), HALF_TURN_KM, total)
    model = OverheadModel(small_record(), cells)
    assert np.pi * model.cell_km**2 * total == pytest.approx(510.1e6, rel=0.05)

"""Other backbones than CLIP ViT-L/14: features made with them, trained on, exported, and located with."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from huggingface_hub import constants
from PIL import Image
from safetensors.torch import save_file

from geoclip_core.errors import MissingWeightsError, NoEvidenceError, WeightsError
from geoclip_core.learning.data.features import CachedFeatures
from geoclip_core.locate.load import load_locator
from geoclip_core.model.backbones.load import load_backbone
from geoclip_core.model.backbones.registry import find_backbone
from geoclip_core.weights.convert import read_backbone
from geoclip_core.weights.local import find_local
from geoclip_core.weights.resolve import find_weights
from tests.model.small_backbones import small_state
from training import export_weights, make_features, train

CONFIG = Path(__file__).resolve().parents[2] / "training" / "configs" / "backbone.yaml"
COUNT = 24


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Photos of several shapes with a table."""
    rng = np.random.default_rng(0)
    (tmp_path / "photos").mkdir()
    with (tmp_path / "photos.csv").open("w", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(("image", "latitude", "longitude"))
        for i in range(COUNT):
            width, height = ((70, 50), (51, 80), (60, 60))[i % 3]
            coarse = Image.fromarray(rng.integers(0, 255, (5, 6, 3), dtype=np.uint8))
            coarse.resize((width, height), Image.Resampling.BICUBIC).save(tmp_path / "photos" / f"{i}.png")
            table.writerow((f"{i}.png", *rng.uniform((-60, -180), (60, 180)).tolist()))
    return tmp_path


@pytest.mark.parametrize(("name", "width"), [("clip-vit-b-32", 32), ("siglip-vit-b-16", 64), ("dinov2-vit-b-14", 64)])
def test_features_training_export_and_an_answer(
    name: str, width: int, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(photos / "hub"))  # empty
    weights, run, folder = photos / "weights.safetensors", photos / "run", photos / "model"
    save_file(small_state(name), weights)
    make_features.main(
        photos / "features",
        table=str(photos / "photos.csv"),
        folder=str(photos / "photos"),
        backbone=name,
        weights=str(weights),
        device="cpu",
    )
    source, record = CachedFeatures(str(photos / "features")), find_backbone(name)
    assert source.tower.startswith(f"{name} ")
    image, text, preprocess = load_backbone(name, read_backbone(find_weights(record, weights), record), torch.bfloat16)
    assert source.preprocess == preprocess
    with Image.open(photos / "photos" / "1.png") as picture, torch.inference_mode():
        expected = image(torch.from_numpy(preprocess.pixels(picture))[None].bfloat16())
        torch.testing.assert_close(source.validation_batch(np.array([1])).inputs[0], expected, rtol=0.1, atol=0.1)
    monkeypatch.setattr(sys, "argv", ["train.py"])
    train.main(
        [
            "fit",
            f"--config={CONFIG}",
            f"--data.source.init_args.folder={photos / 'features'}",
            f"--model.tower.width={width}",
            "--model.location={sigmas: [1.0], rows: 8, width: 16, dim: 8}",
            "--model.recipe.queue_size=8",
            "--data.batch_size=8",
            "--data.validation=0.2",
            "--data.gallery_size=20",
            f"--trainer.default_root_dir={run}",
            "--trainer.max_epochs=1",
            "--trainer.accelerator=cpu",
            "--trainer.log_every_n_steps=1",
            "--trainer.enable_progress_bar=false",
            "--trainer.enable_model_summary=false",
        ]
    )
    export_weights.main(run / "checkpoints" / "last.ckpt", folder, licence="MIT")
    assert json.loads((folder / "record.json").read_text(encoding="utf-8"))["image"]["backbone"] == name
    local = find_local(str(folder))
    assert (local.backbone, local.preprocess) == (record, preprocess)
    with pytest.raises(MissingWeightsError, match=rf"(?s){record.title} weights.*set {record.variable} to its path"):
        load_locator(str(folder))
    monkeypatch.setenv(record.variable, str(weights))
    locator = load_locator(str(folder), device="cpu", precision="float32")
    answer = locator.locate(photos / "photos" / "1.png")
    assert answer.candidates
    assert answer.evidence[0].label == "what model sees in a photo of 51 x 80 pixels"
    if text is None:
        with pytest.raises(NoEvidenceError):
            locator.locate(text="qqxyz zzqq")
    else:
        assert locator.locate(text="a river").evidence[0].label == "what CLIP understands by “a river”"
    save_file({key: value + 1e-3 for key, value in small_state(name).items()}, photos / "other.safetensors")
    with pytest.raises(WeightsError, match="was trained behind another"):
        load_locator(str(folder), clip=photos / "other.safetensors")


@pytest.mark.parametrize("name", ["siglip-vit-b-16", "dinov2-vit-b-14"])
def test_damaged_weights_of_any_backbone_are_refused(name: str, tmp_path: Path) -> None:
    record, path = find_backbone(name), tmp_path / "weights.safetensors"
    save_file(small_state(name), path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(WeightsError, match=f"cannot be read as {record.title} weights"):
        read_backbone(find_weights(record, path), record)

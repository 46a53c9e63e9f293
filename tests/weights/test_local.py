"""Exported models: found by name or path, listed, and refused when a file is not what its record says."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from geoclip_core.errors import MissingWeightsError, WeightsError
from geoclip_core.files import sha256
from geoclip_core.locate.load import load_locator
from geoclip_core.model.backbones.registry import BACKBONES, CLIP_L14
from geoclip_core.model.backbones.timm_tower import timm_tower
from geoclip_core.model.image_encoder import projection_mlp
from geoclip_core.model.location_encoder import LocationEncoder
from geoclip_core.weights.local import find_local, load_local, local_models, read_record

OPTIONS = {"img_size": 16, "patch_size": 8}


def write(folder: Path, name: str, **changes: Any) -> dict[str, torch.Tensor]:
    """A whole model of random weights as export writes it; the changes go into its record."""
    folder.mkdir(parents=True)
    tower, width = timm_tower("test_vit", OPTIONS)
    parts = {
        "image_tower": tower,
        "image_mlp": projection_mlp(width, 12),
        "location_encoder": LocationEncoder((1.0, 4.0), rows=8, width=16, dim=12),
    }
    state = {f"{part}.{key}": value for part, module in parts.items() for key, value in module.state_dict().items()}
    state["logit_scale"] = torch.tensor(math.log(20.0))
    save_file(state, folder / "model.safetensors")
    np.save(folder / "gallery.npy", np.array([[48.9, 2.3], [-33.9, 151.2], [0.0, 37.0]], dtype=np.float32))
    record = {
        "format": 1,
        "name": name,
        "summary": "Random weights.",
        "licence": "MIT",
        "paper": "none",
        "files": {file: {"sha256": sha256(folder / file)} for file in ("model.safetensors", "gallery.npy")},
        "location_encoder": {"sigmas": [1.0, 4.0], "rows": 8, "width": 16, "dim": 12, "projection": True},
        "image": {"kind": "timm", "width": width, "included": True, "architecture": "test_vit", "options": OPTIONS},
        "preprocess": {"size": 16, "mean": [0.5, 0.5, 0.5], "std": [0.25, 0.25, 0.25]},
        "metrics": {"median_km": 123.0},
    }
    (folder / "record.json").write_text(json.dumps(record | changes), encoding="utf-8")
    return state


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GEOCLIP_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


def test_a_model_is_its_files(models: Path) -> None:
    state = write(models / "a", "meadow")
    by_name, by_path = find_local("meadow"), find_local(str(models / "a"))
    assert by_name == by_path
    assert (by_name.metrics["median_km"], by_name.backbone, by_name.preprocess.size) == (123.0, None, 16)
    model = load_local(by_name)
    assert not model.training
    assert model.scale == pytest.approx(20.0)
    assert model.gallery.dtype == np.float64
    for name, module in (("location_encoder", model.location_encoder), ("image_mlp", model.image_encoder.mlp)):
        for key, value in module.state_dict().items():
            assert torch.equal(value, state[f"{name}.{key}"])
    pixels = torch.randn(2, 3, 16, 16)
    tower, _ = timm_tower("test_vit", OPTIONS)
    tower.load_state_dict({k.removeprefix("image_tower."): v for k, v in state.items() if k.startswith("image_t")})
    with torch.no_grad():
        assert torch.equal(model.image_encoder(pixels), model.image_encoder.mlp(tower.eval()(pixels)))


def test_models_are_listed_by_name_and_bad_ones_are_passed_over(models: Path) -> None:
    assert local_models() == []
    write(models / "1", "zebra")
    write(models / "2", "antelope")
    write(models / "3", "geoclip")
    write(models / "4", "blind", preprocess=None)
    with pytest.warns(UserWarning, match="passed over") as said:
        assert [record.name for record in local_models()] == ["antelope", "zebra"]
    words = sorted(str(warning.message) for warning in said)
    assert "does not say how photos are prepared" in words[0] + words[1]
    assert "the name geoclip" in words[0] + words[1]
    with (
        pytest.warns(UserWarning, match="passed over"),
        pytest.raises(WeightsError, match=r"no model called 'gnu'.*auto, geoclip, embedded, antelope, zebra.*GEOC"),
    ):
        load_locator("gnu")


@pytest.mark.parametrize("name", ["model.safetensors", "gallery.npy"])
def test_damaged_and_missing_files_are_refused(models: Path, name: str) -> None:
    write(models / "a", "meadow")
    path = models / "a" / name
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=rf"{name} is damaged .*export the model again"):
        load_locator("meadow")
    path.unlink()
    with pytest.raises(WeightsError, match=f"{name} is missing"):
        load_locator("meadow")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"format": 2}, "is of format 2"),
        ({"image": {"kind": "sketch"}}, "of kind 'sketch'"),
        ({"image": {"kind": "features", "included": False, "tower": None}}, "does not say which tower"),
        ({"metrics": None}, "not a whole record"),
        ({"image": None}, "cannot be read as a model's record"),
    ],
)
def test_records_that_say_too_little_are_refused(models: Path, changes: dict[str, Any], words: str) -> None:
    write(models / "a", "meadow", **changes)
    with pytest.raises(WeightsError, match=words):
        read_record(models / "a")


@pytest.mark.parametrize("size", [{"dim": 13}, {"widht": 16}])
def test_weights_that_do_not_fit_the_record_are_refused(models: Path, size: dict[str, int]) -> None:
    location = {"sigmas": [1.0, 4.0], "rows": 8, "width": 16, "dim": 12, "projection": True}
    write(models / "a", "meadow", location_encoder=location | size)
    with pytest.raises(WeightsError, match="does not hold what its record says"):
        load_locator("meadow")


def test_a_model_behind_clip_says_where_clip_is_missing(models: Path, empty_machine: Path) -> None:
    write(models / "a", "meadow", image={"kind": "features", "included": False, "tower": "CLIP 0123", "width": 32})
    assert find_local("meadow").backbone is BACKBONES[CLIP_L14]
    with pytest.raises(MissingWeightsError, match="not on this machine"):
        load_locator("meadow")

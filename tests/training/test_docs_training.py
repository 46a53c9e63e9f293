"""The six commands of docs/training.md lead from photos in a folder to a model on the page."""

from __future__ import annotations

import csv
import json
import re
import shlex
import sys
from pathlib import Path

import numpy as np
import pytest
import streamlit
import torch
import typer
from PIL import Image
from safetensors.torch import save_file
from typer.testing import CliRunner

from geoclip_core.__main__ import app
from geoclip_core.learning.data.toy import PaintedPlanet
from geoclip_core.model.clip import ClipShape, build_towers
from geoclip_core.weights.local import survey_models
from training import export_weights, make_features, train

ROOT = Path(__file__).resolve().parents[2]
COUNT = 40
SHAPE = ClipShape(dim=768, image_size=224, patch=112, image_width=128, image_layers=1, text_width=64, text_layers=1)
SMALL = [
    "--trainer.max_epochs=2",
    "--trainer.accelerator=cpu",
    "--trainer.enable_progress_bar=false",
    "--data.batch_size=8",
    "--trainer.enable_model_summary=false",
    "--trainer.log_every_n_steps=1",
    "--model.recipe.queue_size=16",
    "--data.validation=0.1",
]
NETWORK = "--model.location={sigmas: [1.0, 4.0], rows: 8, width: 16, dim: 8}"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:.*is not one of the released CLIP files:UserWarning"),
]


def commands() -> list[list[str]]:
    """The words of the first block of commands."""
    text = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
    block = re.search(r"## Six commands.*?```\n(.*?)```", text, re.DOTALL)
    assert block is not None
    return [shlex.split(line) for line in block[1].splitlines()]


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with photos, their table, a small CLIP, and nothing else on the machine."""
    planet = PaintedPlanet(COUNT, size=28, width_km=4000, seed=1)
    (tmp_path / "photos").mkdir()
    with (tmp_path / "photos.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("image", "latitude", "longitude"))
        for i, picture in enumerate(planet.validation_batch(np.arange(COUNT)).inputs[:, 0]):
            pixels = ((picture.permute(1, 2, 0) / 6 + 0.5).clamp(0, 1) * 255).round().byte().numpy()
            Image.fromarray(pixels).save(tmp_path / "photos" / f"{i}.png")
            writer.writerow((f"{i}.png", *planet.latlon[i].tolist()))
    Image.open(tmp_path / "photos" / "0.png").save(tmp_path / "photo.jpg")
    with torch.random.fork_rng():
        torch.manual_seed(7)
        image, text = build_towers(SHAPE)
    state = {f"visual.{key}": value for key, value in image.state_dict().items()}
    state |= {key: value for key, value in text.state_dict().items() if key != "attn_mask"}
    save_file(state, tmp_path / "clip.safetensors")
    monkeypatch.setenv("GEOCLIP_CLIP", str(tmp_path / "clip.safetensors"))
    monkeypatch.setenv("GEOCLIP_MODELS", str(tmp_path / "models"))
    monkeypatch.setattr(sys, "argv", ["train.py"])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_six_commands_lead_from_photos_to_a_model_on_the_page(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, fitted, validated, exported, located, opened = commands()
    scripts = {"training/make_features.py": make_features.main, "training/export_weights.py": export_weights.main}

    def run(words: list[str]) -> str:
        assert words[0] == "python"
        if words[1:3] == ["-m", "geoclip_core"]:
            done = CliRunner().invoke(app, words[3:])
        else:
            script = typer.Typer()
            script.command()(scripts[words[1]])
            done = CliRunner().invoke(script, words[2:])
        assert done.exit_code == 0, done.output
        return done.output

    def run_training(words: list[str], *more: str) -> None:
        assert words[:2] == ["python", "training/train.py"]
        train.main([str(ROOT / word) if word.startswith("training/") else word for word in words[2:]] + list(more))

    assert f"{COUNT} photos; 0 skipped" in run(made)
    run_training(fitted, *SMALL, NETWORK)
    run_training(validated)
    assert json.loads((alone / "runs" / "mine" / "validate.json").read_text())["photos"] == 4
    assert "models/mine" in run(exported)
    assert "mine" in run(located)
    served = []
    monkeypatch.setattr(streamlit.App, "run", lambda self, **_: served.append(self))  # but for listening on a port
    run(opened)
    assert len(served) == 1
    found, problems = survey_models()  # what the page offers
    assert [record.name for record in found] == ["mine"]
    assert not problems


def test_imported_features_are_trained_on_and_answer_from_photos(
    alone: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from geoclip_core.locate.load import load_locator

    vectors = np.random.default_rng(0).normal(size=(COUNT, 768)).astype(np.float32)
    np.save(alone / "vectors.npy", vectors)
    config = ROOT / "training" / "configs" / "features.yaml"
    for name, more in {"clip-vit-l-14": {}, "my own": {}, "checked": {"weights": "auto"}}.items():
        backbone = "clip-vit-l-14" if name == "checked" else name
        features = alone / f"features-{name}"
        make_features.import_main(alone / "vectors.npy", features, alone / "photos.csv", backbone=backbone, **more)
        run = alone / f"run-{name}"
        place = [f"--data.source.init_args.folder={features}", f"--trainer.default_root_dir={run}"]
        train.main(["fit", f"--config={config}", *place, *SMALL, "--trainer.max_epochs=1", NETWORK])
        export_weights.main(run / "checkpoints" / "last.ckpt", alone / "models" / name, licence="MIT")
        record = json.loads((alone / "models" / name / "record.json").read_text())
        assert record["image"]["width"] == 768
        if name == "my own":
            assert record["image"]["tower"] == "my-own unchecked"
            with pytest.raises(Exception, match="There is no backbone called 'my-own'"):
                load_locator(str(alone / "models" / name))
        elif name == "checked":
            assert record["image"]["tower"].startswith("CLIP ")
            assert "unchecked" not in record["image"]["tower"]
            assert load_locator(str(alone / "models" / name)).locate(alone / "photo.jpg").candidates
        else:
            with pytest.warns(UserWarning, match="was never checked"):
                assert load_locator(str(alone / "models" / name)).locate(alone / "photo.jpg").candidates
    assert "my own cannot be built here" in capsys.readouterr().out

"""The Im2GPS3k command end to end behind a small CLIP of random weights: released heads and geocells on one run."""

from __future__ import annotations

import csv
import json
import signal
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from typer.testing import CliRunner

from geoclip_core.earth.distance import disk_points
from geoclip_core.model.clip import ClipShape, build_towers
from tests import processes
from training import export_weights, make_features, train
from training.evaluate import app

ROOT = Path(__file__).resolve().parents[2]
SHAPE = ClipShape(dim=768, image_size=224, patch=56, image_width=64, image_layers=1, text_width=64, text_layers=1)
PHOTOS = 40

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:.*is not one of the released CLIP files:UserWarning"),
]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of CLIP weights that the released heads fit behind, small and random."""
    file = tmp_path_factory.mktemp("clip") / "random.safetensors"
    with torch.random.fork_rng():
        torch.manual_seed(5)
        image, text = build_towers(SHAPE)
    state = {f"visual.{key}": value for key, value in image.state_dict().items()}
    save_file(state | {key: value for key, value in text.state_dict().items() if key != "attn_mask"}, file)
    return file


@pytest.fixture(scope="module")
def geocells(clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that was trained by ``geocells.yaml`` on made-up photos, as the scripts make it."""
    root = tmp_path_factory.mktemp("geocells")
    (root / "photos").mkdir()
    rng, places = np.random.default_rng(0), disk_points((45.0, 10.0), 5000.0, PHOTOS)
    with (root / "photos.csv").open("w", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(("IMG_FILE", "LAT", "LON"))
        for i, place in enumerate(places.tolist()):
            Image.fromarray(rng.integers(0, 255, (24, 24, 3), dtype=np.uint8)).save(root / "photos" / f"{i}.png")
            table.writerow((f"{i}.png", *place))
    make_features.main(
        root / "features", table=str(root / "photos.csv"), folder=str(root / "photos"), weights=str(clip), views=1
    )
    argv = sys.argv
    sys.argv = ["train.py"]
    try:
        train.main(
            [
                "fit",
                f"--config={ROOT / 'training' / 'configs' / 'geocells.yaml'}",
                f"--data.source.init_args.folder={root / 'features'}",
                f"--trainer.default_root_dir={root / 'run'}",
                "--trainer.max_epochs=2",
                "--trainer.log_every_n_steps=1",
                "--trainer.enable_progress_bar=false",
                "--trainer.enable_model_summary=false",
                "--trainer.accelerator=cpu",
                "--data.validation=0.2",
                "--data.batch_size=16",
                "--model.recipe.geocell_photos=3",
                "--model.location={sigmas: [1.0, 4.0], rows: 32, width: 64, dim: 32}",
            ]
        )
    finally:
        sys.argv = argv
    export_weights.main(root / "run" / "checkpoints" / "last.ckpt", root / "geocells", licence="MIT")
    return root / "geocells"


def test_two_models_and_galleries_are_killed_twice_and_resumed_to_equal_bytes(
    clip: Path, geocells: Path, shared_data: Path, tmp_path: Path
) -> None:
    points = np.load(shared_data / "coordinates" / "mp16_gallery_500k.npy", mmap_mode="r")
    np.save(tmp_path / "mp16.npy", points[::100])
    options = ["im2gps3k", shared_data / "im2gps3k_cc", "--model", "geoclip", "--model", geocells, "--clip", clip]
    options += ["--crops", 10, "--limit", 70, "--gallery", "own", "--gallery", tmp_path / "mp16.npy", "--out"]
    arguments = [str(option) for option in options]
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    for more, kept in ((1, 1), (2, 3)):  # of four parts: once behind the first of either model
        command, said = ["training/evaluate.py", *arguments, str(killed)], tmp_path / "said"
        process = processes.start(command, said, dies=(more, "part-*.json"))
        process.join(300)
        assert process.exitcode == -signal.SIGKILL, said.read_text()
        assert len(list(killed.rglob("part-*.json"))) == kept
        assert not (killed / "results.json").exists()
    for out in (killed, whole):
        assert CliRunner().invoke(app, [*arguments, str(out)]).exit_code == 0
    files = sorted(path.relative_to(whole) for path in whole.rglob("*.*"))
    assert len(files) == 4 + 2 + 4 + 3  # parts, their marks, predictions, results
    for file in files:
        assert (killed / file).read_bytes() == (whole / file).read_bytes(), file
    told = json.loads((whole / "results.json").read_text(encoding="utf-8"))
    assert list(told["galleries"]) == ["geoclip: own", "geoclip: mp16", "geocells: own", "geocells: mp16"]
    assert all(scores["answered"] == 70 for scores in told["galleries"].values())
    report = (whole / "results.md").read_text(encoding="utf-8")
    assert "The weights behind this run are random" in report
    assert report.count("\n| geocells: ") == 2

"""Runs of the real command line with the real YAML files, small enough for a test."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from geoclip_core.learning.data.toy import PaintedPlanet
from training.train import main

CONFIGS = Path(__file__).resolve().parents[2] / "training" / "configs"
SMALL = [
    "--data.source.init_args.count=200",
    "--data.source.init_args.size=16",
    "--data.batch_size=32",
    "--data.gallery_size=150",
    "--model.recipe.queue_size=48",
    "--model.location.width=32",
    "--model.location.rows=16",
    "--model.location.dim=16",
    "--trainer.max_epochs=2",
    "--trainer.log_every_n_steps=1",
    "--trainer.enable_progress_bar=false",
    "--trainer.enable_model_summary=false",
    "--save_every_steps=2",
]


Fit = Callable[..., Path]


@dataclass(frozen=True)
class Folder:
    """A folder of small photos and its table; photo i is good unless i is in ``bad``."""

    table: str
    photos: str
    bad: tuple[int, ...]
    count: int


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """24 photos of 40 x 30 pixels; two cannot be decoded."""
    photos, count, bad = tmp_path / "photos", 24, (5, 17)
    photos.mkdir()
    places = PaintedPlanet(count, seed=3).latlon
    with (tmp_path / "photos.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("image", "latitude", "longitude", "owner"))
        for i, (lat, lon) in enumerate(places.tolist()):
            writer.writerow((f"{i}.png", lat, lon, f"owner {i % 7}"))
            coarse = Image.fromarray(np.random.default_rng(i).integers(0, 255, (6, 8, 3), dtype=np.uint8))
            coarse.resize((40, 30), Image.Resampling.BICUBIC).save(photos / f"{i}.png")
            if i in bad:
                (photos / f"{i}.png").write_bytes(b"no photo")
    return Folder(str(tmp_path / "photos.csv"), str(photos), bad, count)


@pytest.fixture
def fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fit]:
    """Calls ``train.py fit --config smoke.yaml`` with small sizes; gives the run's folder."""
    monkeypatch.setattr(sys, "argv", ["train.py"])
    threads = torch.get_num_threads()
    torch.set_num_threads(1)

    def run(folder: str, *more: str, command: str = "fit", config: str = "smoke.yaml", small: bool = True) -> Path:
        root = tmp_path / folder
        sizes = SMALL if small else []
        main([command, f"--config={CONFIGS / config}", f"--trainer.default_root_dir={root}", *sizes, *more])
        return root

    run.root = tmp_path  # type: ignore[attr-defined]
    yield run
    torch.set_num_threads(threads)


def losses(run: Path) -> dict[int, str]:
    """Loss of every step, as text, from the newest CSV of a run."""
    newest = max(run.glob("csv/version_*/metrics.csv"), key=lambda file: int(file.parent.name.split("_")[1]))
    with newest.open() as stream:
        return {int(row["step"]): row["train/loss"] for row in csv.DictReader(stream) if row["train/loss"]}


def checkpoint(run: Path) -> dict[str, Any]:
    """The newest checkpoint of a run."""
    return dict(torch.load(run / "checkpoints" / "last.ckpt", weights_only=True))

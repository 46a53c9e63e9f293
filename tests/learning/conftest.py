"""Runs of the real command line with the real YAML files, small enough for a test."""

from __future__ import annotations

import csv
import shutil
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
Finished = Callable[..., Path]

ONE_EPOCH = "--trainer.max_epochs=1"


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
def one_thread(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One thread, which is fastest for networks so small, and no arguments of pytest's own on the command line."""
    monkeypatch.setattr(sys, "argv", ["train.py"])
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def train(root: Path, *more: str, command: str = "fit", config: str = "smoke.yaml", small: bool = True) -> Path:
    """``train.py fit --config smoke.yaml`` with small sizes, into a folder."""
    sizes = SMALL if small else []
    main([command, f"--config={CONFIGS / config}", f"--trainer.default_root_dir={root}", *sizes, *more])
    return root


@pytest.fixture
def fit(tmp_path: Path, one_thread: None) -> Fit:
    """Calls :func:`train` with the name of a folder; gives the run's folder."""

    def run(folder: str, *more: str, **options: Any) -> Path:
        return train(tmp_path / folder, *more, **options)

    run.root = tmp_path  # type: ignore[attr-defined]
    return run


@pytest.fixture(scope="session")
def finished_runs(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, ...], Path]:
    """Runs that several tests look at, by their arguments; see :func:`finished`."""
    return {}


@pytest.fixture
def finished(
    finished_runs: dict[tuple[str, ...], Path], tmp_path_factory: pytest.TempPathFactory, one_thread: None
) -> Finished:
    """The folder of a finished run with these arguments, trained once for all tests, which must not change it."""

    def run(*more: str) -> Path:
        if more not in finished_runs:
            finished_runs[more] = train(tmp_path_factory.mktemp("finished") / "run", *more)
        return finished_runs[more]

    return run


@pytest.fixture
def copied(finished: Finished, tmp_path: Path) -> Finished:
    """A copy of such a folder under a name that :func:`fit` takes, to be resumed or changed."""

    def copy(folder: str, *more: str) -> Path:
        return Path(shutil.copytree(finished(*more), tmp_path / folder))

    return copy


def losses(run: Path) -> dict[int, str]:
    """Loss of every step, as text, from the CSV of a run and all that resumed it."""
    with (run / "csv" / "version_0" / "metrics.csv").open() as stream:
        rows = [row for row in csv.DictReader(stream) if row["train/loss"]]
    assert [int(row["step"]) for row in rows] == list(range(len(rows)))  # no step is missing, none is there twice
    return {int(row["step"]): row["train/loss"] for row in rows}


def column(run: Path, name: str) -> list[float]:
    """The values of a column of a run's CSV, where there are any."""
    with (run / "csv" / "version_0" / "metrics.csv").open() as stream:
        return [float(row[name]) for row in csv.DictReader(stream) if row.get(name)]


def checkpoint(run: Path) -> dict[str, Any]:
    """The newest checkpoint of a run."""
    return dict(torch.load(run / "checkpoints" / "last.ckpt", weights_only=True))

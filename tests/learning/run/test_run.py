"""Complete runs through the real entry point and the real YAML files."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml

from geoclip_core.errors import DataError, TrainingError
from geoclip_core.learning.data.datamodule import GeoData
from geoclip_core.learning.data.order import Order
from geoclip_core.learning.data.toy import PaintedPlanet
from geoclip_core.learning.run.model_folder import read_checkpoint
from geoclip_core.learning.run.module import GeoLearner
from geoclip_core.learning.settings import LocationConfig, Recipe
from tests.learning.conftest import ONE_EPOCH, Finished, Fit, Folder, checkpoint, column, losses


@pytest.mark.slow
def test_validating_leaves_what_a_run_was_trained_with(fit: Fit, copied: Finished, tmp_path: Path) -> None:
    run = copied("run", ONE_EPOCH)
    kept = {name: (run / name).read_bytes() for name in ("config.yaml", "gallery.npy", "run.json")}
    np.save(tmp_path / "g.npy", np.array([[60.0, 10.0], [0.0, 10.0]]))
    last = f"--ckpt_path={run / 'checkpoints' / 'last.ckpt'}"
    fit("run", f"--data.gallery={tmp_path / 'g.npy'}", last, command="validate")
    assert {name: (run / name).read_bytes() for name in kept} == kept


@pytest.mark.slow
def test_a_run_stops_early_where_nothing_improves(fit: Fit) -> None:
    run = fit("run", "--trainer.max_epochs=9", "--early_stop.patience=1", "--early_stop.min_delta=1e9")
    assert checkpoint(run)["epoch"] == 1


def test_a_precision_that_rounds_coordinates_is_refused(fit: Fit) -> None:
    with pytest.raises(TrainingError, match=r"coordinates in bfloat16. Allowed: 32-true, bf16-mixed"):
        fit("run", "--trainer.precision=bf16-true")


def test_a_run_needs_no_logger(fit: Fit) -> None:
    run = fit("run", "--trainer.logger=false", ONE_EPOCH)
    assert not (run / "csv").exists()
    assert (run / "checkpoints" / "last.ckpt").is_file()


@pytest.mark.slow
def test_a_run_learns_and_leaves_a_record_of_itself(fit: Fit) -> None:
    run = fit("run", "--trainer.max_epochs=4", "--data.source.init_args.count=600", "--data.source.init_args.size=32")
    curve = [float(loss) for loss in losses(run).values()]
    assert np.mean(curve[-10:]) < 0.8 * np.mean(curve[:10])
    config = yaml.safe_load((run / "config.yaml").read_text())
    assert config["model"]["recipe"]["queue_size"] == 48
    assert config["model"]["recipe"]["weight_decay"] == 1e-6  # defaults are written out, too
    record = json.loads((run / "run.json").read_text())
    assert len(record["git"]) == 40
    assert len(record["data"]) == 16
    assert {file.name for file in (run / "checkpoints").iterdir()} == {"best.ckpt", "last.ckpt"}
    assert list((run / "tensorboard").iterdir())
    _, extra = read_checkpoint(run / "checkpoints" / "best.ckpt")
    assert set(extra["metrics"]) == {f"accuracy_{km}km" for km in (1, 25, 200, 750, 2500)} | {"median_km"}
    assert extra["metrics"]["median_km"] < 9000  # 10,008 km is the median of blind answers
    saved = fit("again", f"--ckpt_path={run / 'checkpoints' / 'best.ckpt'}", command="validate")
    assert not (saved / "checkpoints").exists()


def test_unknown_keys_are_errors(fit: Fit, capsys: pytest.CaptureFixture[str]) -> None:
    for key in ("--model.recipe.queue_lenght=3", "--data.fractions=0.1", "--trainer.epochs=3"):
        with pytest.raises(SystemExit):
            fit("run", key)
        assert key.split("=")[0].split(".")[-1] in capsys.readouterr().err


def test_a_loss_that_is_no_number_stops_before_it_does_harm(fit: Fit, monkeypatch: pytest.MonkeyPatch) -> None:
    paint = PaintedPlanet._paint

    def damaged(self, rows, turns):
        pictures = paint(self, rows, turns)
        pictures[rows == third[0]] = np.nan
        return pictures

    rows = GeoData(PaintedPlanet(200), batch_size=32).train_rows
    third = next(islice(Order(rows, 32).batches(2), 1))[0]
    monkeypatch.setattr(PaintedPlanet, "_paint", damaged)
    with pytest.raises(TrainingError, match=r"loss became nan in epoch 0, batch 2 \(rows [\d, ]+ and 27 more\)"):
        fit("run", "--save_every_steps=1")
    assert_sound(checkpoint(fit.root / "run"), 2)


def test_weights_that_are_no_numbers_are_never_saved(fit: Fit, monkeypatch: pytest.MonkeyPatch) -> None:
    loss, calls = GeoLearner._loss, 0

    def steep(self, images, latlon, exact):
        nonlocal calls
        calls += 1
        flat = (images.sum() * 0).sqrt() if calls == 3 else 0.0  # worth 0, with a gradient that is no number
        return loss(self, images, latlon, exact) + flat

    monkeypatch.setattr(GeoLearner, "_loss", steep)
    with pytest.raises(TrainingError, match="is not finite after batch 3 of the run"):
        fit("run", "--save_every_steps=1")
    assert_sound(checkpoint(fit.root / "run"), 2)


def assert_sound(saved: dict[str, Any], step: int) -> None:
    """The checkpoint is of this step, and its weights are numbers."""
    assert saved["global_step"] == step
    assert all(torch.isfinite(value).all() for value in saved["state_dict"].values())


def test_a_gallery_outside_the_region_is_refused(fit: Fit, tmp_path: Path) -> None:
    np.save(tmp_path / "g.npy", np.array([[60.0, 10.0]]))
    with pytest.raises(DataError, match="has no point in continent:AF"):
        fit("run", "--data.region=continent:AF", f"--data.gallery={tmp_path / 'g.npy'}")


@pytest.mark.parametrize("asked", [True, False])
@pytest.mark.slow
def test_photos_that_cannot_be_read_are_counted_at_the_end(
    fit: Fit, folder: Folder, caplog: pytest.LogCaptureFixture, tmp_path: Path, asked: bool
) -> None:
    report = tmp_path / "asked.csv" if asked else tmp_path / "run" / "skipped.csv"
    fit(
        "run",
        "--data.source=geoclip_core.learning.data.photos.PhotoFolder",
        f"--data.source.init_args.table={folder.table}",
        f"--data.source.init_args.folder={folder.photos}",
        *([f"--data.source.init_args.report={report}"] if asked else []),
        "--data.source.init_args.views.preprocess.size=32",
        "--data.validation=0.2",
        "--data.split_by=photographer",
        "--trainer.max_epochs=1",
        "--trainer.log_every_n_steps=1",
        "--trainer.enable_progress_bar=false",
        "--trainer.enable_model_summary=false",
        small=False,
    )
    assert f"2 rows were not used; {report} lists them" in caplog.text


@pytest.mark.filterwarnings("ignore:It is recommended to use `self.log")  # each process has the values of all
@pytest.mark.slow
def test_two_processes_train_like_one_with_the_joined_batch(fit: Fit) -> None:
    # Batch normalisation and noise are of each process; without them the two runs are the same sums.
    more = [
        "--model.tower.architecture=test_vit",
        '--model.tower.options={"img_size": 16, "patch_size": 8}',
        "--model.recipe.noise_m=0",
        "--model.recipe.symmetric=true",
        "--model.recipe.learning_rate=1e-4",
        "--trainer.max_epochs=1",
        "--data.source.init_args.noise=0",
        "--data.validation=0.04",  # of 200 leaves 192, which both runs cut alike
    ]
    one = fit("one", *more)
    two = fit("two", *more, "--data.batch_size=16", "--trainer.devices=2", "--trainer.strategy=ddp_fork")
    for (step, there), (_, here) in zip(losses(one).items(), losses(two).items(), strict=True):
        assert float(here) == pytest.approx(float(there), rel=1e-3), step
    measured = [column(run, "validation/loss") for run in (one, two)]
    assert measured[1] == pytest.approx(measured[0], rel=1e-3)
    there, here = (checkpoint(run)["state_dict"] for run in (one, two))
    assert torch.equal(there["queue.latlon"], here["queue.latlon"])
    assert torch.equal(there["queue.cursor"], here["queue.cursor"])


def test_mixed_precision_leaves_places_exact() -> None:
    model = GeoLearner(location=LocationConfig(rows=32, width=32, dim=16), recipe=Recipe(queue_size=8))
    latlon = torch.tensor([[48.85, 2.29], [-33.9, 151.2]])
    with torch.autocast("cpu", torch.bfloat16):
        coarse = model.encode_images(torch.randn(2, 1, 768))
        places = model.encode_places(latlon)
    assert coarse.dtype == torch.bfloat16
    assert torch.equal(places, model.encode_places(latlon))


def test_the_scale_is_clamped_at_100(fit: Fit) -> None:
    run = fit("run", "--trainer.max_epochs=1", "--model.recipe.temperature=0.01", "--model.recipe.learning_rate=0.1")
    assert float(checkpoint(run)["state_dict"]["logit_scale"].exp()) <= 100.001

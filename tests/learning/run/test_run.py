"""Whole runs through the real entry point and the real YAML files."""

from __future__ import annotations

import csv
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
from geoclip_core.learning.run.validation import GalleryRetrieval
from geoclip_core.learning.settings import Location, Recipe
from tests.learning.conftest import Fit, Folder, checkpoint, losses


def interrupt_after(patch: pytest.MonkeyPatch, batches: int) -> None:
    """Let the power go off when so many batches have been read."""
    read, calls = PaintedPlanet.training_batch, 0

    def interrupted(self, *args):
        nonlocal calls
        calls += 1
        if calls > batches:
            raise RuntimeError("the power went off")
        return read(self, *args)

    patch.setattr(PaintedPlanet, "training_batch", interrupted)


@pytest.mark.parametrize(
    ("stop", "more"),
    [
        (5, ()),
        (6, ()),
        (8, ("--trainer.accumulate_grad_batches=2", "--model.recipe.hard_negatives=2")),
        (5, ("--model.recipe.optimizer=muon",)),
        (5, ("--model.recipe.geocell_photos=20",)),
    ],
    ids=["mid-epoch", "last batch", "accumulating", "muon", "geocells"],
)
def test_an_interrupted_run_goes_on_as_if_nothing_had_happened(
    fit: Fit, monkeypatch: pytest.MonkeyPatch, stop: int, more: tuple[str, ...]
) -> None:
    whole = fit("whole", *more)
    with monkeypatch.context() as patch:
        interrupt_after(patch, stop)
        with pytest.raises(RuntimeError, match="the power went off"):
            fit("parts", *more)
    parts = fit("parts", "--ckpt_path=last", *more)
    expected, resumed = losses(whole), losses(parts)
    assert 0 < len(resumed) < len(expected)
    assert resumed == {step: loss for step, loss in expected.items() if step in resumed}
    there, here = (checkpoint(run)["state_dict"] for run in (whole, parts))
    assert there.keys() == here.keys()
    assert all(torch.equal(value, here[key]) for key, value in there.items())
    assert here["queue.seeded"]


def test_a_run_that_is_killed_twice_between_accumulated_batches_goes_on_all_the_same(
    fit: Fit, monkeypatch: pytest.MonkeyPatch
) -> None:
    more = ("--trainer.accumulate_grad_batches=2",)
    whole = fit("whole", *more)
    for stop, again in ((5, ()), (1, ("--ckpt_path=last",))):
        with monkeypatch.context() as patch:
            interrupt_after(patch, stop)
            with pytest.raises(RuntimeError, match="the power went off"):
                fit("parts", *again, *more)
    parts = fit("parts", "--ckpt_path=last", *more)
    there, here = (checkpoint(run)["state_dict"] for run in (whole, parts))
    assert all(torch.equal(value, here[key]) for key, value in there.items())


def test_a_kill_while_validating_loses_no_validation(fit: Fit, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(self, images):
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(GalleryRetrieval, "locate", killed)
        with pytest.raises(RuntimeError, match="killed"):
            fit("run")
    fit("run", "--ckpt_path=last")
    with (fit.root / "run" / "csv" / "version_1" / "metrics.csv").open() as stream:
        assert [row["epoch"] for row in csv.DictReader(stream) if row["validation/median_km"]] == ["0", "1"]


@pytest.mark.parametrize("optimizer", ["adam", "muon"])
def test_a_resumed_run_has_the_rates_of_its_own_recipe(fit: Fit, optimizer: str) -> None:
    kind = f"--model.recipe.optimizer={optimizer}"
    before = checkpoint(fit("run", kind, "--trainer.max_epochs=1"))["state_dict"]
    still = ("--model.recipe.learning_rate=0", "--model.recipe.matrix_rate=0")
    after = checkpoint(fit("run", kind, "--ckpt_path=last", *still))["state_dict"]
    trained = [key for key in before if key.startswith(("image_mlp", "location_encoder"))]
    assert all(torch.equal(before[key], after[key]) for key in trained)
    moved = checkpoint(fit("more", kind))["state_dict"]
    assert not all(torch.equal(before[key], moved[key]) for key in trained)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("--data.fraction=0.5", "trained on other data, or another split or fraction"),
        ("--data.source.init_args.seed=9", "trained on other data"),
        ("--data.batch_size=16", "counts batches of 32 rows in 1 processes, this run of 16 rows in 1"),
        ("--model.recipe.optimizer=muon", "recipe.optimizer is adam, the configuration's muon"),
        ("--model.recipe.queue_size=7", "recipe.queue_size is 48, the configuration's 7"),
    ],
)
def test_a_run_is_not_resumed_as_another_one(fit: Fit, change: str, words: str) -> None:
    fit("run", "--trainer.max_epochs=1")
    with pytest.raises(TrainingError, match=words):
        fit("run", "--ckpt_path=last", change)
    if "data.source" in change:  # but measured on other data it may be
        fit("run", f"--ckpt_path={fit.root / 'run' / 'checkpoints' / 'last.ckpt'}", change, command="validate")


def test_validating_leaves_what_a_run_was_trained_with(fit: Fit, tmp_path: Path) -> None:
    run = fit("run", "--trainer.max_epochs=1")
    kept = {name: (run / name).read_bytes() for name in ("config.yaml", "gallery.npy", "run.json")}
    np.save(tmp_path / "g.npy", np.array([[60.0, 10.0], [0.0, 10.0]]))
    last = f"--ckpt_path={run / 'checkpoints' / 'last.ckpt'}"
    fit("run", f"--data.gallery={tmp_path / 'g.npy'}", last, command="validate")
    assert {name: (run / name).read_bytes() for name in kept} == kept


def test_a_run_stops_early_where_nothing_improves(fit: Fit) -> None:
    run = fit("run", "--trainer.max_epochs=9", "--early_stop.patience=1", "--early_stop.min_delta=1e9")
    assert checkpoint(run)["epoch"] == 1


def test_a_precision_that_rounds_coordinates_is_refused(fit: Fit) -> None:
    with pytest.raises(TrainingError, match=r"coordinates in bfloat16. Allowed: 32-true, bf16-mixed"):
        fit("run", "--trainer.precision=bf16-true")


def test_a_run_needs_no_logger(fit: Fit) -> None:
    run = fit("run", "--trainer.logger=false", "--trainer.max_epochs=1")
    assert not (run / "csv").exists()
    assert (run / "checkpoints" / "last.ckpt").is_file()


def test_a_kill_while_a_checkpoint_is_written_leaves_the_one_before(fit: Fit, monkeypatch: pytest.MonkeyPatch) -> None:
    save, calls = torch.save, 0

    def killed(value, stream):
        nonlocal calls
        calls += 1
        if calls == 3:
            stream.write(b"half a checkpoint")
            raise RuntimeError("killed")
        save(value, stream)

    with monkeypatch.context() as patch:
        patch.setattr(torch, "save", killed)
        with pytest.raises(RuntimeError, match="killed"):
            fit("run")
    assert checkpoint(fit.root / "run")["global_step"] == 4
    resumed = fit("run", "--ckpt_path=last")
    assert losses(resumed)[11] == losses(fit("whole"))[11]


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


def test_a_checkpoint_of_another_network_is_refused(fit: Fit) -> None:
    fit("run", "--trainer.max_epochs=1")
    with pytest.raises(TrainingError, match=r"checkpoint's location is .*resume with the config.yaml"):
        fit("run", "--ckpt_path=last", "--model.location.dim=8")


def test_a_gallery_outside_the_region_is_refused(fit: Fit, tmp_path: Path) -> None:
    np.save(tmp_path / "g.npy", np.array([[60.0, 10.0]]))
    with pytest.raises(DataError, match="has no point in continent:AF"):
        fit("run", "--data.region=continent:AF", f"--data.gallery={tmp_path / 'g.npy'}")


@pytest.mark.parametrize("asked", [True, False])
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
    two = fit("two", *more, "--data.batch_size=16", "--trainer.devices=2", "--trainer.strategy=ddp_spawn")
    for (step, there), (_, here) in zip(losses(one).items(), losses(two).items(), strict=True):
        assert float(here) == pytest.approx(float(there), rel=1e-3), step
    there, here = (checkpoint(run)["state_dict"] for run in (one, two))
    assert torch.equal(there["queue.latlon"], here["queue.latlon"])
    assert torch.equal(there["queue.cursor"], here["queue.cursor"])


def test_two_processes_go_on_where_they_stopped(fit: Fit) -> None:
    more = ["--data.batch_size=16", "--model.recipe.shared_queue=false", "--model.recipe.optimizer=muon"]
    more += ["--trainer.devices=2", "--trainer.strategy=ddp_spawn"]
    whole = fit("whole", *more)
    fit("parts", *more, "--trainer.max_epochs=1")
    parts = fit("parts", *more, "--ckpt_path=last")
    there, here = (checkpoint(run) for run in (whole, parts))
    assert all(torch.equal(value, here["state_dict"][key]) for key, value in there["state_dict"].items())
    for mine, theirs in zip(here["geoclip"]["queues"], there["geoclip"]["queues"], strict=True):
        assert torch.equal(mine["latlon"], theirs["latlon"])


def test_each_process_can_keep_a_queue_of_its_own(fit: Fit) -> None:
    more = ["--model.recipe.shared_queue=false", "--data.batch_size=16"]
    run = fit("run", *more, "--trainer.max_epochs=1", "--trainer.devices=2", "--trainer.strategy=ddp_spawn")
    data, queues = GeoData(PaintedPlanet(200), batch_size=16), checkpoint(run)["geoclip"]["queues"]
    assert len(queues) == 2
    for rank, queue in enumerate(queues):
        batches = islice(Order(data.train_rows, 16, 0, rank, 2).batches(0), 6)
        seen = np.concatenate([data.source.latlon[rows] for rows, _ in batches])[-48:]
        kept = queue["latlon"].roll(-int(queue["cursor"]), 0)
        assert np.array_equal(kept, seen)
    with pytest.raises(TrainingError, match="queues of 2 processes, not 1"):
        fit("run", *more, "--ckpt_path=last")


def test_mixed_precision_leaves_places_exact() -> None:
    model = GeoLearner(location=Location(rows=32, width=32, dim=16), recipe=Recipe(queue_size=8))
    latlon = torch.tensor([[48.85, 2.29], [-33.9, 151.2]])
    with torch.autocast("cpu", torch.bfloat16):
        coarse = model.encode_images(torch.randn(2, 1, 768))
        places = model.encode_places(latlon)
    assert coarse.dtype == torch.bfloat16
    assert torch.equal(places, model.encode_places(latlon))


def test_the_scale_is_clamped_at_100(fit: Fit) -> None:
    run = fit("run", "--trainer.max_epochs=1", "--model.recipe.temperature=0.01", "--model.recipe.learning_rate=0.1")
    assert float(checkpoint(run)["state_dict"]["logit_scale"].exp()) <= 100.001

"""An interrupted run goes on exactly where it stopped, or says why it cannot."""

from __future__ import annotations

import csv
from itertools import islice

import numpy as np
import pytest
import torch

from geoclip_core.errors import TrainingError
from geoclip_core.learning.data.datamodule import GeoData
from geoclip_core.learning.data.order import Order
from geoclip_core.learning.data.toy import PaintedPlanet
from geoclip_core.learning.run.validation import GalleryRetrieval
from tests.learning.conftest import ONE_EPOCH, Finished, Fit, checkpoint, losses

MUON = ("--model.recipe.optimizer=muon", "--model.recipe.geocell_photos=20")
ACCUMULATING = ("--trainer.accumulate_grad_batches=2", "--model.recipe.hard_negatives=2")


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
        (8, ACCUMULATING),
        (5, MUON),
    ],
    ids=["mid-epoch", "last batch", "accumulating", "muon and geocells"],
)
@pytest.mark.slow
def test_an_interrupted_run_goes_on_as_if_nothing_had_happened(
    fit: Fit, finished: Finished, monkeypatch: pytest.MonkeyPatch, stop: int, more: tuple[str, ...]
) -> None:
    whole = finished(*more)
    with monkeypatch.context() as patch:
        interrupt_after(patch, stop)
        with pytest.raises(RuntimeError, match="the power went off"):
            fit("parts", *more)
    parts = fit("parts", "--ckpt_path=last", *more)
    assert losses(parts) == losses(whole)  # in one file, each step once
    there, here = (checkpoint(run)["state_dict"] for run in (whole, parts))
    assert there.keys() == here.keys()
    assert all(torch.equal(value, here[key]) for key, value in there.items())
    assert here["queue.seeded"]


@pytest.mark.slow
def test_a_run_that_is_killed_twice_between_accumulated_batches_goes_on_all_the_same(
    fit: Fit, finished: Finished, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = finished(*ACCUMULATING)
    for stop, again in ((5, ()), (1, ("--ckpt_path=last",))):
        with monkeypatch.context() as patch:
            interrupt_after(patch, stop)
            with pytest.raises(RuntimeError, match="the power went off"):
                fit("parts", *again, *ACCUMULATING)
    parts = fit("parts", "--ckpt_path=last", *ACCUMULATING)
    there, here = (checkpoint(run)["state_dict"] for run in (whole, parts))
    assert all(torch.equal(value, here[key]) for key, value in there.items())


@pytest.mark.slow
def test_a_kill_while_validating_loses_no_validation(fit: Fit, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(self, images):
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(GalleryRetrieval, "locate", killed)
        with pytest.raises(RuntimeError, match="killed"):
            fit("run")
    fit("run", "--ckpt_path=last")
    with (fit.root / "run" / "csv" / "version_0" / "metrics.csv").open() as stream:
        assert [row["epoch"] for row in csv.DictReader(stream) if row["validation/median_km"]] == ["0", "1"]


@pytest.mark.parametrize("kind", [(), MUON], ids=["adam", "muon"])
@pytest.mark.slow
def test_a_resumed_run_has_the_rates_of_its_own_recipe(
    fit: Fit, finished: Finished, copied: Finished, kind: tuple[str, ...]
) -> None:
    before = checkpoint(copied("run", *kind, ONE_EPOCH))["state_dict"]
    still = ("--model.recipe.learning_rate=0", "--model.recipe.matrix_rate=0")
    after = checkpoint(fit("run", *kind, "--ckpt_path=last", *still))["state_dict"]
    trained = [key for key in before if key.startswith(("image_mlp", "location_encoder"))]
    assert all(torch.equal(before[key], after[key]) for key in trained)
    moved = checkpoint(finished(*kind))["state_dict"]
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
def test_a_run_is_not_resumed_as_another_one(fit: Fit, copied: Finished, change: str, words: str) -> None:
    copied("run", ONE_EPOCH)
    with pytest.raises(TrainingError, match=words):
        fit("run", "--ckpt_path=last", change)
    if "data.source" in change:  # but measured on other data it may be
        fit("run", f"--ckpt_path={fit.root / 'run' / 'checkpoints' / 'last.ckpt'}", change, command="validate")


@pytest.mark.slow
def test_a_kill_while_a_checkpoint_is_written_leaves_the_one_before(
    fit: Fit, finished: Finished, monkeypatch: pytest.MonkeyPatch
) -> None:
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
    assert losses(resumed)[11] == losses(finished())[11]
    assert not list((resumed / "checkpoints").glob("*.part"))


def test_a_checkpoint_of_another_network_is_refused(fit: Fit, copied: Finished) -> None:
    copied("run", ONE_EPOCH)
    with pytest.raises(TrainingError, match=r"checkpoint's location is .*resume with the config.yaml"):
        fit("run", "--ckpt_path=last", "--model.location.dim=8")


@pytest.mark.filterwarnings("ignore:It is recommended to use `self.log")  # each process has the values of all
@pytest.mark.slow
def test_two_processes_with_queues_of_their_own_go_on_where_they_stopped(fit: Fit) -> None:
    more = ["--data.batch_size=16", "--model.recipe.shared_queue=false", "--model.recipe.optimizer=muon"]
    two = ["--trainer.devices=2", "--trainer.strategy=ddp_fork"]
    two += ["--best.save_top_k=-1"]
    whole = fit("whole", *more, *two)
    after_one = whole / "checkpoints" / "step-000006.ckpt"
    once = torch.load(after_one, weights_only=True)
    data, queues = GeoData(PaintedPlanet(200), batch_size=16), once["geoclip"]["queues"]
    assert len(queues) == 2
    for rank, queue in enumerate(queues):
        batches = islice(Order(data.train_rows, 16, 0, rank, 2).batches(0), 6)
        seen = np.concatenate([data.source.latlon[rows] for rows, _ in batches])[-48:]
        kept = queue["latlon"].roll(-int(queue["cursor"]), 0)
        assert np.array_equal(kept, seen)
    with pytest.raises(TrainingError, match="queues of 2 processes, not 1"):
        fit("parts", *more, f"--ckpt_path={after_one}")
    parts = fit("parts", *more, *two, f"--ckpt_path={after_one}")
    there, here = (checkpoint(run) for run in (whole, parts))
    assert all(torch.equal(value, here["state_dict"][key]) for key, value in there["state_dict"].items())
    for mine, theirs in zip(here["geoclip"]["queues"], there["geoclip"]["queues"], strict=True):
        assert torch.equal(mine["latlon"], theirs["latlon"])

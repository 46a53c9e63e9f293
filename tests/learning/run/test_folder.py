"""Every run has a folder of its own, and a checkpoint that is named is there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
import yaml

from geoclip_core.errors import TrainingError
from geoclip_core.learning.run.model_folder import read_checkpoint
from tests.learning.conftest import ONE_EPOCH, Finished, Fit, checkpoint, losses

CUT_SHORT = ("--trainer.max_steps=3", "--save_every_steps=0")


def names(run: Path) -> set[str]:
    return {file.name for file in (run / "checkpoints").iterdir()}


def test_a_run_does_not_write_over_another_one(fit: Fit, copied: Finished) -> None:
    run = copied("run", ONE_EPOCH)
    (run / "notes.txt").write_text("mine")
    kept = {file: file.read_bytes() for file in run.rglob("*") if file.is_file()}
    words = r"run holds another run \(best.ckpt, last.ckpt\).*--ckpt_path last.*default_root_dir.*--start.overwrite"
    with pytest.raises(TrainingError, match=words):
        fit("run", ONE_EPOCH)
    other = copied("other", ONE_EPOCH) / "checkpoints" / "last.ckpt"
    with pytest.raises(TrainingError, match=words):  # nor is a third one resumed into it
        fit("run", ONE_EPOCH, f"--ckpt_path={other}")
    assert {file: file.read_bytes() for file in run.rglob("*") if file.is_file()} == kept
    fit("run", "--start.overwrite=true", *CUT_SHORT)
    assert names(run) == {"last.ckpt"}
    assert len(losses(run)) == 3
    assert (run / "notes.txt").read_text() == "mine"


def test_a_checkpoint_that_is_not_there_is_an_error(fit: Fit, copied: Finished) -> None:
    for asked in ("last", "best", "nowhere.ckpt"):
        with pytest.raises(TrainingError, match=rf"ckpt_path {asked}: there is no file .*holds no checkpoint"):
            fit("empty", f"--ckpt_path={asked}")
    assert not (fit.root / "empty").exists()
    copied("run", ONE_EPOCH)
    with pytest.raises(TrainingError, match=r"holds best.ckpt, last.ckpt; name the folder"):
        fit("run", "--ckpt_path=other.ckpt")


def test_what_is_no_checkpoint_is_refused(fit: Fit, tmp_path: Path) -> None:
    (tmp_path / "half.ckpt").write_bytes(b"half a checkpoint")
    torch.save({"state_dict": {}}, tmp_path / "other.ckpt")
    for name, words in (("half", "is no checkpoint that can be read"), ("other", "was not written by this pipeline")):
        for command in ("fit", "validate"):
            with pytest.raises(TrainingError, match=rf"--ckpt_path .*{name}.ckpt {words}"):
                fit("run", f"--ckpt_path={tmp_path / name}.ckpt", command=command)


@pytest.mark.slow
def test_a_run_that_ends_inside_its_first_epoch_is_kept_and_goes_on(fit: Fit, finished: Finished) -> None:
    run = fit("run", *CUT_SHORT)
    assert names(run) == {"last.ckpt"}
    assert checkpoint(run)["global_step"] == 3
    there, here = (checkpoint(each)["state_dict"] for each in (finished(), fit("run", "--ckpt_path=last")))
    assert all(torch.equal(value, here[key]) for key, value in there.items())
    assert losses(run) == losses(finished())
    assert (run / "config-1.yaml").is_file()  # what the first part was trained with
    assert yaml.safe_load((run / "config.yaml").read_text())["trainer"]["max_steps"] == -1


def test_a_run_without_validation_is_kept(fit: Fit, caplog: pytest.LogCaptureFixture) -> None:
    run = fit("run", "--trainer.limit_val_batches=0", ONE_EPOCH)
    assert names(run) == {"last.ckpt"}
    assert "Without validation no best.ckpt is kept" in caplog.text


@pytest.mark.slow
def test_the_best_is_the_best_by_what_is_watched(fit: Fit) -> None:
    more = ("--best.monitor=validation/accuracy_2500km", "--best.save_top_k=2", "--early_stop=null")
    run = fit("run", "--trainer.max_epochs=4", *more)
    assert len(names(run)) == 4  # best, last, and the two best by their steps
    shares = {file.name: found(file)["accuracy_2500km"] for file in (run / "checkpoints").iterdir()}
    assert shares["best.ckpt"] == max(shares.values())
    fewer = fit("none", ONE_EPOCH, "--best=null", "--early_stop=null")
    assert names(fewer) == {"last.ckpt"}


def found(file: Path) -> dict[str, float]:
    return dict(read_checkpoint(file)[1]["metrics"])


@pytest.mark.slow
def test_validate_and_test_need_weights_and_write_what_they_find(fit: Fit, copied: Finished) -> None:
    run = copied("run", ONE_EPOCH)
    for command in ("validate", "test"):
        with pytest.raises(TrainingError, match=rf"{command} needs weights, and none are named. Allowed: --ckpt_path"):
            fit("run", command=command)
    fit("run", "--ckpt_path=last", command="validate")
    written = json.loads((run / "validate.json").read_text())
    assert written["metrics"].pop("loss") > 0
    assert written["metrics"] == pytest.approx(found(run / "checkpoints" / "last.ckpt"), nan_ok=True)
    assert written["photos"] == 10
    kind = "geoclip_core.learning.data.toy.PaintedPlanet"
    apart = ("--data.test=" + kind, "--data.test.init_args.count=30", "--data.test.init_args.seed=4")
    fit("run", "--ckpt_path=best", *apart, "--data.test.init_args.size=16", command="test")
    tested = json.loads((run / "test.json").read_text())
    assert tested["photos"] == 30
    assert tested["metrics"].keys() == {"loss", *written["metrics"]}
    assert tested["checkpoint"].endswith("best.ckpt")


def test_one_seed_is_the_seed_of_all(fit: Fit) -> None:
    states = []
    for folder, more in (("a", ("--seed_everything=5",)), ("b", ("--data.seed=5", "--model.recipe.seed=5"))):
        run = fit(folder, *CUT_SHORT, *more)
        states.append((checkpoint(run)["state_dict"]["queue.latlon"], json.loads((run / "run.json").read_text())))
        assert ("seed" in yaml.safe_load((run / "config.yaml").read_text())["data"]) == (folder == "b")
    (queue, record), (other_queue, other_record) = states
    assert record["data"] == other_record["data"]  # the same rows are held out
    assert torch.equal(queue, other_queue)

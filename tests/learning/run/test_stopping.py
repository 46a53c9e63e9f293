"""A run that is told to stop saves where it stands, says so by its exit code, and goes on to the same weights."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
import torch
from lightning.pytorch.callbacks import Timer

from geoclip_core.learning.data.toy import PaintedPlanet
from geoclip_core.learning.run.validation import GalleryRetrieval
from tests import processes
from tests.learning.conftest import CONFIGS, ONE_EPOCH, SMALL, Finished, Fit, checkpoint, losses, train

ACCUMULATING = ("--trainer.accumulate_grad_batches=2", "--model.recipe.hard_negatives=2")
SELDOM = ("--save_every_steps=0",)
ROOT = CONFIGS.parents[1]


@pytest.fixture(autouse=True)
def heard() -> Iterator[None]:
    """SIGHUP ends a process, as it does but under nohup."""
    number = getattr(signal, "SIGHUP", None)
    before = None if number is None else signal.signal(number, signal.SIG_DFL)
    yield
    if number is not None:
        signal.signal(number, before)


def signal_at(patch: pytest.MonkeyPatch, batch: int, number: int, times: int = 1) -> None:
    """Send this process a signal while so many batches have been read."""
    read, calls = PaintedPlanet.training_batch, 0

    def reading(self, *args):
        nonlocal calls
        calls += 1
        if calls == batch:
            for _ in range(times):
                os.kill(os.getpid(), number)
        return read(self, *args)

    patch.setattr(PaintedPlanet, "training_batch", reading)


def assert_same(there: Path, here: Path) -> None:
    """Two runs have the same losses and end with the same weights."""
    assert losses(there) == losses(here)
    whole, parts = (checkpoint(run)["state_dict"] for run in (there, here))
    assert whole.keys() == parts.keys()
    assert all(torch.equal(value, parts[key]) for key, value in whole.items())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "batch", "saved", "more"),
    [
        (signal.SIGTERM, 4, 3, ()),
        (signal.SIGINT, 9, 8, ()),
        (signal.SIGTERM, 4, 2, ACCUMULATING),  # between two batches of a step: after the step
        (getattr(signal, "SIGHUP", signal.SIGTERM), 4, 3, ()),
    ],
    ids=["SIGTERM", "Ctrl-C", "SIGTERM, accumulating", "a closed terminal"],
)
def test_a_signal_saves_the_step_and_is_seen_in_the_exit_code(
    fit: Fit, finished: Finished, monkeypatch: pytest.MonkeyPatch, number: int, batch: int, saved: int, more: tuple
) -> None:
    before = {each: signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)}
    with monkeypatch.context() as patch:
        signal_at(patch, batch, number)
        with pytest.raises(SystemExit) as stopped:
            fit("run", *SELDOM, *more)
    assert stopped.value.code == 128 + number
    assert {each: signal.getsignal(each) for each in before} == before
    assert checkpoint(fit.root / "run")["global_step"] >= saved
    assert checkpoint(fit.root / "run")["global_step"] <= saved + 1  # a batch may have been read ahead
    assert_same(finished(*more), fit("run", "--ckpt_path=last", *more))


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="Windows has no SIGHUP")
def test_a_run_that_is_to_outlive_its_terminal_does(fit: Fit, monkeypatch: pytest.MonkeyPatch) -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # nohup
    signal_at(monkeypatch, 3, signal.SIGHUP)
    assert checkpoint(fit("run", *SELDOM, ONE_EPOCH))["global_step"] == 6


@pytest.mark.slow
def test_a_run_whose_time_is_over_goes_on_to_the_same_weights(
    fit: Fit, finished: Finished, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        asked = count()
        patch.setattr(Timer, "time_elapsed", lambda *_, **__: next(asked) * 1200.0)
        run = fit("run", *SELDOM, "--trainer.max_time=00:01:00:00")
    steps = checkpoint(run)["global_step"]
    assert 0 < steps < 6  # inside the first epoch
    here = checkpoint(fit("run", "--ckpt_path=last"))["state_dict"]
    there = checkpoint(finished())["state_dict"]
    assert all(torch.equal(value, here[key]) for key, value in there.items())


@pytest.mark.slow
def test_a_signal_during_validation_ends_the_run_after_it(fit: Fit, monkeypatch: pytest.MonkeyPatch) -> None:
    locate = GalleryRetrieval.locate

    def signalled(self, images):
        os.kill(os.getpid(), signal.SIGTERM)
        return locate(self, images)

    with monkeypatch.context() as patch:
        patch.setattr(GalleryRetrieval, "locate", signalled)
        with pytest.raises(SystemExit):
            fit("run", *SELDOM)
    saved = checkpoint(fit.root / "run")
    assert (saved["global_step"], saved["epoch"]) == (6, 0)
    assert saved["geoclip"]["metrics"]["median_km"] > 0
    assert (fit.root / "run" / "checkpoints" / "best.ckpt").is_file()


def test_a_second_signal_does_not_wait(fit: Fit, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        signal_at(patch, 4, signal.SIGINT, times=2)
        with pytest.raises(SystemExit) as stopped:
            fit("run", *SELDOM)
    assert stopped.value.code == 130
    assert not (fit.root / "run" / "checkpoints" / "last.ckpt").exists()


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="SLURM runs where there is SIGUSR1")
def test_a_cluster_that_signals_its_time_limit_runs_the_job_again(
    fit: Fit, finished: Finished, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    command = tmp_path / "bin" / "scontrol"
    command.parent.mkdir()
    command.write_text(
        f"#!{sys.executable}\nimport sys\nopen({str(tmp_path / 'asked')!r}, 'w').write(str(sys.argv[1:]))\n"
    )
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{command.parent}{os.pathsep}{os.environ['PATH']}")
    for name, value in {"JOB_ID": "42", "JOB_NAME": "train", "NTASKS": "1", "PROCID": "0", "LOCALID": "0"}.items():
        monkeypatch.setenv(f"SLURM_{name}", value)
    with monkeypatch.context() as patch:
        signal_at(patch, 4, signal.SIGUSR1)
        with pytest.raises(SystemExit) as stopped:
            fit("run", *SELDOM)
    assert stopped.value.code == 128 + signal.SIGUSR1
    assert (tmp_path / "asked").read_text() == "['requeue', '42']"
    assert (fit.root / "run" / "hpc_ckpt_1.ckpt").is_file()
    assert_same(finished(), fit("run"))  # the same command, as the cluster gives it
    assert not list((fit.root / "run").glob("hpc_ckpt_*"))


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="starts quickly by a fork")
def test_runs_that_are_killed_at_random_moments_end_with_the_same_weights(
    fit: Fit, finished: Finished, tmp_path: Path
) -> None:
    more = ("--trainer.max_epochs=6",)
    whole, chance = finished(*more), random.Random(17)
    last = tmp_path / "run" / "checkpoints" / "last.ckpt"
    ended = False
    for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGINT, signal.SIGKILL):
        again = ("--ckpt_path=last",) if last.exists() else ()
        child = os.fork()
        if not child:
            code = 1
            try:
                train(tmp_path / "run", *more, *again)
                code = 0
            except SystemExit as stopped:
                code = int(stopped.code or 0)
            finally:
                os._exit(code)
        began = last.stat().st_mtime_ns if last.exists() else 0
        status = None
        while status is None:  # until a first checkpoint of its own
            time.sleep(0.01)
            pid, done = os.waitpid(child, os.WNOHANG)
            status = done if pid else None
            if last.exists() and last.stat().st_mtime_ns != began:
                break
        if status is None:
            time.sleep(chance.uniform(0.0, 0.3))
            os.kill(child, number)
            status = os.waitpid(child, 0)[1]
        code = os.waitstatus_to_exitcode(status)
        ended = ended or code == 0
        assert code in ({0, -9} if number == signal.SIGKILL else {0, 128 + number})
    if not ended:
        train(tmp_path / "run", *more, "--ckpt_path=last")
    assert_same(whole, tmp_path / "run")


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows ends a process without asking it")
def test_the_command_itself_ends_with_the_signals_code(tmp_path: Path) -> None:
    command = ["training/train.py", "fit", f"--config={CONFIGS / 'smoke.yaml'}", *SMALL]
    command += [f"--trainer.default_root_dir={tmp_path / 'run'}", "--trainer.max_epochs=1000", *SELDOM]
    running = processes.start(command, tmp_path / "said")
    try:
        while not (tmp_path / "run" / "checkpoints" / "best.ckpt").exists():
            assert running.is_alive()
            time.sleep(0.05)
        running.terminate()
        running.join(120)
        assert running.exitcode == 143
    finally:
        running.kill()
    assert "Stopped by SIGTERM after step" in (tmp_path / "said").read_text()
    assert checkpoint(tmp_path / "run")["global_step"] > 0

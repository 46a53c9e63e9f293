"""A setting that cannot be is told in one line: its name, what is allowed, what to try; and nothing is written."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from geoclip_core.errors import GeoclipError, TrainingError
from geoclip_core.learning.data.augment import PhotoViews
from geoclip_core.learning.run.module import GeoLearner
from geoclip_core.learning.settings import Recipe, Speed
from tests.learning.conftest import Fit, Folder
from training import make_features

OUT_OF_RANGE = [
    ("model.recipe.noise_m", "-1", "at least 0"),
    ("model.recipe.queue_noise_m", "-0.5", "at least 0"),
    ("model.recipe.learning_rate", "-0.1", "at least 0"),
    ("model.recipe.weight_decay", "-1", "at least 0"),
    ("model.recipe.decay", "1.01", "above 0 and at most 1"),
    ("model.recipe.decay", ".nan", "above 0 and at most 1"),
    ("model.recipe.decay_steps", "-5", "at least 0"),
    ("model.recipe.temperature", "0", "above 0"),
    ("model.recipe.queue_size", "-1", "at least 0"),
    ("model.recipe.hard_negatives", "-2", "at least 0"),
    ("model.location.sigmas", "[]", "at least one number, each above 0"),
    ("model.location.sigmas", "[1.0, 0.0]", "at least one number, each above 0"),
    ("model.location.dim", "0", "at least 1"),
    ("data.batch_size", "0", "at least 1"),
    ("data.batch_size", "-3", "at least 1"),
    ("data.validation_batch_size", "0", "at least 1"),
    ("data.gallery_size", "0", "at least 1"),
    ("data.workers", "-1", "at least 0"),
    ("save_every_steps", "-1", "at least 0"),
    ("best.save_top_k", "-2", "at least -1"),
    ("early_stop.patience", "-1", "at least 0"),
    ("trainer.accumulate_grad_batches", "0", "at least 1"),
    ("model.recipe.temperature", ".inf", "above 0, and not infinite"),
    ("data.fraction", "-1", "above 0 and at most 1"),
    ("data.source.init_args.count", "-5", "at least 1"),
    ("seed_everything", "-1", "at least 0 and at most 4294967295"),
    ("trainer.max_epochs", "0", "at least 1, or -1"),
    ("trainer.val_check_interval", "0", "above 0"),
    ("trainer.limit_train_batches", "0", "above 0"),
]
OTHER = [
    ("best.monitor", "validation/accuracy", "Allowed: validation/loss, validation/accuracy_1km"),
    ("early_stop.monitor", "val_loss", "Allowed: validation/loss, validation/accuracy_1km"),
    ("trainer.accelerator", "tpu", "which this machine does not have. Allowed: auto, cpu"),
    ("trainer.logger", "lightning.pytorch.loggers.CometLogger", "needs a package that is not installed"),
    ("model.recipe.optimizer", "sgd", "Allowed: adam, adamw, muon"),
    ("model.recipe.schedule", "linear", "Allowed: step, cosine"),
    ("data.fraction", "0", "above 0 and at most 1"),
    ("data.validation", "1.5", "between 0 and 1"),
    ("trainer.devices", "5000", "trainer.devices is 5000, and each .* Allowed: at most "),
    ("trainer.devices", "[0, 0]", "trainer cannot be built as the settings under trainer say"),
]


@pytest.mark.parametrize(("setting", "value", "allowed"), OUT_OF_RANGE, ids=lambda value: str(value))
def test_numbers_out_of_range_are_named(fit: Fit, setting: str, value: str, allowed: str) -> None:
    with pytest.raises(TrainingError) as refused:
        fit("run", f"--{setting}={value}")
    said = str(refused.value)
    assert said.startswith(f"{setting} is ")
    assert f"Allowed: {allowed}." in said
    assert f"Try: set {setting} to " in said
    assert "\n" not in said
    assert not (fit.root / "run").exists()


@pytest.mark.parametrize(("setting", "value", "words"), OTHER, ids=lambda value: str(value))
def test_what_cannot_be_had_is_named(fit: Fit, setting: str, value: str, words: str) -> None:
    with pytest.raises(GeoclipError, match=words) as refused:
        fit("run", f"--{setting}={value}")
    assert "\n" not in str(refused.value)
    assert not (fit.root / "run" / "checkpoints").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--model.recipe.learning_rat=1"], "Try: --model.recipe.learning_rate"),
        (["--data.batch=7"], "unrecognized arguments: --data.batch=7"),
        (["--data.region", "-50,-10,50,10"], "Try: --data.region=VALUE, with the sign ="),
        (["--data.batch_size=many"], "key \"data.batch_size\": Expected a <class 'int'>"),
        (["--early_stop.patienc=2"], "patienc"),
    ],
)
def test_what_the_command_line_does_not_know_is_told_in_one_line(
    fit: Fit, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        fit("run", *words)
    assert ended.value.code == 2
    told = capsys.readouterr().err.strip().splitlines()[-1]
    assert told.startswith("error: ")
    assert said in told
    assert "usage" not in told


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [("views.hue", "0.7", "at least 0 and at most 0.5"), ("views.preprocess.size", "0", "at least 1")],
)
def test_numbers_of_photos_are_named(fit: Fit, folder: Folder, name: str, value: str, allowed: str) -> None:
    kind = "geoclip_core.learning.data.photos.PhotoFolder"
    photos = [f"--data.source.init_args.{n}={v}" for n, v in (("table", folder.table), ("folder", folder.photos))]
    with pytest.raises(TrainingError, match=rf"{name} is {value}. Allowed: {allowed}. Try: set"):
        fit("run", f"--data.source={kind}", *photos, f"--data.source.init_args.{name}={value}", small=False)
    with pytest.raises(TrainingError, match=r"views.flip is 2. Allowed: at least 0 and at most 1"):
        PhotoViews(flip=2)


def test_numbers_of_the_scripts_are_named(tmp_path: Path) -> None:
    script = typer.Typer()
    script.command()(make_features.main)
    for option, value in (("batch-size", "0"), ("part-rows", "0"), ("views", "-1"), ("workers", "-1"), ("seed", "-1")):
        done = CliRunner().invoke(script, ["--out", str(tmp_path / "out"), f"--{option}", value])
        assert done.exit_code == 2
        assert f"--{option}" in done.output
    assert not (tmp_path / "out").exists()


def test_features_of_another_width_are_refused(fit: Fit, tmp_path: Path) -> None:
    from training.benchmarks.learning import write_features

    write_features(tmp_path / "features", rows=64, width=24)
    with pytest.raises(TrainingError, match=r"model.tower.width is 768, .* data.source have 24 numbers.*width to 24"):
        fit(
            "run",
            f"--data.source.init_args.folder={tmp_path / 'features'}",
            "--trainer.accelerator=cpu",
            config="features.yaml",
            small=False,
        )


def test_memory_is_saved_only_where_there_is_some_to_save() -> None:
    with pytest.raises(TrainingError, match=r"model.speed.checkpointing saves memory of a tower that is trained"):
        GeoLearner(speed=Speed(checkpointing=True))


def test_a_program_is_told_the_same_as_the_command_line() -> None:
    with pytest.raises(TrainingError, match=r"model.recipe.temperature is 0. Allowed: above 0"):
        GeoLearner(recipe=Recipe(temperature=0))


def test_a_data_region_is_taken_with_the_sign(fit: Fit) -> None:
    with pytest.raises(GeoclipError, match=r"None of the 200 pairs lies in -89.9,0,-89.8,1"):
        fit("run", "--data.region=-89.9,0,-89.8,1")

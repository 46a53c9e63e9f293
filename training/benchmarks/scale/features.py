"""What a run from a million features costs: its start, its memory, and a validation beside an epoch.

    python training/benchmarks/scale/features.py --rows 1000000

Features and places are random; ``train.py fit --config training/configs/features.yaml`` trains on them with its
defaults, for a few steps instead of an epoch. Times are seconds of the processor, which other programs of the machine
change less than seconds of a clock.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import math
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any
from unittest import mock

import torch
import typer

from geoclip_core.learning.data.dataset import Batch
from geoclip_core.learning.run.module import GeoLearner
from training import train
from training.bench import resident_mb
from training.benchmarks.learning import write_features

CONFIG = Path(__file__).resolve().parents[2] / "configs" / "features.yaml"


class Watch:
    """Writes down when a run's steps begin, how long its validation takes, what sizes it has, and its memory."""

    def __init__(self) -> None:
        self.steps: list[float] = []
        self.validation: list[float] = []
        self.sizes: dict[str, float] = {}

    def beginning(self, model: GeoLearner, batch: Batch, batch_idx: int) -> Any:
        """In the place of ``GeoLearner.training_step``."""
        self.steps.append(time.process_time())
        return _TRAINING_STEP(model, batch, batch_idx)

    def validating(self, model: GeoLearner) -> None:
        """In the place of ``GeoLearner.on_validation_epoch_start``: the last step is over."""
        self.steps.append(time.process_time())
        self.validation.append(time.process_time())
        _VALIDATION_START(model)

    def validated(self, model: GeoLearner) -> None:
        """In the place of ``GeoLearner.on_validation_epoch_end``."""
        _VALIDATION_END(model)
        self.validation.append(time.process_time())
        data = model._data
        self.sizes = {
            "rows trained on": len(data.train_rows),
            "rows validated on": len(data.validation_rows),
            "points of the gallery": len(data.gallery),
            "steps of an epoch": math.ceil(len(data.train_rows) / data.batch_size),
            "memory GB": resident_mb() / 1024,
            "memory GB, mapped files included": resident_mb(mapped=True) / 1024,
        }


_TRAINING_STEP = GeoLearner.training_step
_VALIDATION_START, _VALIDATION_END = GeoLearner.on_validation_epoch_start, GeoLearner.on_validation_epoch_end


def _method(hook: Callable[..., Any]) -> Callable[..., Any]:
    """A bound method of another object as a method of a model."""

    def called(model: GeoLearner, *args: Any) -> Any:
        return hook(model, *args)

    return called


def main(
    rows: Annotated[int, typer.Option(min=1000, help="Features")] = 1_000_000,
    steps: Annotated[int, typer.Option(min=2, help="Steps that are timed")] = 4,
    more: Annotated[list[str] | None, typer.Argument(help="Settings of train.py, after --")] = None,
) -> None:
    """Measure and print as JSON."""
    torch.set_num_threads(1)
    del sys.argv[1:]  # these are not train.py's
    watch = Watch()
    hooks: dict[str, Callable[..., Any]] = {
        "training_step": watch.beginning,
        "on_validation_epoch_start": watch.validating,
        "on_validation_epoch_end": watch.validated,
    }
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as patched:
        for name, hook in hooks.items():
            patched.enter_context(mock.patch.object(GeoLearner, name, _method(hook)))
        write_features(Path(folder) / "features", rows)
        began = time.process_time()
        settings = [f"--data.source.init_args.folder={folder}/features", f"--trainer.default_root_dir={folder}/run"]
        settings += [f"--trainer.limit_train_batches={steps}", "--trainer.max_epochs=1", "--trainer.accelerator=cpu"]
        train.main(["fit", f"--config={CONFIG}", "--trainer.enable_progress_bar=false", *settings, *(more or [])])
    taken = [after - before for before, after in itertools.pairwise(watch.steps)]
    step = sum(taken[1:]) / len(taken[1:])  # the first one warms up
    validation = watch.validation[1] - watch.validation[0]
    found = {
        **watch.sizes,
        "start s": watch.steps[0] - began,
        "step s": step,
        "validation s": validation,
        "validation as a share of an epoch": validation / (step * watch.sizes["steps of an epoch"]),
    }
    print(json.dumps({name: float(f"{value:.3g}") if value < 1000 else value for name, value in found.items()}))


if __name__ == "__main__":
    typer.run(main)

"""Which validation result decides on the best checkpoint and on stopping early."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback, EarlyStopping, ModelCheckpoint
from typing_extensions import override

from geoclip_core.errors import TrainingError
from geoclip_core.learning.run.validation import LocationAccuracy

Mode = Literal["auto", "min", "max"]
MEDIAN = "validation/median_km"


@dataclass(frozen=True)
class Best:
    """Which checkpoints are kept besides ``last.ckpt``.

    Attributes:
        monitor: The result that decides, see :func:`logged`.
        mode: Whether less of it is better; ``auto`` knows: more of an accuracy, less of everything else.
        save_top_k: How many are kept: 1 keeps ``best.ckpt``, more also the best ones by their steps, -1 all, 0 none.
    """

    monitor: str = MEDIAN
    mode: Mode = "auto"
    save_top_k: int = 1


@dataclass(frozen=True)
class EarlyStop:
    """When a run stops because nothing improves.

    Attributes:
        monitor: The result that decides, see :func:`logged`.
        mode: As in :class:`Best`.
        patience: Validations without an improvement after which the run stops.
        min_delta: The least change that is an improvement.
    """

    monitor: str = MEDIAN
    mode: Mode = "auto"
    patience: int = 10
    min_delta: float = 0.0


def logged() -> list[str]:
    """Names of the results that every validation logs."""
    nothing = LocationAccuracy()
    nothing.update(torch.zeros(0, 2), torch.zeros(0, 2))
    return [f"validation/{name}" for name in ("loss", *nothing.compute())]


def better(monitor: str, mode: Mode) -> str:
    """``min`` or ``max``: which way a result improves."""
    if mode != "auto":
        return mode
    return "max" if any(word in monitor for word in ("accuracy", "score")) else "min"


def check_monitor(setting: str, monitor: str) -> None:
    """Refuse a name that no validation logs.

    Raises:
        TrainingError: It is none of :func:`logged`.
    """
    if monitor not in logged():
        raise TrainingError(
            f"{setting} is {monitor!r}, which no validation logs",
            allowed=", ".join(logged()),
            hint=f"set {setting} to one of these",
        )


class BestCheckpoint(ModelCheckpoint):
    """``best.ckpt``; nothing is saved before the first validation, rather than failing."""

    @override
    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Save where there is a result to go by."""
        if self.monitor in trainer.callback_metrics:
            super().on_train_epoch_end(trainer, pl_module)


class TopCheckpoints(BestCheckpoint):
    """The best ones by their steps, besides ``best.ckpt``; Lightning tells two by the names of their classes."""


class PatientStop(EarlyStopping):
    """Stops early; does nothing before the first validation, rather than failing."""

    @override
    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Look where there is a result to go by."""
        if self.monitor in trainer.callback_metrics:
            super().on_train_epoch_end(trainer, pl_module)


def monitors(best: Best | None, early_stop: EarlyStop | None, folder: str) -> list[Callback]:
    """The callbacks that keep the best checkpoints and stop a run early.

    Args:
        best: None keeps ``last.ckpt`` only.
        early_stop: None trains to the end.
        folder: Where checkpoints go.

    Raises:
        TrainingError: A result that decides is one that no validation logs.
    """
    callbacks: list[Callback] = []
    if best is not None and best.save_top_k:
        check_monitor("best.monitor", best.monitor)
        mode = better(best.monitor, best.mode)
        callbacks.append(
            BestCheckpoint(folder, "best", best.monitor, mode=mode, save_top_k=1, enable_version_counter=False)
        )
        if best.save_top_k != 1:
            callbacks.append(
                TopCheckpoints(
                    folder,
                    "step-{step:06d}",
                    best.monitor,
                    mode=mode,
                    save_top_k=best.save_top_k,
                    auto_insert_metric_name=False,
                )
            )
    if early_stop is not None:
        check_monitor("early_stop.monitor", early_stop.monitor)
        callbacks.append(
            PatientStop(
                early_stop.monitor,
                early_stop.min_delta,
                early_stop.patience,
                mode=better(early_stop.monitor, early_stop.mode),
            )
        )
    return callbacks

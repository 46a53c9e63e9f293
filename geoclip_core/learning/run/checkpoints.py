"""Checkpoints: written whole or not at all, at the end of every epoch, in between, and when a run is told to stop."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch
from lightning.fabric.plugins.io.torch_io import TorchCheckpointIO
from lightning.fabric.utilities.types import _PATH
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Checkpoint
from typing_extensions import override

from geoclip_core.files import atomic
from geoclip_core.learning.run.csv_log import ContinuedCSV
from geoclip_core.learning.run.stopping import StopSignals

LAST = "last.ckpt"


class AtomicCheckpoints(TorchCheckpointIO):
    """Writes a checkpoint to a file of another name and renames it, so that a kill leaves the previous one complete.

    Lightning's own writer moves a file from the temporary folder, which is a copy where that is another disk.
    """

    def save_checkpoint(self, checkpoint: dict[str, Any], path: _PATH, storage_options: Any | None = None) -> None:
        """Write the file, have it on the disk, and rename it.

        Args:
            checkpoint: Plain values and tensors, as Lightning collects them.
            path: The file to write or replace.
            storage_options: Not used; Lightning passes it.
        """
        del storage_options
        with atomic(Path(path), only_writer=True) as part, part.open("wb") as stream:
            torch.save(checkpoint, stream)
            stream.flush()
            os.fsync(stream.fileno())


class LastCheckpoint(Checkpoint):
    """Keeps ``last.ckpt`` up to date: at the end of every epoch, every so many steps, and where a run is told to stop.

    Args:
        folder: The folder of ``last.ckpt``.
        every_steps: Optimiser steps between writes within an epoch; 0 writes at its end only.
        signals: Knows whether the run is to stop.
    """

    def __init__(self, folder: str, every_steps: int, signals: StopSignals) -> None:
        self.path, self.every_steps, self.signals = str(Path(folder) / LAST), every_steps, signals
        self._saved_at = self._began_at = -1

    @override
    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """A checkpoint that the run was resumed from is not written again, and the log goes on from there."""
        self._saved_at = trainer.global_step
        for logger in trainer.loggers:
            if isinstance(logger, ContinuedCSV):
                logger.continue_at(trainer.global_step)

    @override
    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, *args: Any) -> None:
        """Remember the step, to know whether this batch completes one."""
        self._began_at = trainer.global_step

    @override
    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, *args: Any) -> None:
        """Save where it is due, never between accumulated batches: every ``every_steps`` steps, and after the last one.

        The last one is that of ``max_steps`` or ``max_time``. Not after the last batch of an epoch, whose validation is
        still to come: a run resumed from there would leave it out.
        """
        step = trainer.global_step
        if step == self._began_at or trainer.is_last_batch:
            return
        stop = self.signals.wanted(trainer)
        due = self.every_steps and step % self.every_steps == 0 and step != self._saved_at
        if due or stop or step == trainer.max_steps or trainer.should_stop:
            # Lightning logs a step after this hook; logged now, it is on the disk before the checkpoint is.
            trainer._logger_connector.update_train_step_metrics()
            self._save(trainer)
        if stop:
            self.signals.stop(trainer, self.path)

    @override
    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Save after the validation of every epoch; a run that ends within one has saved its last step."""
        if trainer.is_last_batch or trainer.global_step != self._saved_at:
            self._save(trainer)
        if self.signals.wanted(trainer):
            self.signals.stop(trainer, self.path)

    def _save(self, trainer: Trainer) -> None:
        for logger in trainer.loggers:  # what is resumed from has its log on the disk
            logger.save()
        trainer.save_checkpoint(self.path, weights_only=False)  # False: save optimiser, queue and position too
        self._saved_at = trainer.global_step
        if trainer.is_global_zero:  # a cluster's checkpoint is older now, and must not be taken instead
            for old in Path(trainer.default_root_dir).glob("hpc_ckpt_*.ckpt"):
                old.unlink(missing_ok=True)

"""Checkpoints: written whole or not at all, at the end of every epoch and in between."""

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
    """Keeps ``last.ckpt`` up to date, at the end of every epoch and every so many steps.

    Args:
        folder: The folder of ``last.ckpt``.
        every_steps: Optimiser steps between writes within an epoch; 0 writes at its end only.
    """

    def __init__(self, folder: str, every_steps: int = 0) -> None:
        self.path, self.every_steps = str(Path(folder) / LAST), every_steps
        self._saved_at = -1

    @override
    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """A checkpoint that the run was resumed from is not written again."""
        self._saved_at = trainer.global_step

    @override
    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, *args: Any) -> None:
        """Save after every ``every_steps``-th step, never between accumulated batches.

        Nor after the last batch of an epoch, whose validation is still to come: a run resumed from there would leave
        it out.
        """
        step = trainer.global_step
        due = self.every_steps and step % self.every_steps == 0 and step != self._saved_at
        if due and not trainer.is_last_batch:
            self._save(trainer)

    @override
    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Save after the validation of every epoch."""
        self._save(trainer)

    def _save(self, trainer: Trainer) -> None:
        trainer.save_checkpoint(self.path, weights_only=False)  # False: save optimiser, queue and position too
        self._saved_at = trainer.global_step

"""Checkpoints that are whole or absent, and what a run was made of."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import torch
from lightning.fabric.plugins.io.torch_io import TorchCheckpointIO
from lightning.fabric.utilities.types import _PATH
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Checkpoint
from typing_extensions import override

LAST = "last.ckpt"


class AtomicCheckpoints(TorchCheckpointIO):
    """Writes a checkpoint beside its place and renames it, so that a kill leaves the previous one whole.

    Lightning's own writer moves a file from the temporary folder, which is a copy where that is another disk.
    """

    def save_checkpoint(self, checkpoint: dict[str, Any], path: _PATH, storage_options: Any | None = None) -> None:
        """Write and rename.

        Args:
            checkpoint: What to save.
            path: Where.
            storage_options: Not used.
        """
        del storage_options
        place = Path(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        part = place.with_name(f"{place.name}.part")
        with part.open("wb") as stream:
            torch.save(checkpoint, stream)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(place)


class LastCheckpoint(Checkpoint):
    """Keeps ``last.ckpt`` up to date, at the end of every epoch and every so many steps.

    Args:
        folder: Where.
        every_steps: Optimiser steps between writes within an epoch; 0 writes at its end only.
    """

    def __init__(self, folder: str, every_steps: int = 0) -> None:
        self.path, self.every_steps = str(Path(folder) / LAST), every_steps
        self._saved_at = -1

    @override
    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """What a run is resumed from is saved already."""
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
        """Save."""
        self._save(trainer)

    def _save(self, trainer: Trainer) -> None:
        trainer.save_checkpoint(self.path, weights_only=False)  # of writing: optimiser, queue and position as well
        self._saved_at = trainer.global_step


def provenance(data_digest: str) -> dict[str, Any]:
    """What a run was made of: code, data, versions, command.

    Args:
        data_digest: Digest of the pairs.

    Returns:
        Plain values, for ``run.json`` and the checkpoints.
    """
    import lightning

    return {
        "git": _git("rev-parse", "HEAD") or "unknown",
        "git_changes": bool(_git("status", "--porcelain", "--untracked-files=no")),
        "data": data_digest,
        "torch": str(torch.__version__),
        "lightning": lightning.__version__,
        "command": sys.argv[1:],
    }


def write_json(path: Path, value: Any) -> None:
    """Write JSON beside its place and rename it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{uuid.uuid4().hex}.part")  # processes may write the same file at once
    part.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    part.replace(path)


def _git(*words: str) -> str:
    """What git says of the folder that this code is in; nothing where there is no git."""
    try:
        here = Path(__file__).resolve().parent
        done = subprocess.run(["git", *words], cwd=here, capture_output=True, text=True, check=True, timeout=20)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()

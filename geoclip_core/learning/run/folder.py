"""The folder of a run: whose it is, and which checkpoint in it is meant."""

from __future__ import annotations

import pickle
import shutil
from pathlib import Path

import torch
from lightning.fabric.plugins.environments.slurm import SLURMEnvironment

from geoclip_core.errors import TrainingError
from geoclip_core.files import write_text
from geoclip_core.learning.run.checkpoint_state import KEY
from geoclip_core.learning.run.checkpoints import LAST

CONFIG, CHECKPOINTS = "config.yaml", "checkpoints"
_NAMED = {"last": LAST, "best": "best.ckpt"}
_WRITTEN = (
    CHECKPOINTS,
    "csv",
    "tensorboard",
    "config*.yaml",
    "run.json",
    "gallery.npy",
    "skipped*.csv",
    "*_ckpt_*.ckpt",
)
_WRITTEN_LATER = ("validate.json", "test.json")


def checkpoint_folder(root: str | Path) -> str:
    """Where the checkpoints of a run lie."""
    return str(Path(root) / CHECKPOINTS)


def find_checkpoint(asked: str | None, root: Path) -> str | None:
    """The file that ``--ckpt_path`` means.

    Args:
        asked: ``last`` or ``best`` of the run's own folder, or a path; None means no checkpoint.
        root: The run's folder.

    Raises:
        TrainingError: There is no such file, or it is no checkpoint.
    """
    if asked is None:
        return None
    file = root / CHECKPOINTS / _NAMED[asked] if asked in _NAMED else Path(asked).expanduser()
    if file.is_file():
        try:
            content = torch.load(file, weights_only=True, map_location="meta", mmap=True)
        except (RuntimeError, OSError, EOFError, ValueError, pickle.UnpicklingError) as error:
            raise TrainingError(
                f"--ckpt_path {asked}: {file} is no checkpoint that can be read ({' '.join(str(error).split())[:100]})",
                allowed="last, best, or the path of a .ckpt file",
                hint="name another one; if this one was copied, copy it again",
            ) from error
        if not isinstance(content, dict) or KEY not in content:
            raise TrainingError(f"--ckpt_path {asked}: {file} was not written by this pipeline")
        return str(file)
    there = sorted(path.name for path in (root / CHECKPOINTS).glob("*.ckpt"))
    raise TrainingError(
        f"--ckpt_path {asked}: there is no file {file}",
        allowed="last, best, or the path of a .ckpt file",
        hint=f"{root / CHECKPOINTS} holds {', '.join(there) or 'no checkpoint'}; name the folder of the run with "
        "--trainer.default_root_dir, or leave --ckpt_path out to begin a new run",
    )


def claim(root: Path, checkpoint: str | None, *, overwrite: bool) -> None:
    """Make sure that a run does not write over another one.

    Args:
        root: The run's folder.
        checkpoint: What it is resumed from; None where it begins anew.
        overwrite: Whether a run that is there may be deleted.

    Raises:
        TrainingError: The folder holds the checkpoints of another run.
    """
    theirs = sorted((root / CHECKPOINTS).glob("*.ckpt"))
    own = checkpoint is not None and Path(checkpoint).resolve().parent == (root / CHECKPOINTS).resolve()
    requeued = checkpoint is None and SLURMEnvironment.detect() and any(root.glob("hpc_ckpt_*.ckpt"))
    if own or requeued:
        return
    if theirs and not overwrite:
        raise TrainingError(
            f"{root} holds another run ({', '.join(path.name for path in theirs)}), which this one would write over",
            allowed="a folder without checkpoints, or the run's own checkpoint",
            hint="resume it with --ckpt_path last, name another folder with --trainer.default_root_dir, or delete it "
            "with --start.overwrite true",
        )
    if overwrite:
        for pattern in (*_WRITTEN, *_WRITTEN_LATER):
            for path in root.glob(pattern):
                if path.is_dir():
                    shutil.rmtree(path)
                else:
                    path.unlink()


def save_config(root: Path, text: str) -> None:
    """Write ``config.yaml``; one of other settings that is there, from before a run was resumed, gets a number."""
    file = root / CONFIG
    if file.is_file() and file.read_text(encoding="utf-8") != text:
        number = 1 + len(list(root.glob("config-*.yaml")))
        file.replace(root / f"config-{number}.yaml")
    write_text(file, text)

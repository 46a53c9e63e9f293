"""Train, resume, validate or test a model from a YAML file.

On a laptop, from nothing, in a minute: ``python training/train.py fit --config training/configs/smoke.yaml``.
Resume where it stopped: add ``--ckpt_path last``. Any key of the file can be set on the command line, such as
``--data.fraction 0.1``; an unknown one is an error. See ``docs/training.md`` and ``training/configs/``.

Exit codes: 0 done, 1 could not be done (the reason is on standard error), 2 wrong usage, 130 and 143 stopped by Ctrl-C
and SIGTERM.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from geoclip_core.errors import GeoclipError, TrainingError
from geoclip_core.learning.run.cli import TrainingCLI
from geoclip_core.weights.convert import read_clip
from geoclip_core.weights.load import read_logit_scale, read_released
from geoclip_core.weights.registry import MODELS, find_record
from geoclip_core.weights.resolve import find_clip


def clip_state(name: str) -> Mapping[str, Tensor]:
    """CLIP's weights: ``auto`` looks in the usual places, else a file or folder; nothing is downloaded."""
    return read_clip(find_clip(None if name == "auto" else name))


def head_state(name: str) -> Mapping[str, Tensor]:
    """Heads of a model of the registry, or of a folder that export_weights.py wrote."""
    if name in MODELS:
        record = find_record(name)
        parts = {part: read_released(record, part) for part in ("image_mlp", "location_encoder")}
        state = {f"{part}.{key}": value for part, values in parts.items() for key, value in values.items()}
        return state | {"logit_scale": torch.tensor(math.log(read_logit_scale(record)))}
    file = Path(name).expanduser() / "model.safetensors"
    if not file.is_file():
        raise TrainingError(
            f"There are no heads called {name!r}", allowed=f"{', '.join(MODELS)}, or a folder with {file.name}"
        )
    from safetensors.torch import load_file

    return load_file(file)


def main(args: list[str] | None = None) -> None:
    """Run the command line; see the file's own text."""
    TrainingCLI(args, clip_state, head_state)


if __name__ == "__main__":
    try:
        main()
    except GeoclipError as error:
        sys.exit(f"{error}")

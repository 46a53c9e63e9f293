"""A small overhead model of random weights, as a folder; tests of other folders use it too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file

from geoclip_core.earth.distance import HALF_TURN_KM, disk_points
from geoclip_core.files import sha256
from geoclip_core.overhead.network import OverheadModel
from geoclip_core.overhead.ood import OOD_BUFFERS


def small_record() -> dict[str, Any]:
    return {
        "image": {"architecture": "test_resnet", "options": {}, "width": 96},
        "location_encoder": {"sigmas": [1.0, 8.0], "rows": 8, "width": 16, "dim": 12},
        "preprocess": {"size": 32, "mean": [0.4, 0.4, 0.4], "std": [0.25, 0.25, 0.25]},
    }


def write_small_model(folder: Path, ood_threshold: float) -> Path:
    """An overhead model of random weights that takes every picture below the threshold for a view from above."""
    torch.manual_seed(0)
    gallery = disk_points((90.0, 0.0), HALF_TURN_KM, 2000).astype(np.float32)
    state = OverheadModel(small_record(), gallery.astype(np.float64)).state_dict()
    state |= {"ood_threshold": torch.tensor(ood_threshold), "inverse_temperature": torch.tensor(30.0)}
    folder.mkdir(exist_ok=True)
    save_file({k: v for k, v in state.items() if k not in OOD_BUFFERS}, folder / "model.safetensors")
    save_file({k: v for k, v in state.items() if k in OOD_BUFFERS}, folder / "views.safetensors")
    np.save(folder / "gallery.npy", gallery)
    marks = {
        name: {"sha256": sha256(folder / name)} for name in ("model.safetensors", "views.safetensors", "gallery.npy")
    }
    (folder / "record.json").write_text(json.dumps(small_record() | {"files": marks}), encoding="utf-8")
    return folder

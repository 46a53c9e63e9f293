"""A model of random weights as training exports it, for tests of several folders."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file

from geoclip_core.files import sha256
from geoclip_core.model.backbones.timm_tower import timm_tower
from geoclip_core.model.image_encoder import projection_mlp
from geoclip_core.model.location_encoder import LocationEncoder

OPTIONS = {"img_size": 16, "patch_size": 8}


def write_local_model(folder: Path, name: str, **changes: Any) -> dict[str, torch.Tensor]:
    """A whole model of random weights as export writes it; the changes go into its record."""
    folder.mkdir(parents=True)
    tower, width = timm_tower("test_vit", OPTIONS)
    parts = {
        "image_tower": tower,
        "image_mlp": projection_mlp(width, 12),
        "location_encoder": LocationEncoder((1.0, 4.0), rows=8, width=16, dim=12),
    }
    state = {f"{part}.{key}": value for part, module in parts.items() for key, value in module.state_dict().items()}
    state["logit_scale"] = torch.tensor(math.log(20.0))
    save_file(state, folder / "model.safetensors")
    np.save(folder / "gallery.npy", np.array([[48.9, 2.3], [-33.9, 151.2], [0.0, 37.0]], dtype=np.float32))
    record = {
        "format": 1,
        "name": name,
        "summary": "Random weights.",
        "licence": "MIT",
        "paper": "none",
        "files": {file: {"sha256": sha256(folder / file)} for file in ("model.safetensors", "gallery.npy")},
        "location_encoder": {"sigmas": [1.0, 4.0], "rows": 8, "width": 16, "dim": 12, "projection": True},
        "image": {"kind": "timm", "width": width, "included": True, "architecture": "test_vit", "options": OPTIONS},
        "preprocess": {"size": 16, "mean": [0.5, 0.5, 0.5], "std": [0.25, 0.25, 0.25]},
        "metrics": {"median_km": 123.0},
    }
    (folder / "record.json").write_text(json.dumps(record | changes), encoding="utf-8")
    return state

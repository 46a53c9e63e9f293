"""A model behind a small CLIP of random weights, as training exports it, for tests of several folders."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

from geoclip_core.earth.distance import HALF_TURN_KM, disk_points
from geoclip_core.files import sha256
from geoclip_core.model.image_encoder import projection_mlp
from geoclip_core.model.location_encoder import LocationEncoder
from tests.conftest import SmallClip


def write_clip_model(folder: Path, small_clip: SmallClip, points: int = 400) -> Path:
    """A model called meadow with a gallery of evenly spread points; returns its folder."""
    folder.mkdir(parents=True)
    with torch.random.fork_rng():
        torch.manual_seed(3)
        encoder = LocationEncoder((1.0, 4.0), rows=16, width=32, dim=16)
        mlp = projection_mlp(small_clip.shape.dim, 16)
    parts = {"image_tower": small_clip.image, "image_mlp": mlp, "location_encoder": encoder}
    state = {f"{part}.{key}": value for part, module in parts.items() for key, value in module.state_dict().items()}
    state["logit_scale"] = torch.tensor(math.log(20.0))
    save_file({key: value.contiguous().clone() for key, value in state.items()}, folder / "model.safetensors")
    np.save(folder / "gallery.npy", disk_points((90.0, 0.0), HALF_TURN_KM, points).astype(np.float32))
    shape = dataclasses.asdict(small_clip.shape)
    record = {
        "format": 1,
        "name": "meadow",
        "summary": "Random weights.",
        "licence": "MIT",
        "paper": "none",
        "files": {file: {"sha256": sha256(folder / file)} for file in ("model.safetensors", "gallery.npy")},
        "location_encoder": {"sigmas": [1.0, 4.0], "rows": 16, "width": 32, "dim": 16, "projection": True},
        "image": {"kind": "clip", "width": small_clip.shape.dim, "included": True, "clip": shape},
        "preprocess": {"size": small_clip.shape.image_size, "mean": [0.5] * 3, "std": [0.25] * 3},
        "metrics": {},
    }
    (folder / "record.json").write_text(json.dumps(record), encoding="utf-8")
    return folder

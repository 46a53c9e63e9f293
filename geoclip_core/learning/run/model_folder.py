"""From a checkpoint to a folder that can be located with.

A folder of an exported model holds

- ``model.safetensors``: float32 tensors ``location_encoder.*`` (keys of the released location encoder),
  ``image_mlp.{0,2}.{weight,bias}``, ``logit_scale`` (its logarithm, a scalar), and ``image_tower.*`` where the
  tower was trained here (timm's or open_clip's own keys; low-rank steps are already added in);
- ``gallery.npy``: (g, 2) float32 degrees, latitude first;
- ``record.json``: ``format`` (1), ``name``, ``summary``, ``licence``, ``paper``; ``files``: name to ``sha256`` and
  ``size`` of the other two; ``location_encoder``: ``kind`` (``geoclip`` where it is absent), ``sigmas, rows, width,
  dim, projection``, and ``options`` of that encoder; ``image``: ``kind`` (``clip``, ``timm`` or ``features``),
  ``width`` of its features, ``backbone`` (its name in ``model.backbones``, or null; CLIP ViT-L/14 where it is absent),
  ``included`` (whether ``image_tower.*`` is in the file), ``clip`` (its sizes) or ``architecture`` and ``options``
  (of timm), and ``tower`` (what a frozen tower was, with a digest of its weights); ``preprocess``: ``size, mean, std,
  resize, interpolation``, or null; ``logit_scale`` (the factor itself); ``data`` (digest of the pairs), ``metrics``
  (of the last validation before the checkpoint), ``recipe`` and ``provenance`` (git revision, versions).
"""

from __future__ import annotations

import math
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import save_file
from torch import Tensor

from geoclip_core.earth.coordinates import check_latlon
from geoclip_core.errors import TrainingError, WeightsError
from geoclip_core.files import atomic, sha256, write_json
from geoclip_core.learning.run.module import GeoLearner
from geoclip_core.learning.run.tower import load_clip, merged_state
from geoclip_core.learning.settings import TowerConfig, read_settings
from geoclip_core.model.backbones.digest import tower_digest
from geoclip_core.model.backbones.registry import parse_tower_label

PAPER = "Vivanco Cepeda, Nayak, Shah: GeoCLIP, NeurIPS 2023, arXiv:2309.16020"


def read_checkpoint(path: Path) -> tuple[GeoLearner, dict[str, Any]]:
    """The model of a checkpoint and what was saved with it; a frozen tower from outside has random weights.

    Raises:
        TrainingError: The file is no whole checkpoint of this pipeline.
    """
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
        extra = checkpoint["geoclip"]
    except (OSError, RuntimeError, EOFError, LookupError, TypeError, pickle.UnpicklingError) as error:
        raise TrainingError(
            f"{path} is no whole checkpoint of this pipeline ({' '.join(str(error).split())[:160]})",
            hint="name a file in the folder checkpoints of a run",
        ) from error
    tower, location, recipe = read_settings(extra["settings"])
    model = GeoLearner(tower, location, recipe)
    model.on_load_checkpoint(checkpoint)
    model.load_state_dict(checkpoint["state_dict"])
    return model.eval(), extra


def _backbone_name(tower: TowerConfig, label: str | None) -> str | None:
    """Name of the backbone that a model stands behind; None for a tower of its own, or one that is not registered."""
    if tower.kind == "clip":
        return tower.backbone
    if tower.kind == "timm" or not label or " " not in label:
        return None
    try:
        return parse_tower_label(label)[0].name
    except WeightsError:
        return None


def export_model(
    checkpoint: Path,
    folder: Path,
    *,
    name: str,
    licence: str,
    gallery: npt.ArrayLike,
    summary: str = "",
    clip: Mapping[str, Tensor] | None = None,
) -> dict[str, Any]:
    """Write a model's folder; see the top of this file for its format.

    Args:
        checkpoint: Written by a run.
        folder: Made if it is not there; files in it are replaced, the record last.
        name: What ``load_locator`` is to call it.
        licence: SPDX identifier of the weights.
        gallery: (g, 2) degrees.
        summary: One sentence for people.
        clip: State dict of CLIP, needed where its last blocks were trained with low-rank steps.

    Returns:
        The record.

    Raises:
        TrainingError: The checkpoint cannot be read, or CLIP's weights are needed.
    """
    model, extra = read_checkpoint(checkpoint)
    tower, made_of = model.tower, extra["provenance"]
    state = {f"location_encoder.{key}": value for key, value in model.location_encoder.state_dict().items()}
    state |= {f"image_mlp.{key}": value for key, value in model.image_mlp.state_dict().items()}
    state["logit_scale"] = model.logit_scale.detach()
    included = tower.train != "none"
    if included:
        if tower.train == "lora":
            if clip is None:
                raise TrainingError("Low-rank steps are added to CLIP's own weights", hint="name them with --clip")
            load_clip(model.image_tower, dict(clip))
            if tower_digest(model.image_tower) != made_of["tower"]:
                raise TrainingError("These are not the CLIP weights that the low-rank steps were trained on")
        state |= {f"image_tower.{key}": value for key, value in merged_state(model.image_tower).items()}
    folder.mkdir(parents=True, exist_ok=True)
    points = np.unique(check_latlon(gallery, name="gallery"), axis=0).astype(np.float32)
    with atomic(folder / "model.safetensors") as part:
        save_file({key: value.contiguous() for key, value in state.items()}, part)
    np.save(folder / "gallery.npy", points, allow_pickle=False)
    marks = {file: folder / file for file in ("model.safetensors", "gallery.npy")}
    record = {
        "format": 1,
        "name": name,
        "summary": summary,
        "licence": licence,
        "paper": PAPER,
        "files": {file: {"sha256": sha256(path), "size": path.stat().st_size} for file, path in marks.items()},
        "location_encoder": extra["settings"]["location"],
        "image": {
            "kind": tower.kind,
            "width": model.image_mlp[0].in_features,
            "included": included,
            "backbone": _backbone_name(tower, made_of.get("tower")),
            "clip": extra["settings"]["tower"]["clip"] if tower.kind == "clip" else None,
            "architecture": tower.architecture,
            "options": tower.options,
            "tower": made_of.get("tower"),
        },
        "preprocess": made_of.get("preprocess"),
        "logit_scale": math.exp(float(model.logit_scale.detach())),
        "data": made_of.get("data"),
        "metrics": extra["metrics"],
        "recipe": extra["settings"]["recipe"],
        # The command names folders of the machine it ran on, which are nobody else's business.
        "provenance": {key: value for key, value in made_of.items() if key not in ("command", "start")},
    }
    write_json(folder / "record.json", record)
    return record

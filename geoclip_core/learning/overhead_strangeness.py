"""What views from above look like to a trained eye, so that it can tell when it is shown something else."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from geoclip_core.learning.checkpoints import write_json
from geoclip_core.learning.ledger import sha256
from geoclip_core.learning.overhead_eye import OverheadEye
from geoclip_core.learning.overhead_pairs import OverheadPairs

FITTED, HELD_OUT = 6_000, 2_000
REFUSED = 0.01
"""Share of disguised views that is refused by mistake; sets how strange a picture may be."""

_SHRINKAGE = 0.01  # of the covariance towards a multiple of the identity: directions no view uses stay finite
_AT_ONCE = 250


def add_view_test(folder: Path, seed: int = 0) -> float:
    """Write ``views.safetensors`` into the folder of an exported model, and its digest into the record.

    Only views from above are used, none of the pictures that are to be refused: mean and covariance of the tower's
    features over disguised views, and the distance beyond which one in a hundred others of them lies.

    Args:
        folder: Holds ``record.json`` and ``model.safetensors``.
        seed: Of the views.

    Returns:
        The largest distance that is taken for a view from above.
    """
    record = json.loads((folder / "record.json").read_text(encoding="utf-8"))
    eye = OverheadEye(record)
    eye.load_state_dict(load_file(folder / "model.safetensors"), strict=False)
    eye.eval()
    pairs = OverheadPairs(FITTED + HELD_OUT, seed=seed)
    with torch.inference_mode():
        parts = np.array_split(np.arange(len(pairs)), len(pairs) // _AT_ONCE)
        features = torch.cat([eye.image_tower(pairs.training_batch(rows, seed, 0).inputs[:, 0]) for rows in parts])
        mean, whitening = whitening_of(features[:FITTED])
        distances = torch.linalg.vector_norm((features[FITTED:] - mean) @ whitening, dim=1)
    farthest = distances.quantile(1 - REFUSED)
    place = folder / "views.safetensors"
    save_file({"feature_mean": mean, "feature_whitening": whitening, "farthest": farthest}, place)
    record["files"][place.name] = {"sha256": sha256(place), "size": place.stat().st_size}
    write_json(folder / "record.json", record)
    return float(farthest)


def whitening_of(features: Tensor) -> tuple[Tensor, Tensor]:
    """Mean of features, and the matrix after which their covariance is the identity.

    Args:
        features: (n, d).

    Returns:
        (d,) and (d, d), float32: ``|(x - mean) @ matrix|`` is the Mahalanobis distance of x.
    """
    wide = features.double()
    covariance = torch.cov(wide.T)
    flat = _SHRINKAGE * covariance.diagonal().mean() * torch.eye(len(covariance), dtype=torch.float64)
    values, vectors = torch.linalg.eigh((1 - _SHRINKAGE) * covariance + flat)
    return wide.mean(0).float(), (vectors / values.sqrt()).float().contiguous()

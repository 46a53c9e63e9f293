"""Calibrates the overhead model: out-of-distribution threshold and softmax temperature, in views.safetensors."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from scipy.optimize import minimize_scalar
from scipy.spatial import cKDTree
from torch import Tensor

from geoclip_core.earth.coordinates import Floats, unit_vectors
from geoclip_core.files import atomic, sha256, write_json
from geoclip_core.learning.overhead.augment import ViewAugmentation, augment_views
from geoclip_core.learning.overhead.raster import Raster, find_blue_marble
from geoclip_core.learning.overhead.sampling import Sampling, ViewSampler
from geoclip_core.overhead.network import OverheadModel
from geoclip_core.overhead.ood import OOD_BUFFERS
from geoclip_core.overhead.statistics import picture_statistics

FITTED, HELD_OUT = 6_000, 2_000
RELATIVE_WEIGHTS = (0.5, 1.0, 2.0)
"""Of feature distance, statistics distance and entropy in the out-of-distribution score, each in units of its standard
deviation over views: of the few tried, these told photos from views best."""

REFUSED_SHARE = 0.22
"""Share of the held-out views, all strongly augmented, whose score is beyond the threshold; mostly views that the model
cannot place."""

_PIXELS = 128
_SHRINKAGE = 0.01  # of the covariance towards a multiple of the identity: directions no view uses stay finite
_AT_ONCE = 250
_INVERSE_TEMPERATURES = (2.0, 100.0)  # searched between these


def calibrate(folder: Path, seed: int = 0, fitted: int = FITTED, held_out: int = HELD_OUT) -> tuple[float, float]:
    """Write ``views.safetensors`` into the folder of an exported model, and its digest into the record.

    Only views from above are used, and none of the pictures that are to be refused. Mean and covariance of the tower's
    features, and of the pictures' statistics, are those of augmented views. On other views, every one of them
    augmented, two numbers are found: the inverse temperature under which their true cells are likeliest, and the
    out-of-distribution score that ``REFUSED_SHARE`` of them exceed.

    Args:
        folder: Holds ``record.json``, ``model.safetensors`` and ``gallery.npy``.
        seed: Of the views.
        fitted: How many views give mean and covariance.
        held_out: How many others give threshold and temperature.

    Returns:
        The threshold and the inverse temperature.
    """
    record = json.loads((folder / "record.json").read_text(encoding="utf-8"))
    model = OverheadModel(record, np.load(folder / "gallery.npy", allow_pickle=False).astype(np.float64))
    model.load_state_dict(load_file(folder / "model.safetensors"), strict=False)
    model.eval().requires_grad_(False)
    _, rgb = augmented_views(fitted, ViewAugmentation(), seed)
    parts = torch.split(rgb, _AT_ONCE)
    model.feature_mean, model.feature_whitening = whitening_of(torch.cat([model.features(part) for part in parts]))
    model.statistics_mean, model.statistics_whitening = whitening_of(picture_statistics(rgb))
    places, rgb = augmented_views(held_out, ViewAugmentation(untouched=0.0), seed + 1)
    parts = torch.split(rgb, _AT_ONCE)
    vectors = torch.cat([model(part) for part in parts])
    found = fit_inverse_temperature(vectors @ model.cells.T, _nearest_cells(model, places))
    model.inverse_temperature = torch.tensor(found)
    scores = torch.cat([model.ood_scores(part)[0] for part in parts])
    model.ood_weights = torch.tensor(RELATIVE_WEIGHTS) / scores.std(0)
    model.ood_threshold = (scores @ model.ood_weights).quantile(1 - REFUSED_SHARE)
    place = folder / "views.safetensors"
    with atomic(place) as part:
        save_file({name: getattr(model, name).contiguous() for name in OOD_BUFFERS}, part)
    record["files"][place.name] = {"sha256": sha256(place), "size": place.stat().st_size}
    write_json(folder / "record.json", record)
    return float(model.ood_threshold), float(model.inverse_temperature)


def augmented_views(count: int, changes: ViewAugmentation, seed: int) -> tuple[Floats, Tensor]:
    """Augmented views of the Blue Marble.

    Args:
        count: How many.
        changes: Strengths of the augmentation.
        seed: Of places and augmentation.

    Returns:
        (n, 2) degrees, and (n, 3, 128, 128) in [0, 1].
    """
    views = ViewSampler(Sampling()).draw(count, np.random.default_rng((seed, count)))
    generator = torch.Generator().manual_seed(seed)
    raster = Raster(find_blue_marble())
    parts = np.array_split(np.arange(count), -(-count // _AT_ONCE))
    return views.latlon, torch.cat(
        [augment_views(raster.cut(views[rows], _PIXELS), changes, generator) for rows in parts]
    )


def fit_inverse_temperature(cosines: Tensor, right: Tensor) -> float:
    """The factor on cosines under which the right cells are likeliest (temperature scaling, Guo et al. 2017).

    Args:
        cosines: (n, g).
        right: (n,) index of the right cell of each.

    Returns:
        1 / temperature, between 2 and 100.
    """

    def loss(logarithm: float) -> float:
        logits = cosines * float(np.exp(logarithm))
        return float(F.cross_entropy(logits, right))

    bounds = tuple(np.log(_INVERSE_TEMPERATURES))
    found = minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-3})
    return float(np.exp(found.x))


def _nearest_cells(model: OverheadModel, places: Floats) -> Tensor:
    """(n,) index of the nearest cell of each place."""
    return torch.from_numpy(cKDTree(unit_vectors(model.gallery)).query(unit_vectors(places))[1])


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

"""What views from above look like to a trained eye: when it is shown something else, and how sure it may be."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from scipy.optimize import minimize_scalar
from scipy.spatial import cKDTree
from torch import Tensor

from geoclip_core.earth.coordinates import unit_vectors
from geoclip_core.learning.data.manifest import sha256
from geoclip_core.learning.overhead.augment import ViewAugmentation, augment_views
from geoclip_core.learning.overhead.views import Raster, Sampling, ViewSampler, find_blue_marble
from geoclip_core.learning.run.checkpoints import write_json
from geoclip_core.overhead.network import OverheadModel
from geoclip_core.overhead.statistics import picture_statistics

FITTED, HELD_OUT = 6_000, 2_000
WEIGHTS = (0.5, 1.0, 2.0)
"""Of strangeness, oddity and hesitation, each in units of its spread over views: which told photos best from views."""

REFUSED = 0.22
"""Share of the most disguised views that is refused, mostly those it could not place: how much doubt is allowed."""
VIEW_TEST = (
    "feature_mean",
    "feature_whitening",
    "statistics_mean",
    "statistics_whitening",
    "doubt_weights",
    "farthest",
    "answer_scale",
)
"""Buffers of the eye that ``views.safetensors`` holds."""

_PIXELS = 128
_SHRINKAGE = 0.01  # of the covariance towards a multiple of the identity: directions no view uses stay finite
_AT_ONCE = 250
_SCALES = (2.0, 100.0)


def add_view_test(folder: Path, seed: int = 0, fitted: int = FITTED, held_out: int = HELD_OUT) -> tuple[float, float]:
    """Write ``views.safetensors`` into the folder of an exported model, and its digest into the record.

    Only views from above are used, none of the pictures that are to be refused: mean and covariance of the tower's
    features, and of the statistics of their light, over disguised views; the factor on cosines under which others,
    disguised without exception, are likeliest where they were taken; and the doubt beyond which a share of these others
    lies, each of its three parts weighed in units of its spread over them.

    Args:
        folder: Holds ``record.json``, ``model.safetensors`` and ``gallery.npy``.
        seed: Of the views.
        fitted: How many views give mean and covariance.
        held_out: How many others give distance and factor.

    Returns:
        The largest doubt under which a picture is taken for a view from above, and the factor.
    """
    record = json.loads((folder / "record.json").read_text(encoding="utf-8"))
    eye = OverheadModel(record, np.load(folder / "gallery.npy").astype(np.float64))
    eye.load_state_dict(load_file(folder / "model.safetensors"), strict=False)
    eye.eval().requires_grad_(False)
    _, rgb = augmented_views(fitted, ViewAugmentation(), seed)
    parts = torch.split(rgb, _AT_ONCE)
    eye.feature_mean, eye.feature_whitening = whitening_of(torch.cat([eye.features(part) for part in parts]))
    eye.statistics_mean, eye.statistics_whitening = whitening_of(picture_statistics(rgb))
    places, rgb = augmented_views(held_out, ViewAugmentation(untouched=0.0), seed + 1)
    parts = torch.split(rgb, _AT_ONCE)
    vectors = torch.cat([eye(part) for part in parts])
    eye.answer_scale = torch.tensor(likeliest_scale(vectors @ eye.cells.T, _nearest(eye, places)))
    doubts = torch.cat([eye.doubts(part)[0] for part in parts])
    eye.doubt_weights = torch.tensor(WEIGHTS) / doubts.std(0)
    eye.farthest = (doubts @ eye.doubt_weights).quantile(1 - REFUSED)
    state = {name: getattr(eye, name).contiguous() for name in VIEW_TEST}
    place = folder / "views.safetensors"
    part = place.with_suffix(".part")
    save_file(state, part)
    part.replace(place)
    record["files"][place.name] = {"sha256": sha256(place), "size": place.stat().st_size}
    write_json(folder / "record.json", record)
    return float(eye.farthest), float(eye.answer_scale)


def augmented_views(count: int, changes: ViewAugmentation, seed: int) -> tuple[np.ndarray, Tensor]:
    """Views of the Blue Marble as other cameras would have taken them.

    Args:
        count: How many.
        changes: What is done to them.
        seed: Of places and changes.

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


def likeliest_scale(cosines: Tensor, right: Tensor) -> float:
    """The factor on cosines under which the right cells are likeliest (temperature scaling, Guo et al. 2017).

    Args:
        cosines: (n, g).
        right: (n,) the right cell of each.
    """

    def loss(logarithm: float) -> float:
        logits = cosines * float(np.exp(logarithm))
        return float(torch.nn.functional.cross_entropy(logits, right))

    found = minimize_scalar(loss, bounds=tuple(np.log(_SCALES)), method="bounded", options={"xatol": 1e-3})
    return float(np.exp(found.x))


def _nearest(eye: OverheadModel, places: np.ndarray) -> Tensor:
    """(n,) the cell of each place."""
    return torch.from_numpy(cKDTree(unit_vectors(eye.gallery)).query(unit_vectors(places))[1])


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

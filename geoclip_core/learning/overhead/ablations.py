"""Ablations: variants of the method, each trained from nothing on the same views from above, behind one frozen tower.

The tower is that of an exported overhead model; its features of every view are computed once. So a variant trains what
the paper trains, the layers behind the tower and the location encoder, and a run takes a minute rather than an hour.
What the tower itself learnt from the full method is common to all: the table compares location encoders and losses,
not towers.
"""

from __future__ import annotations

import dataclasses
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning.pytorch import Trainer, seed_everything
from torch import Tensor

from geoclip_core.files import digest
from geoclip_core.learning.data.datamodule import GeoData
from geoclip_core.learning.data.dataset import Batch, PairSource, Rows
from geoclip_core.learning.overhead.pairs import OverheadPairs
from geoclip_core.learning.overhead.protocol import VIEW_THRESHOLDS_KM
from geoclip_core.learning.overhead.sampling import land_cells
from geoclip_core.learning.run.module import GeoLearner
from geoclip_core.learning.run.validation import accuracy_name
from geoclip_core.learning.settings import LocationConfig, Recipe, TowerConfig
from geoclip_core.overhead.network import OverheadModel

VIEWS_PER_PLACE = 4
"""Augmented views of each training place whose features are computed."""

LOCATION = LocationConfig(sigmas=(1.0, 8.0, 64.0), rows=64, width=256, dim=128)
RECIPE = Recipe(
    learning_rate=2e-3, schedule="cosine", warmup_steps=30, temperature=0.05, queue_size=1024, noise_m=1000.0
)
MEASURED = (*(accuracy_name(km) for km in VIEW_THRESHOLDS_KM), "median_km")

VARIANTS: dict[str, dict[str, Any]] = {
    "baseline": {},
    "no Equal Earth": {"location": {"projection": False}},
    "no Fourier features": {"location": {"kind": "mlp"}},
    "one scale, sigma 1": {"location": {"sigmas": (1.0,)}},
    "one scale, sigma 8": {"location": {"sigmas": (8.0,)}},
    "one scale, sigma 64": {"location": {"sigmas": (64.0,)}},
    "sigmas 1, 4, 16": {"location": {"sigmas": (1.0, 4.0, 16.0)}},
    "sigmas 1, 16, 256 (paper)": {"location": {"sigmas": (1.0, 16.0, 256.0)}},
    "no queue": {"recipe": {"queue_size": 0}},
    "queue 256": {"recipe": {"queue_size": 256}},
    "queue 4096": {"recipe": {"queue_size": 4096}},
    "no noise": {"recipe": {"noise_m": 0.0, "queue_noise_m": 0.0}},
    "2 views": {"views": 2},
    "4 views": {"views": 4},
    "20 % of the data": {"fraction": 0.2},
    "10 % of the data": {"fraction": 0.1},
    "5 % of the data": {"fraction": 0.05},
}


class ViewFeatures(PairSource):
    """Features of augmented views, by a frozen tower, in memory.

    Args:
        latlon: (n, 2) degrees.
        features: (n, VIEWS_PER_PLACE, width) in training, (n, 1, width) where nothing is drawn.
        views: How many of them make a training batch, drawn anew each time.
    """

    def __init__(self, latlon: np.ndarray, features: Tensor, views: int = 1) -> None:
        self.latlon, self.features, self.views = latlon.astype(np.float32), features, views
        self.digest = digest(self.latlon, features.numpy())

    def training_batch(self, rows: Rows, seed: int, epoch: int) -> Batch:
        """Some of the views of each place."""
        keys = np.random.default_rng([seed, epoch, *rows.tolist()]).random((len(rows), self.features.shape[1]))
        drawn = torch.from_numpy(np.argsort(keys, axis=1)[:, : self.views])
        return self._batch(self.features[torch.from_numpy(rows)[:, None], drawn], rows)

    def validation_batch(self, rows: Rows) -> Batch:
        """The first view of each place."""
        return self._batch(self.features[torch.from_numpy(rows), :1], rows)

    def _batch(self, inputs: Tensor, rows: Rows) -> Batch:
        return Batch(inputs, torch.from_numpy(self.latlon[rows]), torch.from_numpy(rows))


def precompute_features(model: Path, places: int, held_out: int) -> tuple[ViewFeatures, ViewFeatures]:
    """Features of ``VIEWS_PER_PLACE`` augmented views of training places, and of held-out views without augmentation.

    Args:
        model: Folder of an exported, calibrated overhead model.
        places: Training places.
        held_out: Held-out views.
    """
    tower = OverheadModel.from_folder(model).image_tower
    here, there = OverheadPairs(places, seed=1, views=VIEWS_PER_PLACE), OverheadPairs(held_out, seed=2)
    features = []
    with torch.inference_mode():
        for rows in np.array_split(np.arange(places), -(-places // 64)):
            inputs = here.training_batch(rows, 0, 0).inputs
            features.append(tower(inputs.flatten(0, 1)).reshape(*inputs.shape[:2], -1))
        parts = np.array_split(np.arange(held_out), -(-held_out // 250))
        plain = torch.cat([tower(there.validation_batch(rows).inputs[:, 0]) for rows in parts])
    return ViewFeatures(here.latlon, torch.cat(features).clone()), ViewFeatures(there.latlon, plain[:, None].clone())


def measure(
    variant: str, seed: int, steps: int, batch_size: int, features: tuple[ViewFeatures, ViewFeatures]
) -> dict[str, float]:
    """Train one variant from nothing, and measure it.

    Args:
        variant: A key of ``VARIANTS``.
        seed: Of the weights, the order and the noise.
        steps: Optimiser steps, the same for all variants.
        batch_size: Places per step.
        features: What :func:`precompute_features` gave.

    Returns:
        Shares in [0, 1] within 25, 200, 750 and 2500 km of the gallery's best place, and the median in km.
    """
    changes = VARIANTS[variant]
    seed_everything(seed, verbose=False)
    places, held_out = features
    source = ViewFeatures(places.latlon, places.features, changes.get("views", 1))
    data = GeoData(source, held_out, fraction=changes.get("fraction", 1.0), batch_size=batch_size, seed=seed)
    data.gallery = land_cells().astype(np.float32)  # every variant's, also of those that train on fewer places
    location = dataclasses.replace(LOCATION, **changes.get("location", {}))
    recipe = dataclasses.replace(RECIPE, seed=seed, **changes.get("recipe", {}))
    module = GeoLearner(TowerConfig("features", width=places.features.shape[-1]), location, recipe)
    with warnings.catch_warnings():
        # Lightning 2.6 calls what torch 2.10 has renamed, and would rather read ahead; nothing here can change that.
        warnings.filterwarnings("ignore", ".*LeafSpec.* is deprecated")
        warnings.filterwarnings("ignore", ".*does not have many workers")
        trainer = _trainer(max_steps=steps, max_epochs=-1, gradient_clip_val=2.0, limit_val_batches=0)
        trainer.fit(module, datamodule=data)
        (found,) = _trainer().validate(module, datamodule=data, verbose=False)
    return {name: float(found[f"validation/{name}"]) for name in MEASURED}


def _trainer(**settings: Any) -> Trainer:
    return Trainer(
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_model_summary=False,
        enable_progress_bar=False,
        use_distributed_sampler=False,
        num_sanity_val_steps=0,
        **settings,
    )

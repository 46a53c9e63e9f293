"""One part of the method changed at a time, on views from above: what ``training/ablations.py`` measures."""

from __future__ import annotations

import dataclasses
from typing import Any

from lightning.pytorch import Trainer, seed_everything

from geoclip_core.learning.datamodule import GeoData
from geoclip_core.learning.module import GeoLearner
from geoclip_core.learning.overhead_pairs import OverheadPairs
from geoclip_core.learning.recipe import Location, Recipe, Tower

TOWER = Tower("timm", architecture="resnet10t", options={"channels": [24, 64, 128, 320], "stem_type": ""}, train="all")
LOCATION = Location(sigmas=(1.0, 8.0, 64.0), rows=128, width=256, dim=256)
RECIPE = Recipe(
    learning_rate=2e-3, schedule="cosine", warmup_steps=100, temperature=0.05, queue_size=1024, noise_m=1000.0
)
MEASURED = ("accuracy_25km", "accuracy_200km", "accuracy_750km", "accuracy_2500km", "median_km")

VARIANTS: dict[str, dict[str, dict[str, Any]]] = {
    "baseline": {},
    "no Equal Earth": {"location": {"projection": False}},
    "almost no Fourier features (sigma 1/32)": {"location": {"sigmas": (1 / 32,)}},
    "one scale, sigma 1": {"location": {"sigmas": (1.0,)}},
    "one scale, sigma 8": {"location": {"sigmas": (8.0,)}},
    "one scale, sigma 64": {"location": {"sigmas": (64.0,)}},
    "sigmas 1, 4, 16": {"location": {"sigmas": (1.0, 4.0, 16.0)}},
    "sigmas 1, 16, 256 (paper)": {"location": {"sigmas": (1.0, 16.0, 256.0)}},
    "no queue": {"recipe": {"queue_size": 0}},
    "queue 256": {"recipe": {"queue_size": 256}},
    "queue 4096": {"recipe": {"queue_size": 4096}},
    "no noise": {"recipe": {"noise_m": 0.0, "queue_noise_m": 0.0}},
    "2 views": {"source": {"views": 2}},
    "4 views": {"source": {"views": 4}},
    "20 % of the data": {"data": {"fraction": 0.2}},
    "10 % of the data": {"data": {"fraction": 0.1}},
    "5 % of the data": {"data": {"fraction": 0.05}},
}


def measure(variant: str, seed: int, steps: int, batch_size: int, places: int, held_out: int) -> dict[str, float]:
    """Train one variant from nothing, and measure it.

    Args:
        variant: A key of ``VARIANTS``.
        seed: Of the weights and of everything else but places, held-out views and gallery.
        steps: Optimiser steps, the same for all variants.
        batch_size: Places per step.
        places: Training places.
        held_out: Held-out views.

    Returns:
        Shares in [0, 1] within 25, 200, 750 and 2500 km of the gallery's best place, and the median in km.
    """
    changes = VARIANTS[variant]
    seed_everything(seed, verbose=False)
    data = GeoData(
        OverheadPairs(places, seed=1, **changes.get("source", {})),
        OverheadPairs(held_out, seed=2),
        gallery_size=20_000,
        batch_size=batch_size,
        seed=seed,
        **changes.get("data", {}),
    )
    # The gallery is every variant's, also of those that train on fewer places.
    data.gallery = data.source.latlon[:20_000]
    module = GeoLearner(
        TOWER,
        dataclasses.replace(LOCATION, **changes.get("location", {})),
        dataclasses.replace(RECIPE, seed=seed, **changes.get("recipe", {})),
    )
    trainer = Trainer(
        max_steps=steps,
        gradient_clip_val=2.0,
        logger=False,
        enable_checkpointing=False,
        enable_model_summary=False,
        enable_progress_bar=False,
        use_distributed_sampler=False,
        num_sanity_val_steps=0,
        limit_val_batches=0,
    )
    trainer.fit(module, datamodule=data)
    judge = Trainer(logger=False, enable_checkpointing=False, enable_progress_bar=False, use_distributed_sampler=False)
    (found,) = judge.validate(module, datamodule=data, verbose=False)
    return {name: float(found[f"validation/{name}"]) for name in MEASURED}

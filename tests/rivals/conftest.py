"""Photos of a smooth planet that every rival can learn, and each rival fitted to them once."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest
import torch

from geoclip_core.earth.coordinates import from_unit_vectors
from geoclip_core.earth.distance import HALF_TURN_KM, disk_points
from geoclip_core.rivals import RIVALS, Rival
from geoclip_core.rivals.cells.merging import PAPER_SETS
from geoclip_core.rivals.comparison.search import is_trained
from geoclip_core.rivals.training import Training

SMALL: dict[str, dict[str, Any]] = {
    "plonk": {"width": 48, "blocks": 2, "flow_steps": 12},
    "mvmf": {"parts": 30},
    "geoclip": {"sigmas": (1.0, 4.0), "rows": 16, "width": 48, "dim": 32, "queue_size": 64},
    "translocator": {"photos_per_cell": 30, "width": 32},
    "geodecoder": {"photos_per_cell": 30, "width": 32, "tokenizer": 4},
    **{name: {"photos_per_cell": 30} for name in ("planet", "isns", "pigeon")},
    "cplanet": {"photos_per_cell": 8, "sets": PAPER_SETS[:2]},
}
"""Sizes that are fitted within a second or two."""


@pytest.fixture(autouse=True)
def one_thread() -> Any:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def smooth_photos(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Features (n, 24) that change slowly over the Earth, and places (n, 2) anywhere."""
    chance, paint = np.random.default_rng(seed), np.random.default_rng(7)
    places = chance.normal(size=(count, 3))
    places /= np.linalg.norm(places, axis=1, keepdims=True)
    waves = places @ paint.normal(size=(3, 24)) * 1.5 + paint.uniform(0, 6, 24)
    return (np.cos(waves) + 0.05 * chance.normal(size=waves.shape)).astype(np.float32), from_unit_vectors(places)


def small(name: str, seed: int = 0, steps: int = 60, **more: Any) -> Rival:
    """A rival of a size for tests."""
    settings = {**SMALL.get(name, {}), **more}
    if is_trained(name):
        settings.setdefault("training", Training(steps=steps, batch_size=64, learning_rate=1e-2))
    return RIVALS[name](seed=seed, **settings)


@functools.cache
def fitted(name: str) -> Rival:
    """A rival fitted to 400 photos of the smooth planet."""
    return small(name).fit(*smooth_photos(400, 1))


@functools.cache
def even_points(count: int = 20_000) -> np.ndarray:
    """Points that stand for equal areas of the whole Earth."""
    return disk_points((90.0, 0.0), HALF_TURN_KM, count)

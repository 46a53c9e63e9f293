"""The search of settings: as many are tried for every rival, and the best on held-out groups is taken."""

from __future__ import annotations

import dataclasses
import inspect
import itertools
from typing import Any

import numpy as np

from geoclip_core.errors import CoordinateError, DataError
from geoclip_core.evaluation.metrics import error_km, geoguessr_score
from geoclip_core.rivals import RIVALS
from geoclip_core.rivals.comparison.photo_sets import PhotoSet
from geoclip_core.rivals.contract import Rival
from geoclip_core.rivals.training import Training

LEARNING_RATES = (1e-3, 3e-3, 9e-3)
VALIDATION = 0.2
"""Share of the photos outside the test by which settings are compared, in whole groups."""

Settings = dict[str, Any]

CONTROLS: dict[str, tuple[str, Settings]] = {"translocator_one_branch": ("translocator", {"layout": "none"})}
"""Rows of the comparison that are a rival without its mechanism: name -> its name in ``RIVALS``, what is set."""


def candidates(name: str) -> list[Settings]:
    """The settings that are tried for a rival: each learning rate with each value of what else it searches, 9 in all.

    A method without training has nine of its own instead; chance has none.

    Args:
        name: A name in ``RIVALS`` or ``CONTROLS``.

    Raises:
        DataError: There is no such rival.
    """
    if name in CONTROLS:
        rival, fixed = CONTROLS[name]
        return [settings | fixed for settings in candidates(rival)]
    if name not in RIVALS:
        raise DataError(f"There is no rival {name!r}", allowed=", ".join(RIVALS))
    search = dict(RIVALS[name].SEARCH)
    if is_trained(name):
        search["learning_rate"] = LEARNING_RATES
    return [dict(zip(search, values, strict=True)) for values in itertools.product(*search.values())]


def is_trained(name: str) -> bool:
    """Whether a rival has a budget of training."""
    return "training" in inspect.signature(RIVALS[name]).parameters


def build(name: str, settings: Settings, training: Training, seed: int) -> Rival:
    """A rival with settings of :func:`candidates`; the learning rate replaces the budget's."""
    name, more = CONTROLS.get(name, (name, {}))[0], dict(settings)
    rate = more.pop("learning_rate", training.learning_rate)
    if is_trained(name):
        more["training"] = dataclasses.replace(training, learning_rate=rate)
    return RIVALS[name](seed=seed, **more)


def try_settings(name: str, settings: Settings, data: PhotoSet, training: Training, seed: int) -> float:
    """Mean GeoGuessr score on the validation's groups of a rival fitted on the others, with half of the steps.

    Settings that need more photos than there are, such as cells of 80 photos among 50, have the score 0.
    """
    rows, held_out = data.split(VALIDATION, seed)
    budget = dataclasses.replace(training, steps=max(1, training.steps // 2))
    try:
        rival = fit(build(name, settings, budget, seed), data, rows)
    except CoordinateError:  # no cell holds enough
        return 0.0
    errors = error_km(rival.predict(**data.inputs(held_out)), data.latlon[held_out])
    return float(geoguessr_score(errors).mean())


def fit(rival: Rival, data: PhotoSet, rows: np.ndarray[Any, np.dtype[np.int64]]) -> Rival:
    """Fit a rival on rows of the data."""
    return rival.fit(latlon=data.latlon[rows], groups=data.groups[rows], **data.inputs(rows))


def in_words(settings: Settings) -> str:
    """Settings as text, such as ``learning_rate 0.001, photos_per_cell 5``."""
    return ", ".join(f"{name} {value}" for name, value in sorted(settings.items())) or "none"

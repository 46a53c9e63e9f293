"""Resuming a run: what must not have changed since the checkpoint, and what may."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from geoclip_core.errors import TrainingError
from geoclip_core.learning.settings import Recipe

_AS_SAVED = "resume with the config.yaml saved beside the checkpoint"
_ANEW = "or start a new run from an export of it (--start.heads)"


def check_resumable(extra: Mapping[str, Any], recipe: Recipe, data: str, batches: Mapping[str, int]) -> None:
    """Refuse to resume with changes that would make it another run.

    Args:
        extra: What ``GeoLearner`` adds to a checkpoint.
        recipe: The resumed run's.
        data: Digest of its data and their split.
        batches: Its ``batch_size``, and its ``processes``.

    Raises:
        TrainingError: Optimiser, queue, data, batch size or number of processes differ.
    """
    if extra["queues"] is not None and len(extra["queues"]) != batches["processes"]:
        raise TrainingError(
            f"The checkpoint holds the queues of {len(extra['queues'])} processes, not {batches['processes']}",
            hint="resume with as many processes, or train with recipe.shared_queue",
        )
    for name in ("optimizer", "queue_size"):
        there, here = extra["settings"]["recipe"][name], getattr(recipe, name)
        if there != here:
            raise TrainingError(
                f"The checkpoint's recipe.{name} is {there}, the configuration's {here}", hint=_AS_SAVED
            )
    there = extra["provenance"]["data"]
    if there != data:
        raise TrainingError(
            f"The checkpoint was trained on other data, or another split or fraction of it ({there}, not {data}): "
            "what is held out now may have been learnt",
            hint=f"{_AS_SAVED}, {_ANEW}",
        )
    if extra["batches"] != batches:
        there, here = (f"{each['batch_size']} rows in {each['processes']}" for each in (extra["batches"], batches))
        raise TrainingError(
            f"The checkpoint counts batches of {there} processes, this run of {here}",
            hint=f"resume with as many rows per batch and as many processes, {_ANEW}",
        )


def take_rates(checkpoint: dict[str, Any], recipe: Recipe) -> None:
    """Replace a checkpoint's learning rates and weight decay with those of a recipe.

    Args:
        checkpoint: Changed in place, before optimiser and schedule are restored from it.
        recipe: Of the same optimiser.
    """
    for state, schedule in zip(checkpoint["optimizer_states"], checkpoint["lr_schedulers"], strict=True):
        for number, group in enumerate(state["param_groups"]):
            rate = recipe.matrix_rate if group.get("orthogonal") else recipe.learning_rate
            group["lr"] *= rate / group["initial_lr"] if group["initial_lr"] else 1.0
            group["initial_lr"] = schedule["base_lrs"][number] = rate
            group["weight_decay"] = recipe.weight_decay

"""What a checkpoint holds besides Lightning's own content: settings, position, queues, provenance, metrics."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import torch

from geoclip_core.errors import TrainingError
from geoclip_core.learning.objective.gather import gather_objects
from geoclip_core.learning.run.resume import check_resumable, take_rates
from geoclip_core.learning.settings import read_settings

if TYPE_CHECKING:
    from geoclip_core.learning.run.module import GeoLearner

KEY = "geoclip"
"""Where the content stands in a checkpoint."""


def write_state(model: GeoLearner, checkpoint: dict[str, Any]) -> None:
    """Add settings, position and every process's own queue; leave out a frozen tower whose weights are elsewhere.

    Args:
        model: The model in training.
        checkpoint: Lightning's checkpoint, changed in place.

    Raises:
        TrainingError: A weight is not finite any more; the checkpoints that are there stay.
    """
    for name, parameter in model.named_parameters():
        if parameter.requires_grad and not torch.isfinite(parameter).all():
            raise TrainingError(
                f"{name} is not finite after batch {model.batches_seen} of the run",
                hint="the last checkpoint is from before: lower recipe.learning_rate, or use trainer.precision "
                "32-true, and resume with --ckpt_path last",
            )
    if model.tower.kind == "clip":
        trained = {f"image_tower.{name}" for name, p in model.image_tower.named_parameters() if p.requires_grad}
        state = checkpoint["state_dict"]
        for key in [key for key in state if key.startswith("image_tower.") and key not in trained]:
            del state[key]
    queues = None if model.recipe.shared_queue else gather_objects(model.queue.state_dict())
    checkpoint[KEY] = {
        "settings": {part: dataclasses.asdict(getattr(model, part)) for part in ("tower", "location", "recipe")},
        "batches_seen": model.batches_seen,
        "batches": model.batches,
        "queues": queues,
        "provenance": model.provenance,
        "metrics": model.metrics,
    }


def read_state(model: GeoLearner, checkpoint: dict[str, Any]) -> None:
    """Take up position and queue; a resumed run has the rates and the weight decay of its own recipe.

    Args:
        model: Built from the configuration.
        checkpoint: Changed in place, so that Lightning can restore the rest.

    Raises:
        TrainingError: The checkpoint is of a network built otherwise; or a run is to be resumed with another
            optimiser, queue, data, batch size or number of processes.
    """
    extra = checkpoint.get(KEY)
    if extra is None:
        raise TrainingError("This checkpoint was not written by this pipeline")
    tower, location, _ = read_settings(extra["settings"])
    for part, saved, own_part in (("tower", tower, model.tower), ("location", location, model.location)):
        if saved != own_part:
            raise TrainingError(
                f"The checkpoint's {part} is {dataclasses.asdict(saved)}, the configuration's "
                f"{dataclasses.asdict(own_part)}",
                hint="resume with the config.yaml saved beside the checkpoint",
            )
    there, here = extra["provenance"].get("tower"), model.provenance.get("tower")
    if here is not None and here != there:
        raise TrainingError(
            f"The checkpoint was trained behind another tower ({there}, not {here})",
            hint="resume with the CLIP weights, or the features, that the run began with",
        )
    state = checkpoint["state_dict"]
    own = model.state_dict()
    state.update({key: own[key] for key in own if key.startswith("image_tower.") and key not in state})
    model.batches_seen, model.metrics = int(extra["batches_seen"]), dict(extra["metrics"])
    queues = extra["queues"]
    attached = model.attached
    if attached and model.trainer.state.fn == "fit":
        check_resumable(extra, model.recipe, model.provenance["data"], model.batches)
        take_rates(checkpoint, model.recipe)
    if queues is not None:  # one process that validates takes the first process's
        rank = model.global_rank % len(queues) if attached else 0
        state.update({f"queue.{k}": v for k, v in queues[rank].items()})

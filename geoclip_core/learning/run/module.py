"""GeoCLIP as a LightningModule: the network, its loss, its negatives and its optimiser."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from lightning.pytorch import LightningModule
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import Tensor, nn

from geoclip_core.errors import TrainingError
from geoclip_core.learning.data.dataset import Batch
from geoclip_core.learning.objective.contrastive import contrastive_loss
from geoclip_core.learning.objective.coordinate_noise import generator_of, gps_noise
from geoclip_core.learning.objective.gather import gather_objects, gather_rows, gather_with_gradient
from geoclip_core.learning.objective.geocells import geocell_centres, geocell_loss
from geoclip_core.learning.objective.gps_queue import GpsQueue, hard_negatives
from geoclip_core.learning.optim.muon import Muon
from geoclip_core.learning.run.resume import check_resumable, take_rates
from geoclip_core.learning.run.tower import build_tower
from geoclip_core.learning.run.validation import GalleryRetrieval, LocationAccuracy
from geoclip_core.learning.settings import MAX_SCALE, Location, Recipe, Tower, learning_rate_factor
from geoclip_core.model.image_encoder import projection_mlp
from geoclip_core.model.location_encoder import LocationEncoder

if TYPE_CHECKING:
    from geoclip_core.learning.data.datamodule import GeoData

_POOL = 8192  # real places that hard negatives are chosen from, drawn anew each step
# What the randomness is for; part of the seed of its generator.
_BATCH_NOISE, _QUEUE_NOISE, _QUEUE_SEED, _HARD_POOL, _LAYERS = range(5)


class GeoLearner(LightningModule):
    """Learns to place photos (GeoCLIP, section 3).

    All randomness of a step (noise, hard negatives, dropout) is a function of the seed, the rank and the number
    of batches seen, so that a resumed run goes on as if it had never stopped. Coordinates are gathered between
    processes rather than vectors: every rank encodes all places, which makes the gradient of the joined batch
    exact and costs less than the queue does.

    Args:
        tower: What looks at the pixels.
        location: Sizes of the location encoder.
        recipe: How to train.
    """

    def __init__(self, tower: Tower = Tower(), location: Location = Location(), recipe: Recipe = Recipe()) -> None:  # noqa: B008 - frozen
        super().__init__()
        self.tower, self.location, self.recipe = tower, location, recipe
        self.image_tower, width = build_tower(tower)
        self.image_mlp = projection_mlp(width, location.dim)
        self.location_encoder = LocationEncoder(
            location.sigmas,
            rows=location.rows,
            width=location.width,
            dim=location.dim,
            projection=location.projection,
        )
        self.logit_scale = nn.Parameter(torch.tensor(math.log(1 / recipe.temperature)))
        self.queue = GpsQueue(recipe.queue_size)
        if not recipe.shared_queue:  # or DistributedDataParallel copies the first rank's queue to all
            self._ddp_params_and_buffers_to_ignore = [f"queue.{name}" for name, _ in self.queue.named_buffers()]
        self.accuracy = LocationAccuracy()
        self.batches_seen = 0
        self.provenance: dict[str, Any] = {}
        self.metrics: dict[str, float] = {}
        self._pool: Tensor | None = None
        self._cells: Tensor | None = None
        self._retrieval: GalleryRetrieval | None = None

    @property
    def _data(self) -> GeoData:
        return cast("GeoData", self.trainer.datamodule)  # type: ignore[attr-defined]

    def _generator(self, purpose: int, *, rank: int | None = None) -> torch.Generator:
        rank = self.global_rank if rank is None else rank
        return generator_of(self.recipe.seed, self.batches_seen, rank, purpose)

    def encode_images(self, inputs: Tensor) -> Tensor:
        """Vectors of photos.

        Args:
            inputs: (n, P, ...): P views of n photos, as pixels (3, s, s) or features (width,).

        Returns:
            (n, P, dim), not normalised.
        """
        flat = inputs.flatten(0, 1)
        weight = next(self.image_tower.parameters(), None)
        if weight is not None:
            flat = flat.to(weight.dtype)
        with torch.set_grad_enabled(torch.is_grad_enabled() and self.tower.train != "none"):
            features = self.image_tower(flat)
        vectors: Tensor = self.image_mlp(features.to(self.image_mlp[0].weight.dtype))
        return vectors.reshape(*inputs.shape[:2], -1)

    def encode_places(self, latlon: Tensor) -> Tensor:
        """Vectors (n, dim) of points (n, 2) in degrees, not normalised, always in float32.

        The phases of the Fourier features reach thousands of radians, which bfloat16 cannot hold.
        """
        with torch.autocast(latlon.device.type, enabled=False):
            vectors: Tensor = self.location_encoder(latlon)
        return vectors

    def forward(self, inputs: Tensor) -> Tensor:
        """Vectors of photos, see :meth:`encode_images`."""
        return self.encode_images(inputs)

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Loss of one batch; see the class and :func:`contrastive_loss`.

        Raises:
            TrainingError: The loss is not finite; nothing has been changed by this batch.
        """
        recipe = self.recipe
        torch.manual_seed(self._generator(_LAYERS).initial_seed())
        images = self.encode_images(batch.inputs)
        latlon = gps_noise(batch.latlon, recipe.noise_m, self._generator(_BATCH_NOISE))
        loss = self._loss(images, latlon, batch.latlon)
        if not torch.isfinite(loss):
            raise TrainingError(
                f"The loss became {loss.item()} in epoch {self.current_epoch}, batch {batch_idx} (rows "
                f"{', '.join(map(str, batch.rows[:5].tolist()))} and {max(0, len(batch.rows) - 5)} more)",
                hint="the last checkpoint is from before this batch: look at these rows, lower "
                "recipe.learning_rate, or use trainer.precision 32-true, and resume with --ckpt_path last",
            )
        self.queue.push(gather_rows(batch.latlon)[0] if recipe.shared_queue else batch.latlon)
        self.batches_seen += 1
        self.log("train/loss", loss, prog_bar=True, sync_dist=True)
        self.log("train/scale", self.logit_scale.exp())
        return loss

    def _loss(self, images: Tensor, latlon: Tensor, exact: Tensor) -> Tensor:
        """Loss of photos at places, against geocells or other places; ``exact`` are the places without noise."""
        recipe = self.recipe
        if self._cells is not None:
            centres = self._cells.to(latlon.device)
            cells = self.encode_places(centres)
            return geocell_loss(images, latlon, cells, centres, self.logit_scale.exp(), recipe.geocell_smoothing_km)
        places, first = gather_rows(latlon) if recipe.gather else (latlon, 0)
        others = self._negatives(exact)
        vectors = self.encode_places(torch.cat((places, others)))
        return contrastive_loss(
            images,
            vectors[: len(places)],
            self.logit_scale.exp(),
            negatives=vectors[len(places) :],
            first=first,
            all_images=(gather_with_gradient(images) if recipe.gather else images) if recipe.symmetric else None,
        )

    def _negatives(self, latlon: Tensor) -> Tensor:
        """Coordinates besides the batch's: the queue with its noise, and hard negatives."""
        recipe = self.recipe
        rank = 0 if recipe.shared_queue else None
        queued = gps_noise(self.queue.latlon, recipe.queue_noise_m, self._generator(_QUEUE_NOISE, rank=rank))
        if not recipe.hard_negatives or self._pool is None:
            return queued
        some = torch.randint(len(self._pool), (_POOL,), generator=self._generator(_HARD_POOL))
        pool = self._pool[some].to(latlon.device)
        return torch.cat((queued, hard_negatives(latlon, pool, recipe.hard_negatives, recipe.hard_beyond_km)))

    def optimizer_step(self, *args: Any, **kwargs: Any) -> None:
        """Take the step, then clamp the scale as CLIP does."""
        super().optimizer_step(*args, **kwargs)
        with torch.no_grad():
            self.logit_scale.clamp_(max=math.log(MAX_SCALE))

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """Adam or Muon over what is not frozen, and the recipe's schedule."""
        recipe = self.recipe
        parameters = [parameter for parameter in self.parameters() if parameter.requires_grad]
        optimizer: torch.optim.Optimizer
        if recipe.optimizer == "muon":
            matrices = [parameter for parameter in parameters if parameter.ndim >= 2 and len(parameter) > 1]
            others = [parameter for parameter in parameters if parameter.ndim < 2 or len(parameter) == 1]
            optimizer = Muon(matrices, others, recipe.matrix_rate, recipe.learning_rate, recipe.weight_decay)
        else:
            optimizer = torch.optim.Adam(parameters, recipe.learning_rate, weight_decay=recipe.weight_decay)
        scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, self._learning_rate_factor)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}

    def _learning_rate_factor(self, step: int) -> float:
        if step == 0:  # asked while the optimiser is built, before the trainer knows how long an epoch is
            return learning_rate_factor(0, 1, 1, self.recipe)
        trainer = self.trainer
        per_epoch = math.ceil(trainer.num_training_batches / trainer.accumulate_grad_batches)
        epochs = trainer.max_epochs if trainer.max_epochs is not None and trainer.max_epochs >= 0 else math.inf
        steps = min(per_epoch * epochs, trainer.max_steps if trainer.max_steps >= 0 else math.inf)
        if self.recipe.schedule == "cosine" and math.isinf(steps):
            raise TrainingError("A cosine needs an end", hint="set trainer.max_epochs or trainer.max_steps")
        return learning_rate_factor(step, per_epoch, steps, self.recipe)

    def on_fit_start(self) -> None:
        """Seed the queue with real coordinates, unless it came from a checkpoint.

        Raises:
            TrainingError: The precision asked for would round coordinates.
        """
        if self.logit_scale.dtype != torch.float32:
            raise TrainingError(
                f"trainer.precision would keep coordinates in {str(self.logit_scale.dtype).removeprefix('torch.')}",
                allowed="32-true, bf16-mixed, 16-mixed",
            )
        latlon = torch.from_numpy(np.ascontiguousarray(self._data.train_latlon))
        rank = 0 if self.recipe.shared_queue else None
        self.queue.seed(latlon.to(self.queue.latlon.device), self._generator(_QUEUE_SEED, rank=rank))
        self._pool = latlon if self.recipe.hard_negatives else None

    def setup(self, stage: str) -> None:
        """Divide the Earth into geocells, where the recipe asks for them."""
        del stage
        if self.recipe.geocell_photos:
            centres = geocell_centres(self._data.train_latlon.astype(np.float64), self.recipe.geocell_photos)
            self._cells = torch.from_numpy(centres).float()

    def on_train_start(self) -> None:
        """Put a frozen tower, and one with frozen statistics, into evaluation mode."""
        self.train()

    def train(self, mode: bool = True) -> GeoLearner:
        """Set the mode; a tower that is not trained throughout stays in evaluation mode."""
        super().train(mode)
        if self.tower.train != "all":
            self.image_tower.eval()
        return self

    def on_validation_epoch_start(self) -> None:
        """Encode the gallery with the network as it is now."""
        gallery = torch.from_numpy(np.ascontiguousarray(self._data.gallery)).to(self.device)
        self._retrieval = GalleryRetrieval(self.location_encoder, gallery)

    def validation_step(self, batch: Batch, _: int) -> None:
        """Loss without noise, against the geocells or against batch and queue, and accuracy against the gallery."""
        if self._retrieval is None or not len(batch.rows):  # none of its photos could be read
            return
        images = self.encode_images(batch.inputs)
        count = len(batch.latlon)
        if self._cells is None:
            vectors = self.encode_places(torch.cat((batch.latlon, self.queue.latlon)))
            loss = contrastive_loss(images, vectors[:count], self.logit_scale.exp(), negatives=vectors[count:])
        else:
            loss = self._loss(images, batch.latlon, batch.latlon)
        self.log("validation/loss", loss, batch_size=count, sync_dist=True)
        self.accuracy.update(self._retrieval.locate(images), batch.latlon)

    def on_validation_epoch_end(self) -> None:
        """Log accuracy and median over all processes."""
        values = self.accuracy.compute()
        self.log_dict({f"validation/{name}": value for name, value in values.items()})
        self.metrics = {name: float(value) for name, value in values.items()}
        self.accuracy.reset()
        self._retrieval = None

    @property
    def _batches(self) -> dict[str, int]:
        """How the rows are cut into batches; together with the batches seen, where in the data a run stands."""
        return {"batch_size": self._data.batch_size, "processes": self.trainer.world_size}

    @property
    def settings(self) -> dict[str, Any]:
        """Everything the network was built from, as plain values."""
        asdict = dataclasses.asdict
        return {"tower": asdict(self.tower), "location": asdict(self.location), "recipe": asdict(self.recipe)}

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Add settings, position and every rank's own queue; leave out a frozen tower that came from outside.

        Raises:
            TrainingError: A weight is not finite any more; the checkpoints that are there stay.
        """
        for name, parameter in self.named_parameters():
            if parameter.requires_grad and not torch.isfinite(parameter).all():
                raise TrainingError(
                    f"{name} is not finite after batch {self.batches_seen} of the run",
                    hint="the last checkpoint is from before: lower recipe.learning_rate, or use trainer.precision "
                    "32-true, and resume with --ckpt_path last",
                )
        if self.tower.kind == "clip":
            trained = {f"image_tower.{name}" for name, p in self.image_tower.named_parameters() if p.requires_grad}
            state = checkpoint["state_dict"]
            for key in [key for key in state if key.startswith("image_tower.") and key not in trained]:
                del state[key]
        queues = None if self.recipe.shared_queue else gather_objects(self.queue.state_dict())
        checkpoint["geoclip"] = {
            "settings": self.settings,
            "batches_seen": self.batches_seen,
            "batches": self._batches,
            "queues": queues,
            "provenance": self.provenance,
            "metrics": self.metrics,
        }

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Take up position and queue; a resumed run has the rates and the weight decay of its own recipe.

        Raises:
            TrainingError: The checkpoint is of a network built otherwise; or a run is to be resumed with another
                optimiser, queue, data, batch size or number of processes.
        """
        extra = checkpoint.get("geoclip")
        if extra is None:
            raise TrainingError("This checkpoint was not written by this pipeline")
        for part in ("tower", "location"):
            if extra["settings"][part] != self.settings[part]:
                raise TrainingError(
                    f"The checkpoint's {part} is {extra['settings'][part]}, the configuration's {self.settings[part]}",
                    hint="resume with the config.yaml saved beside the checkpoint",
                )
        there, here = extra["provenance"].get("tower"), self.provenance.get("tower")
        if here is not None and here != there:
            raise TrainingError(
                f"The checkpoint was trained behind another tower ({there}, not {here})",
                hint="resume with the CLIP weights, or the features, that the run began with",
            )
        state = checkpoint["state_dict"]
        own = self.state_dict()
        state.update({key: own[key] for key in own if key.startswith("image_tower.") and key not in state})
        self.batches_seen, self.metrics = int(extra["batches_seen"]), dict(extra["metrics"])
        queues = extra["queues"]
        if self._trainer is not None and self.trainer.state.fn == "fit":
            check_resumable(extra, self.recipe, self.provenance["data"], self._batches)
            take_rates(checkpoint, self.recipe)
        if queues is not None:  # one process that validates takes the first rank's
            rank = 0 if self._trainer is None else self.global_rank % len(queues)
            state.update({f"queue.{k}": v for k, v in queues[rank].items()})

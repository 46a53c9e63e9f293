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
from geoclip_core.learning.limits import check_numbers
from geoclip_core.learning.objective.coordinate_noise import gps_noise
from geoclip_core.learning.objective.gather import gather_rows
from geoclip_core.learning.objective.gps_queue import GpsQueue
from geoclip_core.learning.objective.objective import Objective, Purpose
from geoclip_core.learning.optim.optimizers import build_optimizer
from geoclip_core.learning.optim.schedule import learning_rate_factor
from geoclip_core.learning.randomness import generator_of
from geoclip_core.learning.run.checkpoint_state import read_state, write_state
from geoclip_core.learning.run.tower import build_tower, compile_networks, save_memory
from geoclip_core.learning.run.validation import GalleryRetrieval, LocationAccuracy
from geoclip_core.learning.settings import MAX_SCALE, LocationConfig, Recipe, Speed, TowerConfig
from geoclip_core.model.image_encoder import projection_mlp
from geoclip_core.model.location_encoders import build_location_encoder

if TYPE_CHECKING:
    from geoclip_core.learning.data.datamodule import GeoData


class GeoLearner(LightningModule):
    """Learns to place photos (GeoCLIP, section 3).

    All randomness of a step (noise, hard negatives, dropout) is a function of the seed, the rank and the number
    of batches seen, so that a resumed run goes on as if it had never stopped. Coordinates are gathered between
    processes rather than vectors: every rank encodes all places, which makes the gradient of the joined batch
    exact and costs less than the queue does.

    Args:
        tower: The image tower.
        location: The location encoder.
        recipe: How to train.
        speed: What saves time or memory and changes nothing else.

    Raises:
        TrainingError: A number is out of range, the tower cannot be built, or there is no compiler.
    """

    def __init__(
        self,
        tower: TowerConfig = TowerConfig(),  # noqa: B008 - frozen
        location: LocationConfig = LocationConfig(),  # noqa: B008 - frozen
        recipe: Recipe = Recipe(),  # noqa: B008 - frozen
        speed: Speed = Speed(),  # noqa: B008 - frozen
    ) -> None:
        super().__init__()
        for name, part in (("tower", tower), ("location", location), ("recipe", recipe)):
            check_numbers(f"model.{name}", part)
        self.tower, self.location, self.recipe = tower, location, recipe
        self.image_tower, width = build_tower(tower)
        self.image_mlp = projection_mlp(width, location.dim)
        self.location_encoder = build_location_encoder(**dataclasses.asdict(location))
        self.logit_scale = nn.Parameter(torch.tensor(math.log(1 / recipe.temperature)))
        self.queue = GpsQueue(recipe.queue_size)
        self.objective = Objective(recipe, self.queue)
        if not recipe.shared_queue:  # or DistributedDataParallel copies the first rank's queue to all
            self._ddp_params_and_buffers_to_ignore = [f"queue.{name}" for name, _ in self.queue.named_buffers()]
        self.accuracy = LocationAccuracy()
        self.batches_seen = 0
        self.provenance: dict[str, Any] = {}
        self.metrics: dict[str, float] = {}
        self._retrieval: GalleryRetrieval | None = None
        if speed.checkpointing:
            save_memory(self.image_tower, tower)
        if speed.compile:
            compile_networks(self.image_tower, self.image_mlp, self.location_encoder)

    @property
    def _data(self) -> GeoData:
        return cast("GeoData", self.trainer.datamodule)  # type: ignore[attr-defined]

    def _generator(self, purpose: Purpose, shared: bool = False) -> torch.Generator:
        return generator_of(self.recipe.seed or 0, self.batches_seen, 0 if shared else self.global_rank, int(purpose))

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
        torch.manual_seed(self._generator(Purpose.LAYERS).initial_seed())
        images = self.encode_images(batch.inputs)
        latlon = gps_noise(batch.latlon, recipe.noise_m, self._generator(Purpose.BATCH_NOISE))
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
        """Loss of photos at places with noise; ``exact`` are the places without."""
        scale = self.logit_scale.exp()
        return self.objective.loss(images, latlon, exact, self.encode_places, scale, self._generator)

    def optimizer_step(self, *args: Any, **kwargs: Any) -> None:
        """Take the step, then clamp the scale as CLIP does."""
        super().optimizer_step(*args, **kwargs)
        with torch.no_grad():
            self.logit_scale.clamp_(max=math.log(MAX_SCALE))

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """The recipe's optimiser over what is not frozen, and its schedule."""
        optimizer = build_optimizer([each for each in self.parameters() if each.requires_grad], self.recipe)
        scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, self._learning_rate_factor)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}

    def _learning_rate_factor(self, step: int) -> float:
        if step == 0:  # asked while the optimiser is built, before the trainer knows how long an epoch is
            return learning_rate_factor(0, 1, 1, self.recipe)
        trainer = self.trainer
        per_epoch = math.ceil(trainer.num_training_batches / trainer.accumulate_grad_batches)
        epochs = trainer.max_epochs if trainer.max_epochs is not None and trainer.max_epochs >= 0 else math.inf
        steps = min(per_epoch * epochs, trainer.max_steps if trainer.max_steps >= 0 else math.inf)
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
        self.objective.start(torch.from_numpy(np.ascontiguousarray(self._data.train_latlon)), self._generator)

    def setup(self, stage: str) -> None:
        """Divide the Earth into geocells, where the recipe asks for them; give the location encoder what it needs."""
        places = self._data.train_latlon
        self.objective.divide(places.astype(np.float64))
        if stage == "fit":  # before a checkpoint is read, which then has the last word
            points = torch.from_numpy(np.ascontiguousarray(places, dtype=np.float32))
            self.location_encoder.prepare(points, generator_of(self.recipe.seed or 0, 0, 0, int(Purpose.ENCODER)))

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
        """Loss without noise, and accuracy against the gallery; see :meth:`Objective.validation_loss`."""
        self._measure(batch, "validation")

    def on_validation_epoch_end(self) -> None:
        """Log accuracy and median over all processes."""
        self.metrics = self._results("validation")

    def on_test_epoch_start(self) -> None:
        """Encode the gallery."""
        self.on_validation_epoch_start()

    def test_step(self, batch: Batch, batch_idx: int) -> None:
        """As :meth:`validation_step`."""
        del batch_idx
        self._measure(batch, "test")

    def on_test_epoch_end(self) -> None:
        """Log accuracy and median over all processes."""
        self._results("test")

    def _measure(self, batch: Batch, stage: str) -> None:
        if self._retrieval is None or not len(batch.rows):  # none of its photos could be read
            return
        images = self.encode_images(batch.inputs)
        loss = self.objective.validation_loss(
            images, batch.latlon, self.encode_places, self.logit_scale.exp(), *self._retrieval.some
        )
        self.log(f"{stage}/loss", loss, batch_size=len(batch.latlon), sync_dist=True)
        self.accuracy.update(self._retrieval.locate(images), batch.latlon)

    def _results(self, stage: str) -> dict[str, float]:
        values = self.accuracy.compute()
        self.log_dict({f"{stage}/{name}": value for name, value in values.items()})
        self.accuracy.reset()
        self._retrieval = None
        return {name: float(value) for name, value in values.items()}

    @property
    def batches(self) -> dict[str, int]:
        """How the rows are cut into batches; together with the batches seen, where in the data a run stands."""
        return {"batch_size": self._data.batch_size, "processes": self.trainer.world_size}

    @property
    def attached(self) -> bool:
        """Whether there is a trainer; a checkpoint can be read without one."""
        return self._trainer is not None

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Add what a run is resumed from; see :func:`write_state`."""
        write_state(self, checkpoint)

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Take up what a run is resumed from; see :func:`read_state`."""
        read_state(self, checkpoint)

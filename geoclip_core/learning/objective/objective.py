"""The loss that a recipe asks for, and the places that a photo is told apart from."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum

import torch
import torch.nn.functional as F
from torch import Tensor

from geoclip_core.earth.coordinates import Floats
from geoclip_core.learning.objective.contrastive import contrastive_loss
from geoclip_core.learning.objective.coordinate_noise import gps_noise
from geoclip_core.learning.objective.gather import gather_rows, gather_with_gradient
from geoclip_core.learning.objective.geocells import geocell_centres, geocell_loss
from geoclip_core.learning.objective.gps_queue import GpsQueue, hard_negatives
from geoclip_core.learning.settings import Recipe

_POOL = 8192  # real places that hard negatives are chosen from, drawn anew each step


class Purpose(IntEnum):
    """What a random generator of a training step is for; part of its seed."""

    BATCH_NOISE = 0
    QUEUE_NOISE = 1
    QUEUE_SEED = 2
    HARD_POOL = 3
    LAYERS = 4
    ENCODER = 5


Generators = Callable[[Purpose, bool], torch.Generator]
"""From a purpose, and whether all processes draw the same, to the generator of the present step."""

Encoder = Callable[[Tensor], Tensor]
"""From (n, 2) degrees to vectors (n, d)."""


class Objective:
    """Loss of photos at places: against other places, or against the centres of geocells.

    Args:
        recipe: Which loss, and which negatives.
        queue: Coordinates of earlier batches.
    """

    def __init__(self, recipe: Recipe, queue: GpsQueue) -> None:
        self.recipe, self.queue = recipe, queue
        self._pool: Tensor | None = None
        self._cells: Tensor | None = None

    def divide(self, latlon: Floats) -> None:
        """Divide the Earth into geocells by the places of training (n, 2) in degrees, if the recipe asks for them."""
        if self.recipe.geocell_photos:
            centres = geocell_centres(latlon, self.recipe.geocell_photos)
            self._cells = torch.from_numpy(centres).float()

    def start(self, latlon: Tensor, generators: Generators) -> None:
        """Fill a queue that came from no checkpoint, and keep the places that hard negatives are chosen from.

        Args:
            latlon: (n, 2) degrees, the places of training.
            generators: Source of the draws.
        """
        shared = self.recipe.shared_queue
        self.queue.seed(latlon.to(self.queue.latlon.device), generators(Purpose.QUEUE_SEED, shared))
        self._pool = latlon if self.recipe.hard_negatives else None

    def loss(
        self, images: Tensor, latlon: Tensor, exact: Tensor, encode: Encoder, scale: Tensor, generators: Generators
    ) -> Tensor:
        """Loss of a training batch.

        Args:
            images: (n, P, d), P views of n photos, not normalised.
            latlon: (n, 2) degrees, their places with noise.
            exact: (n, 2) degrees, their places without noise.
            encode: The location encoder.
            scale: Factor on cosines, a scalar.
            generators: Source of the draws.

        Returns:
            A scalar.
        """
        recipe = self.recipe
        if self._cells is not None:
            return self._geocell_loss(images, latlon, encode, scale)
        places, first = gather_rows(latlon) if recipe.gather else (latlon, 0)
        others = self._negatives(exact, generators)
        vectors = encode(torch.cat((places, others)))
        return contrastive_loss(
            images,
            vectors[: len(places)],
            scale,
            negatives=vectors[len(places) :],
            first=first,
            all_images=(gather_with_gradient(images) if recipe.gather else images) if recipe.symmetric else None,
        )

    def validation_loss(
        self, images: Tensor, latlon: Tensor, encode: Encoder, scale: Tensor, others: Tensor, vectors: Tensor
    ) -> Tensor:
        """Loss without noise: against the geocells, or of each photo's own place among the same places for all photos.

        It does not depend on how photos are cut into batches, nor on how many processes share them.

        Args:
            images: (n, P, d), P views of n photos, not normalised.
            latlon: (n, 2) degrees, their places.
            encode: The location encoder.
            scale: Factor on cosines, a scalar.
            others: (k, 2) degrees, places of the gallery; one that is a photo's own is left out for that photo.
            vectors: (k, d), their vectors, normalised.

        Returns:
            The mean over photos and views, a float32 scalar.
        """
        if self._cells is not None:
            return self._geocell_loss(images, latlon, encode, scale)
        with torch.autocast(images.device.type, enabled=False):
            photos = F.normalize(images.float(), dim=-1)
            own = scale.float() * torch.einsum("npd,nd->np", photos, F.normalize(encode(latlon).float(), dim=-1))
            rest = scale.float() * photos @ vectors.float().T
            same = (latlon[:, None] == others[None].to(latlon)).all(-1)
            rest = rest.masked_fill(same[:, None], -torch.inf)
            return (torch.logsumexp(torch.cat((own[..., None], rest), dim=-1), dim=-1) - own).mean()

    def _geocell_loss(self, images: Tensor, latlon: Tensor, encode: Encoder, scale: Tensor) -> Tensor:
        assert self._cells is not None
        centres = self._cells.to(latlon.device)
        return geocell_loss(images, latlon, encode(centres), centres, scale, self.recipe.geocell_smoothing_km)

    def _negatives(self, latlon: Tensor, generators: Generators) -> Tensor:
        """Coordinates besides the batch's: the queue with its noise, and hard negatives."""
        recipe = self.recipe
        noise = generators(Purpose.QUEUE_NOISE, recipe.shared_queue)
        queued = gps_noise(self.queue.latlon, recipe.queue_noise_m, noise)
        if not recipe.hard_negatives or self._pool is None:
            return queued
        some = torch.randint(len(self._pool), (_POOL,), generator=generators(Purpose.HARD_POOL, False))
        pool = self._pool[some].to(latlon.device)
        return torch.cat((queued, hard_negatives(latlon, pool, recipe.hard_negatives, recipe.hard_beyond_km)))

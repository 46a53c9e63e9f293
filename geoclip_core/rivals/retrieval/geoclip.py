"""GeoCLIP itself, on features: two layers behind them and the location encoder, trained together.

Vivanco Cepeda, Nayak, Shah: GeoCLIP, NeurIPS 2023, arXiv:2309.16020, equation 2 with its queue of coordinates and
noise. Network, loss, queue and noise are those of ``learning/``; nothing is written anew.

Adapted: the head is trained here, on the same photos as every rival, and is smaller than the released one (256 units,
64 directions per scale); for CLIP's ViT-L/14 features the released weights can stand beside it, but they have seen
other photos. The gallery is the places of training. The density is a kernel around each, weighted by the softmax over
the gallery: photos are compared with places drawn as the training photos lie, so that the scaled cosine estimates the
logarithm of ``p(place | photo) / p(place)``.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from scipy.spatial import cKDTree
from torch import Tensor, nn

from geoclip_core.earth.coordinates import Floats, unit_vectors
from geoclip_core.learning.objective.contrastive import contrastive_loss
from geoclip_core.learning.objective.coordinate_noise import gps_noise
from geoclip_core.learning.objective.gps_queue import GpsQueue
from geoclip_core.learning.randomness import generator_of
from geoclip_core.learning.settings import MAX_SCALE
from geoclip_core.model.image_encoder import projection_mlp
from geoclip_core.model.location_encoder import LocationEncoder
from geoclip_core.rivals.contract import Photos, Rival
from geoclip_core.rivals.kernels import log_mixture
from geoclip_core.rivals.training import Standardise, Training, seeded, train

_PLACES = 4096  # encoded at a time


class _Network(nn.Module):
    def __init__(self, photos: Photos, sigmas: tuple[float, ...], rows: int, width: int, dim: int) -> None:
        super().__init__()
        self.standardise = Standardise(photos.features)
        self.image = projection_mlp(photos.features.shape[1], dim)
        self.location = LocationEncoder(sigmas, rows=rows, width=width, dim=dim)
        self.log_scale = nn.Parameter(torch.tensor(math.log(1 / 0.07)))  # the paper's temperature

    @property
    def scale(self) -> Tensor:
        return self.log_scale.exp().clamp(max=MAX_SCALE)


class GeoClipHead(Rival):
    """GeoCLIP's two layers and location encoder, with the places of training as the gallery.

    Args:
        seed: Of weights, order, queue and noise.
        sigmas: Scales of the location encoder (paper: 1, 16, 256, for photos of streets).
        rows: Random directions per scale.
        width: Hidden units.
        dim: Dimension of the common space.
        queue_size: Coordinates in the queue of negatives (paper: 4096).
        noise_m: Gaussian noise on coordinates, metres (paper, recalled: 150 and 1000).
        training: The budget.
    """

    SEARCH: ClassVar[dict[str, tuple[Any, ...]]] = {"sigmas": ((1.0, 4.0, 16.0), (1.0, 8.0, 64.0), (1.0, 16.0, 256.0))}

    def __init__(
        self,
        seed: int = 0,
        *,
        sigmas: tuple[float, ...] = (1.0, 8.0, 64.0),
        rows: int = 64,
        width: int = 256,
        dim: int = 128,
        queue_size: int = 512,
        noise_m: float = 1000.0,
        training: Training = Training(),  # noqa: B008 - frozen
    ) -> None:
        super().__init__(seed)
        self.sigmas, self.rows, self.width, self.dim = tuple(sigmas), rows, width, dim
        self.queue_size, self.noise_m, self.training = queue_size, noise_m, training

    def _fit(self, photos: Photos, latlon: Floats) -> None:
        network = seeded(self.seed, lambda: _Network(photos, self.sigmas, self.rows, self.width, self.dim))
        assert isinstance(network, _Network)
        self.network = self._net = network
        inputs = network.standardise(torch.from_numpy(photos.features))
        places = torch.from_numpy(latlon.astype(np.float32))
        queue = GpsQueue(self.queue_size)
        queue.seed(places, generator_of(self.seed, len(places)))

        def loss(rows: Tensor, draws: torch.Generator) -> Tensor:
            noisy = gps_noise(places[rows], self.noise_m, draws)
            points = torch.cat((noisy, gps_noise(queue.latlon, self.noise_m, draws)))
            vectors = network.location(points)
            images = network.image(inputs[rows])[:, None]
            value = contrastive_loss(images, vectors[: len(rows)], network.scale, negatives=vectors[len(rows) :])
            if network.training:
                queue.push(places[rows])
            return value

        train(network, loss, photos.groups, self.training, self.seed)
        self._gallery, kept = np.unique(latlon, axis=0, return_counts=True)
        self._log_share = np.log(kept / kept.sum())
        self._centres = unit_vectors(self._gallery)
        with torch.no_grad():
            points = torch.from_numpy(self._gallery.astype(np.float32))
            self._vectors = torch.cat(
                [F.normalize(network.location(part), dim=1) for part in torch.split(points, _PLACES)]
            )
        # Kernels as wide as the way to the nearest other place of the gallery, which none can be told from.
        chords = cKDTree(self._centres).query(self._centres, k=min(2, len(self._centres)))[0].reshape(len(kept), -1)
        self._kappa = 1 / max(float(np.median(chords[:, -1])), 1e-5) ** 2

    def _logits(self, photos: Photos) -> Floats:
        images = F.normalize(self._net.image(self._net.standardise(torch.from_numpy(photos.features))), dim=1)
        logits: Floats = (self._net.scale * (images @ self._vectors.T)).double().numpy()
        return logits

    def _predict(self, photos: Photos) -> Floats:
        return np.asarray(self._gallery[self._logits(photos).argmax(axis=1)])

    def _log_density(self, photos: Photos, points: Floats) -> Floats:
        logits = self._logits(photos) + self._log_share
        weights = np.exp(logits - logits.max(axis=1, keepdims=True))
        return log_mixture(weights / weights.sum(axis=1, keepdims=True), self._centres, self._kappa, points)

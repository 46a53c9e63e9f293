"""What kind of scene a photo shows: as given, as learnt from what was given, or clusters of the features.

The papers take 365 kinds from a network trained on Places365, summed to indoor, natural and urban. No such network is
here: a user's own probabilities come first (a softmax learns them for photos without); else scenes are clusters of the
features by direction (spherical k-means), which is a proxy and not the papers' scenes.
"""

from __future__ import annotations

import warnings

import numpy as np
import torch
import torch.nn.functional as F
from scipy.cluster.vq import kmeans2
from torch import Tensor, nn

from geoclip_core.earth.coordinates import Floats
from geoclip_core.rivals.contract import Features, Photos
from geoclip_core.rivals.training import Standardise, Training, seeded, train

DEFAULT_SCENES = 3  # indoor, natural, urban: the S3 of the individual scene networks


class SceneModel:
    """Probabilities of scenes for any photo.

    Args:
        photos: Those of training; with ``scenes`` where the user knows them.
        count: Clusters, where nothing is known.
        seed: Of the clusters, or of the softmax.
        training: The budget of the softmax.

    Attributes:
        source: Where the scenes come from, in words.
    """

    def __init__(self, photos: Photos, count: int, seed: int, training: Training) -> None:
        self._softmax: nn.Module | None = None
        if photos.scenes is not None:
            self.source = "scenes as given"
            self.count = photos.scenes.shape[1]
            self._softmax = self._learn(photos, photos.scenes, seed, training)
        else:
            self.source = f"scenes are {count} clusters of the features"
            self.count = count
            self._centres = cluster_centres(_directions(photos.features), count, seed)

    def probabilities(self, photos: Photos) -> Tensor:
        """(m, S) float32: as given with the photos, else as learnt."""
        if photos.scenes is not None:
            given = torch.from_numpy(photos.scenes)
            return given / given.sum(dim=1, keepdim=True).clamp(min=1e-12)
        if self._softmax is not None:
            with torch.no_grad():
                found: Tensor = torch.softmax(self._softmax(torch.from_numpy(photos.features)), dim=1)
            return found
        nearest = nearest_centres(_directions(photos.features), self._centres)
        return F.one_hot(torch.from_numpy(nearest), self.count).float()

    @staticmethod
    def _learn(photos: Photos, scenes: Features, seed: int, training: Training) -> nn.Module:
        features, targets = torch.from_numpy(photos.features), torch.from_numpy(scenes)
        targets = targets / targets.sum(dim=1, keepdim=True).clamp(min=1e-12)
        width, count = photos.features.shape[1], scenes.shape[1]
        model = seeded(seed, lambda: nn.Sequential(Standardise(photos.features), nn.Linear(width, count)))
        train(
            model,
            lambda rows, draws: F.cross_entropy(model(features[rows]), targets[rows]),  # noqa: ARG005
            np.arange(len(photos)),
            training,
            seed,
        )
        return model


def cluster_centres(vectors: Floats, count: int, seed: int) -> Floats:
    """Centres (k, d) of k-means with k-means++ starts; fewer where there are fewer vectors.

    Args:
        vectors: (n, d).
        count: k.
        seed: Of the starts.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a cluster that loses its last vector keeps its centre
        found: Floats = kmeans2(vectors, min(count, len(vectors)), iter=20, minit="++", seed=seed)[0]
    return found


def nearest_centres(vectors: Floats, centres: Floats) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Number of the nearest centre of each vector, (n,)."""
    found = ((centres**2).sum(axis=1) - 2 * vectors @ centres.T).argmin(axis=1)
    return np.asarray(found, dtype=np.int64)


def _directions(features: Features) -> Floats:
    vectors = features.astype(np.float64)
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12))

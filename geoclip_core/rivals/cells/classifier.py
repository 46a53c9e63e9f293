"""What the rivals that classify cells share: a softmax for each set of classes, trained by cross-entropy."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from geoclip_core.earth.coordinates import Floats, from_unit_vectors
from geoclip_core.errors import DataError
from geoclip_core.rivals.cells.system import CellSystem
from geoclip_core.rivals.contract import Photos, Rival
from geoclip_core.rivals.training import Standardise, Training, seeded, train

_LEAST = -1e4  # logarithm instead of -inf, so that areas can be subtracted


class CellNetwork(nn.Module):
    """From features to the logits of every set of classes: a linear softmax each, behind a hidden layer if asked for.

    Args:
        photos: Those of training.
        sizes: Classes of each set.
        hidden: Units of the layer that the sets share; 0: none.
    """

    def __init__(self, photos: Photos, sizes: list[int], hidden: int = 0) -> None:
        super().__init__()
        width = photos.features.shape[1]
        trunk = [nn.Linear(width, hidden), nn.GELU()] if hidden else []
        self.trunk = nn.Sequential(Standardise(photos.features), *trunk)
        self.heads = nn.ModuleList(nn.Linear(hidden or width, size) for size in sizes)

    def forward(self, features: Tensor, tokens: Tensor | None = None) -> tuple[list[Tensor], Tensor | None]:
        """Logits (b, K) of each set; and of scenes, which this network does not know."""
        del tokens
        inner = self.trunk(features)
        return [head(inner) for head in self.heads], None


class CellRival(Rival):
    """A rival that classifies cells. A subclass says which classes there are, and may bring another network.

    Args:
        seed: Of weights and order.
        photos_per_cell: Photos that a cell of the finest partition may hold; none: see ``default_most``.
        hidden: Units of a layer in front of the classes; 0: none. Give all rivals of a comparison the same.
        training: The budget.
    """

    combination = "product"
    scene_weight = 0.0

    def __init__(
        self,
        seed: int = 0,
        *,
        photos_per_cell: int | None = None,
        hidden: int = 0,
        training: Training = Training(),  # noqa: B008 - frozen
    ) -> None:
        super().__init__(seed)
        self.photos_per_cell, self.hidden, self.training = photos_per_cell, hidden, training

    @abstractmethod
    def _build_system(self, photos: Photos, latlon: Floats) -> CellSystem: ...

    def _build_network(self, photos: Photos, sizes: list[int], scenes: int) -> nn.Module:
        del scenes
        return CellNetwork(photos, sizes, self.hidden)

    def _loss_weights(self) -> list[float]:
        """Of each set's cross-entropy."""
        return [1.0] * len(self.system.sizes)

    def _scene_targets(self, photos: Photos) -> Tensor | None:
        """(n, S) probabilities, for a rival whose loss knows scenes."""
        del photos
        return None

    def _fit(self, photos: Photos, latlon: Floats) -> None:
        self.system = self._build_system(photos, latlon)
        labels = self.system.labels(latlon)
        kept = np.flatnonzero(
            (labels >= 0).all(dim=1).numpy()
        )  # photos in no cell leave the training, as in the papers
        photos, self._labels = photos[kept], labels[kept]
        self._places = latlon[kept]
        scenes = self._scene_targets(photos)
        count = 0 if scenes is None else scenes.shape[1]
        self.network = seeded(self.seed, lambda: self._build_network(photos, self.system.sizes, count))
        self._train(self.network, photos, self._labels, scenes, self.training, self.seed)
        self._finish(photos)
        del self._labels, self._places

    def _finish(self, photos: Photos) -> None:
        """What else is to be learnt, once the network is trained."""

    def _train(
        self,
        network: nn.Module,
        photos: Photos,
        labels: Tensor,
        scenes: Tensor | None,
        training: Training,
        seed: int,
    ) -> None:
        features, tokens = tensors(photos)

        def loss(rows: Tensor, draws: torch.Generator) -> Tensor:
            del draws
            logits, scene_logits = network(features[rows], None if tokens is None else tokens[rows])
            value = self._cell_loss(logits, labels[rows], rows)
            if scenes is not None and scene_logits is not None:
                value = value + self.scene_weight * F.cross_entropy(scene_logits, scenes[rows])
            return value

        train(network, loss, photos.groups, training, seed)

    def _cell_loss(self, logits: list[Tensor], labels: Tensor, rows: Tensor) -> Tensor:
        del rows
        parts = zip(self._loss_weights(), logits, labels.T, strict=True)
        return torch.stack([weight * F.cross_entropy(each, label) for weight, each, label in parts]).sum()

    def _logits(self, photos: Photos) -> list[Tensor]:
        """Logits (m, K) of each set."""
        assert self.network is not None
        logits: list[Tensor] = self.network(*tensors(photos))[0]
        return logits

    @torch.no_grad()
    def fine_log_probability(self, photos: Photos) -> Floats:
        """(m, f) logarithms of the probabilities of the fine classes, which sum to 1."""
        logs = [torch.log_softmax(each.double(), dim=1) for each in self._logits(photos)]
        combined = self.system.product(logs) if self.combination == "product" else self.system.vote(logs)
        return combined.clamp(min=_LEAST).numpy()

    def _predict(self, photos: Photos) -> Floats:
        return np.asarray(self.system.centroids[self.fine_log_probability(photos).argmax(axis=1)])

    def _log_density(self, photos: Photos, points: Floats) -> Floats:
        return self.system.log_density(self.fine_log_probability(photos), from_unit_vectors(points))


def tensors(photos: Photos) -> tuple[Tensor, Tensor | None]:
    """Features and tokens for a network."""
    return torch.from_numpy(photos.features), None if photos.tokens is None else torch.from_numpy(photos.tokens)


def chosen(name: str, value: Any, allowed: tuple[Any, ...]) -> Any:
    """A setting that must be one of a few.

    Raises:
        DataError: It is not.
    """
    if value not in allowed:
        raise DataError(f"{name} is {value!r}", allowed=", ".join(map(repr, allowed)))
    return value

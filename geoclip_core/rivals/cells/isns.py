"""Individual scene networks: three partitions, the hierarchy f*, and an expert for each kind of scene.

Mueller-Budack, Pustu-Iren, Ewerth: Geolocation Estimation of Photos using a Hierarchical Model and Scene
Classification, ECCV 2018. Three softmaxes over coarse, middle and fine cells; ``loss = CE_coarse + CE_middle +
CE_fine``; a fine cell i with the ancestors j and k has ``P*(i)`` in proportion to ``P_fine(i) P_middle(j)
P_coarse(k)``. An expert for each scene starts from the network of all scenes, goes on with the photos whose scene is at
least 0.3 likely (5 epochs after 15; both recalled), and the likeliest scene of a photo picks its expert. The limits of
the cells, 5000, 2000 and 1000 photos, and 50 to be kept, are those of the authors' code for MP-16.

Adapted: linear heads on frozen features, so an expert is a copy of the heads; cells hold 5, 2 and 1 times
``photos_per_cell``; scenes as ``scenes.py`` says; logarithms of probabilities are added (the authors' later code
multiplies raw logits in its validation).
"""

from __future__ import annotations

import copy
import dataclasses
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from geoclip_core.earth.coordinates import Floats
from geoclip_core.rivals.cells.classifier import CellRival, tensors
from geoclip_core.rivals.cells.scenes import DEFAULT_SCENES, SceneModel
from geoclip_core.rivals.cells.system import CellSystem, default_least, default_most, nested_system
from geoclip_core.rivals.contract import Photos
from geoclip_core.rivals.training import Training

PAPER_LEVELS = (5, 2, 1)  # 5000, 2000 and 1000 photos in a cell, in multiples of the last
EXPERT_LEAST, EXPERT_SHARE = 0.3, 1 / 3  # probability of its scene; steps after the base's. Both recalled


class IndividualSceneNetworks(CellRival):
    """Nested partitions, their product, and scene experts.

    Args:
        seed: Of weights, order and clusters.
        photos_per_cell: Photos that a fine cell may hold; none: see ``default_most``.
        levels: Photos of each partition's cells in multiples of that, from coarse to fine, the last 1.
        experts: Whether there are scene experts; without, the base network of all scenes (the paper's M, f*).
        scenes: Clusters that stand for scenes where none are given.
        hidden: As in :class:`CellRival`.
        training: The budget of the base; each expert has a third of its steps more.
    """

    SEARCH: ClassVar[dict[str, tuple[Any, ...]]] = {"photos_per_cell": (5, 20, 80)}

    def __init__(
        self,
        seed: int = 0,
        *,
        photos_per_cell: int | None = None,
        levels: tuple[int, ...] = PAPER_LEVELS,
        experts: bool = True,
        scenes: int = DEFAULT_SCENES,
        hidden: int = 0,
        training: Training = Training(),  # noqa: B008 - frozen
    ) -> None:
        super().__init__(seed, photos_per_cell=photos_per_cell, hidden=hidden, training=training)
        self.levels, self.experts, self.scene_count = levels, experts, scenes
        self._experts: nn.ModuleList | None = None

    @property
    def parameters(self) -> int:
        """Of the base and all experts."""
        experts = sum(p.numel() for p in self._experts.parameters()) if self._experts is not None else 0
        return super().parameters + experts

    def _build_system(self, photos: Photos, latlon: Floats) -> CellSystem:
        most = self.photos_per_cell or default_most(len(photos))
        return nested_system(latlon, tuple(most * level for level in self.levels), default_least(most))

    def _finish(self, photos: Photos) -> None:
        self._experts = None
        if not self.experts:
            return
        self._scenes = SceneModel(photos, self.scene_count, self.seed, self.training)
        self.notes = (self._scenes.source,)
        budget = dataclasses.replace(self.training, steps=max(1, round(self.training.steps * EXPERT_SHARE)))
        likely = self._scenes.probabilities(photos).numpy() >= EXPERT_LEAST
        experts = []
        for scene in range(self._scenes.count):
            expert = copy.deepcopy(self.network)
            rows = np.flatnonzero(likely[:, scene])
            assert expert is not None
            if len(rows) > 1:  # a scene that no photo shows keeps the base network
                labels = self._labels[rows]
                self._train(expert, photos[rows], labels, None, budget, self.seed + 1 + scene)
            experts.append(expert)
        self._experts = nn.ModuleList(experts)

    def _logits(self, photos: Photos) -> list[Tensor]:
        if self._experts is None:
            return super()._logits(photos)
        scene = self._scenes.probabilities(photos).argmax(dim=1)
        features, _ = tensors(photos)
        out = [torch.empty(len(photos), size) for size in self.system.sizes]
        for number, expert in enumerate(self._experts):
            rows = torch.nonzero(scene == number)[:, 0]
            for all_, part in zip(out, expert(features[rows])[0], strict=True):
                all_[rows] = part
        return out

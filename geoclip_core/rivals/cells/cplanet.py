"""CPlaNet: several coarse sets of classes that overlap, whose intersections are many fine classes.

Seo, Weyand, Sim, Han: CPlaNet - Enhancing Image Geolocalization by Combinatorial Partitioning of Maps, ECCV 2018,
arXiv:1808.02130. One softmax for each set; a fine class f collects ``s(f) = sum_i p_i(parent_i(f))``, and the answer is
the mean place of the photos of the best one. Each coarse class has many photos to be learnt from, and the answer is
fine.

How the sets are made is in ``merging.py``; its constants are recalled. The paper's quoted row has five sets and
PlaNet's own partition, which is here, too. Adapted: linear heads on frozen features; the base squares hold at most a
quarter of the photos that PlaNet's cells do; the loss is the mean over the sets. For the density the scores are divided
by their sum over the fine classes that exist.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from geoclip_core.earth.cells import adaptive_partition
from geoclip_core.earth.coordinates import Floats
from geoclip_core.rivals.cells.classifier import CellRival, chosen
from geoclip_core.rivals.cells.merging import PAPER_SETS, Merge, merged_classes
from geoclip_core.rivals.cells.system import CellSystem, default_least, default_most, nested_system
from geoclip_core.rivals.contract import Photos
from geoclip_core.rivals.training import Training

_FINER = 4  # base squares hold so many times fewer photos than PlaNet's cells


class CPlaNet(CellRival):
    """Overlapping sets of classes.

    Args:
        seed: Of weights and order.
        photos_per_cell: Photos that a cell of PlaNet's partition may hold; none: see ``default_most``.
        sets: How each further set is made. Without any, PlaNet is left.
        combination: ``sum`` of probabilities (paper) or their ``product``.
        hidden: As in :class:`CellRival`.
        training: The budget.

    Raises:
        DataError: There is no such combination.
    """

    SEARCH: ClassVar[dict[str, tuple[Any, ...]]] = {"photos_per_cell": (5, 20, 80)}

    def __init__(
        self,
        seed: int = 0,
        *,
        photos_per_cell: int | None = None,
        sets: tuple[Merge, ...] = PAPER_SETS,
        combination: str = "sum",
        hidden: int = 0,
        training: Training = Training(),  # noqa: B008 - frozen
    ) -> None:
        super().__init__(seed, photos_per_cell=photos_per_cell, hidden=hidden, training=training)
        self.sets, self.combination = sets, chosen("combination", combination, ("sum", "product"))

    def _build_system(self, photos: Photos, latlon: Floats) -> CellSystem:
        most = self.photos_per_cell or default_most(len(photos))
        if not self.sets:
            return nested_system(latlon, (most,), default_least(most))
        planet = adaptive_partition(latlon, most, default_least(most))
        fine = max(1, most // _FINER)
        base = adaptive_partition(latlon, fine, min(default_least(most), fine - 1))
        parents = base.parents_in(planet)
        if (parents < 0).any():  # a square whose cell of PlaNet's is dropped
            base = type(base)(base.codes[parents >= 0], base.counts[parents >= 0])
            parents = parents[parents >= 0]
        classes = [np.unique(parents, return_inverse=True)[1]]
        for merge in self.sets:
            count = max(1, min(len(base), round(merge.classes * len(planet))))
            classes.append(merged_classes(base, latlon, photos.features, merge, count))
        return CellSystem.over(base, np.stack(classes), latlon)

    def _loss_weights(self) -> list[float]:
        count = len(self.system.sizes)
        return [1 / count] * count

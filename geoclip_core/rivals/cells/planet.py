"""PlaNet: a softmax over the cells of one adaptive partition.

Weyand, Kostrikov, Philbin: PlaNet - Photo Geolocation with Convolutional Neural Networks, ECCV 2016, arXiv:1602.05314.
``p(cell | photo) = softmax(W x + b)``, cross-entropy; the answer is the likeliest cell.

The paper: 26,263 cells of 126 million photos; at most 10,000 photos in a cell and at least 50 (both recalled),
Inception v3 trained from end to end. Adapted: the features are frozen, so that a linear softmax is what is left of the
network, and the limits are taken in proportion to the photos there are. The answer is the mean of the training places
in the cell instead of its centre (as all later papers do); probability is spread evenly over a cell to make a density.
"""

from __future__ import annotations

from typing import Any, ClassVar

from geoclip_core.earth.coordinates import Floats
from geoclip_core.rivals.cells.classifier import CellRival
from geoclip_core.rivals.cells.system import CellSystem, default_least, default_most, nested_system
from geoclip_core.rivals.contract import Photos

PAPER_MOST, PAPER_LEAST, PAPER_CELLS = 10_000, 50, 26_263  # the first two recalled


class PlaNet(CellRival):
    """One partition, one softmax; arguments as in :class:`CellRival`."""

    SEARCH: ClassVar[dict[str, tuple[Any, ...]]] = {"photos_per_cell": (5, 20, 80)}

    def _build_system(self, photos: Photos, latlon: Floats) -> CellSystem:
        most = self.photos_per_cell or default_most(len(photos))
        return nested_system(latlon, (most,), default_least(most))

"""Classes over cells: one partition, nested ones or overlapping ones, and the fine classes that they make together.

Everything stands on one base partition of squares that do not overlap. A set of classes gives each square a class;
where several sets are used at once, squares with the same class in every set are a fine class. So PlaNet is one set
whose classes are the squares, the hierarchy of the individual scene networks is three nested sets, and CPlaNet's are
sets that overlap.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from geoclip_core.earth.cells import Partition, adaptive_partition
from geoclip_core.earth.coordinates import Floats, from_unit_vectors, unit_vectors

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class CellSystem:
    """Sets of classes over the squares of a base partition.

    Attributes:
        base: b squares.
        classes: (I, b), the class of each square in each of I sets, 0 and up without gaps.
        fine: (b,) fine class of each square.
        parents: (I, f) class of each fine class in each set.
        areas_sr: (f,) steradian.
        centroids: (f, 2) degrees, mean of the training places (unit vectors are averaged).
    """

    base: Partition
    classes: Indices
    fine: Indices
    parents: Indices
    areas_sr: Floats
    centroids: Floats

    @classmethod
    def over(cls, base: Partition, classes: Indices, latlon: Floats) -> CellSystem:
        """Fine classes of given sets.

        Args:
            base: b squares.
            classes: (I, b).
            latlon: (n, 2) degrees, the places of training.
        """
        parents, fine = np.unique(classes, axis=1, return_inverse=True)
        fine = fine.reshape(-1)
        areas = np.bincount(fine, base.areas_sr).astype(np.float64)
        square = base.locate(latlon)
        inside = square >= 0
        sums = np.zeros((len(areas), 3))
        np.add.at(sums, fine[square[inside]], unit_vectors(latlon)[inside])
        sums[~sums.any(axis=1), 0] = 1.0
        return cls(base, classes, fine, parents, areas, from_unit_vectors(sums))

    @property
    def sizes(self) -> list[int]:
        """How many classes each set has."""
        return [int(most) + 1 for most in self.parents.max(axis=1)]

    def labels(self, latlon: Floats) -> Tensor:
        """Classes (n, I) of places (n, 2) in degrees, in every set; -1 where a place lies in no cell."""
        square = self.base.locate(latlon)
        return torch.from_numpy(np.where(square >= 0, self.classes[:, square], -1).T.copy())

    def product(self, log_probabilities: list[Tensor]) -> Tensor:
        """The hierarchy f*: P(i) in proportion to the product of the probabilities of all classes that hold i.

        Args:
            log_probabilities: (m, K) of each set.

        Returns:
            (m, f) logarithms of probabilities that sum to 1 over the fine classes.
        """
        total = sum(logs[:, parent] for logs, parent in self._pairs(log_probabilities))
        return torch.log_softmax(torch.as_tensor(total), dim=1)

    def vote(self, log_probabilities: list[Tensor]) -> Tensor:
        """CPlaNet's score: the sum of the probabilities of all classes that hold a fine class; as :meth:`product`."""
        total = torch.as_tensor(sum(logs.exp()[:, parent] for logs, parent in self._pairs(log_probabilities)))
        return total.log() - total.sum(dim=1, keepdim=True).log()

    def log_density(self, fine: Floats, latlon: Floats) -> Floats:
        """Density per steradian, the probability of a fine class spread evenly over its area.

        Args:
            fine: (m, f) logarithms of probabilities.
            latlon: (p, 2) degrees.

        Returns:
            (m, p); -inf where no cell is.
        """
        square = self.base.locate(latlon)
        class_ = self.fine[np.maximum(square, 0)]
        return np.where(square >= 0, (fine - np.log(self.areas_sr))[:, class_], -np.inf)

    def _pairs(self, log_probabilities: list[Tensor]) -> list[tuple[Tensor, Tensor]]:
        return list(zip(log_probabilities, torch.from_numpy(self.parents), strict=True))


def nested_system(latlon: Floats, most: tuple[int, ...], least: int) -> CellSystem:
    """Partitions from coarse to fine, the last of which is the base.

    Args:
        latlon: (n, 2) degrees, the places of training.
        most: Photos that a cell of each may hold, from coarse to fine.
        least: Cells with so many or fewer are dropped, the same in all, so that every fine cell has its parents.
    """
    *coarser, base = [adaptive_partition(latlon, count, min(least, count - 1)) for count in most]
    classes = [base.parents_in(partition) for partition in coarser] + [np.arange(len(base))]
    # A coarse cell whose parts are all dropped has no square in the base: number those that are left.
    return CellSystem.over(base, np.stack([np.unique(c, return_inverse=True)[1] for c in classes]), latlon)


def default_most(photos: int) -> int:
    """Photos of a fine cell where nothing is said: one in 500 of all, at least 4.

    MP-16's 1000 of 4.7 million would leave cells of one photo here: in small sets it must be chosen on validation.
    """
    return max(4, photos // 500)


def default_least(most: int) -> int:
    """A twentieth of the most, as MP-16's 50 of 1000 (Mueller-Budack et al., create_cells.py)."""
    return most // 20

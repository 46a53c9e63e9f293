"""PIGEON: labels that fade with distance, and a search among prototypes within the likeliest cells.

Haas, Skreta, Alberti, Finn: PIGEON: Predicting Image Geolocations, CVPR 2024; constants as in the authors' code. The
label of cell i is in proportion to ``exp(-(d(x, g_i) - d(x, g_n)) / tau)``, with g_n the nearest centroid. Then, among
the five likeliest cells, photos are compared with the prototypes of each cell, mean features of clusters of its photos:
the nearest prototype's Euclidean distance, in a softmax of temperature 1.6 over the cells, times the cell's
probability, picks the cell; in its nearest cluster the nearest photo is the answer, unless it lies over 1,000 km from
the first guess.

Adapted: adaptive cells instead of administrative areas; tau in multiples of the median distance between neighbouring
centroids (the paper's 65 or 75 km are about as long as its cells); clusters of a cell's places by agglomeration
(average link), one for five photos, instead of OPTICS. The code takes the farthest photo of the nearest cluster, which
looks like a slip: the nearest is taken here. The density is that of the cells; prototypes move the point only.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import torch
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial import cKDTree
from torch import Tensor

from geoclip_core.earth.coordinates import Floats, unit_vectors
from geoclip_core.earth.distance import EARTH_RADIUS_KM, chord_to_km, great_circle_km
from geoclip_core.rivals.cells.classifier import CellRival
from geoclip_core.rivals.cells.system import CellSystem, default_least, default_most, nested_system
from geoclip_core.rivals.contract import Photos
from geoclip_core.rivals.training import Standardise, Training

TOP_CELLS, TEMPERATURE, MOST_KM = 5, 1.6, 1000.0  # proto_refiner.py
_PHOTOS_PER_CLUSTER = 5


class Pigeon(CellRival):
    """Smoothed labels and prototypes.

    Args:
        seed: Of weights and order.
        photos_per_cell: Photos that a cell may hold; none: see ``default_most``.
        smoothing: tau, in multiples of the median distance from a centroid to the next; 0: plain labels.
        top_cells: Cells whose prototypes are compared; 0: no refinement.
        temperature: Of distances between standardised features.
        most_km: Answers farther from the first guess are dropped.
        hidden: As in :class:`CellRival`.
        training: The budget.
    """

    SEARCH: ClassVar[dict[str, tuple[Any, ...]]] = {"photos_per_cell": (5, 20, 80)}

    def __init__(
        self,
        seed: int = 0,
        *,
        photos_per_cell: int | None = None,
        smoothing: float = 0.5,
        top_cells: int = TOP_CELLS,
        temperature: float = TEMPERATURE,
        most_km: float = MOST_KM,
        hidden: int = 0,
        training: Training = Training(),  # noqa: B008 - frozen
    ) -> None:
        super().__init__(seed, photos_per_cell=photos_per_cell, hidden=hidden, training=training)
        self.smoothing, self.top_cells, self.temperature, self.most_km = smoothing, top_cells, temperature, most_km

    def _build_system(self, photos: Photos, latlon: Floats) -> CellSystem:
        most = self.photos_per_cell or default_most(len(photos))
        system = nested_system(latlon, (most,), default_least(most))
        centres = unit_vectors(system.centroids)
        chords = cKDTree(centres).query(centres, k=min(2, len(centres)))[0].reshape(len(centres), -1)
        self.tau_km = self.smoothing * float(np.median(chord_to_km(chords[:, -1])))
        self._targets = torch.from_numpy(centres)
        return system

    def _cell_loss(self, logits: list[Tensor], labels: Tensor, rows: Tensor) -> Tensor:
        if self.tau_km <= 0:
            return super()._cell_loss(logits, labels, rows)
        soft = smoothed_labels(self._places[rows.numpy()], self._targets, self.tau_km).float()
        return -(soft * torch.log_softmax(logits[0], dim=1)).sum(dim=1).mean()

    def _finish(self, photos: Photos) -> None:
        self._standardise = Standardise(photos.features)
        vectors = self._embed(photos)
        cell = self._labels[:, -1].numpy()
        self._clusters: list[list[tuple[Floats, Floats]]] = []  # of each cell: features and places of each cluster
        self._prototypes: list[Floats] = []
        for number in range(self.system.sizes[-1]):
            rows = np.flatnonzero(cell == number)
            clusters = [rows[part] for part in _cluster(unit_vectors(self._places[rows]))]
            self._clusters.append([(vectors[part], self._places[part]) for part in clusters])
            self._prototypes.append(np.stack([vectors[part].mean(axis=0) for part in clusters]))

    def _predict(self, photos: Photos) -> Floats:
        logs = self.fine_log_probability(photos)
        first: Floats = self.system.centroids[logs.argmax(axis=1)]
        if not self.top_cells:
            return first
        tops = np.argsort(-logs, axis=1)[:, : self.top_cells]
        refined = np.stack(
            [
                self._refine(*args)
                for args in zip(self._embed(photos), tops, np.take_along_axis(logs, tops, 1), strict=True)
            ]
        )
        near = great_circle_km(first, refined) <= self.most_km
        return np.where(near[:, None], refined, first)

    def _refine(self, vector: Floats, cells: npt.NDArray[np.int64], log_probability: Floats) -> Floats:
        """The place of the nearest photo in the nearest cluster of the best cell."""
        distances = [np.linalg.norm(self._prototypes[cell] - vector, axis=1) for cell in cells]
        scores = log_probability - np.array([d.min() for d in distances]) / self.temperature
        best = int(scores.argmax())
        vectors, places = self._clusters[cells[best]][int(distances[best].argmin())]
        place: Floats = places[np.linalg.norm(vectors - vector, axis=1).argmin()]
        return place

    def _embed(self, photos: Photos) -> Floats:
        standard: Floats = self._standardise(torch.from_numpy(photos.features)).double().numpy()
        return standard


def smoothed_labels(latlon: Floats, centres: Tensor, tau_km: float) -> Tensor:
    """Labels (n, k) that sum to 1, ``exp(-(d - d_min) / tau)``, of places (n, 2) and cells' unit vectors (k, 3)."""
    cosines = (torch.from_numpy(unit_vectors(latlon)) @ centres.T).clamp(-1, 1)
    return torch.softmax(-EARTH_RADIUS_KM / tau_km * torch.acos(cosines), dim=1)


def _cluster(places: Floats) -> list[npt.NDArray[np.int64]]:
    """Rows of each cluster of unit vectors (n, 3)."""
    count = -(-len(places) // _PHOTOS_PER_CLUSTER)
    if count < 2:
        return [np.arange(len(places))]
    names = fcluster(linkage(places, "average"), count, criterion="maxclust")
    return [np.flatnonzero(names == name) for name in np.unique(names)]

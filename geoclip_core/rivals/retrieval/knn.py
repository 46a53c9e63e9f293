"""[L]kNN: the nearest training photos by their features, and the densest place among where they were taken.

Vo, Jacobs, Hays: Revisiting IM2GPS in the Deep Learning Era, ICCV 2017, arXiv:1705.04838. The steps and constants are
those of the authors' released code (``predict_gps.m``): 100 neighbours, weights ``w_i = d_i^-10`` of squared distances
between unit vectors, a density that is smoothed by 4 degrees, and the answer moved to the first neighbour within 100 km
of its highest point.

Adapted: search is exact. The density is a kernel on the sphere, evaluated at the neighbours, ``f(x_j) = sum_i w_i
exp(-angle(x_j, x_i)^2 / (2 sigma^2))``, so that it has no seam at the antimeridian and a degree is as long everywhere;
``paper=True`` is the released code's grid, with both flaws. A distance of 0 has a large weight instead of an infinite
one.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import torch
from scipy.ndimage import gaussian_filter
from torch import Tensor

from geoclip_core.earth.coordinates import Floats, unit_vectors
from geoclip_core.earth.distance import EARTH_RADIUS_KM
from geoclip_core.rivals.contract import Features, Photos, Rival
from geoclip_core.rivals.kernels import log_kernel

PAPER_NEIGHBOURS, PAPER_EXPONENT, PAPER_SIGMA_DEG, PAPER_SNAP_KM = 100, 10.0, 4.0, 100.0  # predict_gps.m

_MORE = 8  # candidates beside the k, whose distances are computed exactly
_CLOSEST = 1e-12  # squared distance, instead of 0
_ROWS = 256  # photos searched at a time


class NearestNeighbours(Rival):
    """[L]kNN with a kernel density.

    Args:
        seed: Not used.
        neighbours: How many, k.
        exponent: Of the weights. Similarities of CLIP's features are compressed, so that others than the paper's 10 may
            suit: it is among what is searched.
        sigma_deg: Standard deviation of the kernel, degrees of arc.
        snap_km: Within this distance of the highest point the most similar neighbour is the answer.
        paper: The density on a grid of degrees, as the released code computes it.
    """

    SEARCH: ClassVar[dict[str, tuple[Any, ...]]] = {"exponent": (5.0, 10.0, 20.0), "sigma_deg": (1.0, 2.0, 4.0)}

    def __init__(
        self,
        seed: int = 0,
        *,
        neighbours: int = PAPER_NEIGHBOURS,
        exponent: float = PAPER_EXPONENT,
        sigma_deg: float = PAPER_SIGMA_DEG,
        snap_km: float = PAPER_SNAP_KM,
        paper: bool = False,
    ) -> None:
        super().__init__(seed)
        self.neighbours, self.exponent, self.sigma_deg = neighbours, exponent, sigma_deg
        self.snap_km, self.paper = snap_km, paper

    def _fit(self, photos: Photos, latlon: Floats) -> None:
        self._index = ExactSearch(photos.features)
        self._latlon, self._places = latlon, unit_vectors(latlon)

    def _predict(self, photos: Photos) -> Floats:
        rows, weights = self._weighted(photos)
        mode = self._grid_modes(rows, weights) if self.paper else self._modes(rows, weights)
        near = np.einsum("mkc,mc->mk", self._places[rows], mode) >= np.cos(self.snap_km / EARTH_RADIUS_KM) - 1e-12
        first = np.where(near.any(axis=1), near.argmax(axis=1), 0)  # the grid's highest point may have none near
        return self._latlon[rows[np.arange(len(rows)), first]]

    def _log_density(self, photos: Photos, points: Floats) -> Floats:
        rows, weights = self._weighted(photos)
        kappa = 1 / np.radians(self.sigma_deg) ** 2
        out = np.empty((len(rows), len(points)))
        with np.errstate(divide="ignore"):
            for i, (row, weight) in enumerate(zip(rows, weights, strict=True)):
                out[i] = np.log(weight @ np.exp(log_kernel(self._places[row] @ points.T, kappa)))
        return out

    def _weighted(self, photos: Photos) -> tuple[npt.NDArray[np.int64], Floats]:
        """Rows of the neighbours (m, k), the nearest first, and their weights, which sum to 1."""
        rows, squared = self._index.nearest(photos.features, self.neighbours)
        log_weight = -self.exponent * np.log(np.maximum(squared, _CLOSEST))
        weight = np.exp(log_weight - log_weight[:, :1])
        return rows, weight / weight.sum(axis=1, keepdims=True)

    def _modes(self, rows: npt.NDArray[np.int64], weights: Floats) -> Floats:
        """Unit vectors (m, 3) of the neighbour where the density is highest."""
        places = self._places[rows]
        squared = np.maximum(0.0, 2 - 2 * np.einsum("mic,mjc->mij", places, places))
        angles = 2 * np.arcsin(np.minimum(1.0, np.sqrt(squared) / 2))
        heights = np.einsum("mi,mij->mj", weights, np.exp(-(angles**2) / (2 * np.radians(self.sigma_deg) ** 2)))
        return np.asarray(places[np.arange(len(rows)), heights.argmax(axis=1)])

    def _grid_modes(self, rows: npt.NDArray[np.int64], weights: Floats) -> Floats:
        """The released code: cells of 1 degree, then of 0.1 degrees within 20 degrees, no seam closed."""
        found = np.empty((len(rows), 2))
        for i, (row, weight) in enumerate(zip(rows, weights, strict=True)):
            latlon = self._latlon[row]
            coarse = _histogram(latlon, weight, (-90.0, -180.0), (180, 360), 1.0)
            lat, lon = np.unravel_index(gaussian_filter(coarse, self.sigma_deg, mode="constant").argmax(), coarse.shape)
            south = float(np.clip(lat + 1, 21, 159)) - 90 - 20  # rows 21 to 159 of 180, counted from 1
            west = float(np.clip(lon + 1, 21, 339)) - 180 - 20
            fine = _histogram(latlon, weight, (south, west), (400, 400), 0.1)
            fine = gaussian_filter(fine, self.sigma_deg / 0.1, mode="constant")
            row_, column = np.unravel_index(fine.argmax(), fine.shape)
            found[i] = south + (row_ + 0.5) * 0.1, west + (column + 0.5) * 0.1
        return unit_vectors(found)


class NearestNeighbour(NearestNeighbours):
    """The place of the most similar training photo: kNN with k = 1.

    Args:
        seed: Not used.
        sigma_deg: Standard deviation of the density around it, degrees of arc.
    """

    SEARCH: ClassVar[dict[str, tuple[Any, ...]]] = {"sigma_deg": (4.0, 0.25, 0.5, 1.0, 2.0, 3.0, 6.0, 8.0, 12.0)}

    def __init__(self, seed: int = 0, *, sigma_deg: float = PAPER_SIGMA_DEG) -> None:
        super().__init__(seed, neighbours=1, sigma_deg=sigma_deg)


class ExactSearch:
    """The nearest of given vectors, by the angle between them, in blocks.

    Args:
        features: (n, d).
    """

    def __init__(self, features: Features) -> None:
        self._unit = _normalised(features)
        self._squares = torch.cat([(part.double() ** 2).sum(1) for part in torch.split(self._unit, _ROWS)])

    def nearest(self, features: Features, count: int) -> tuple[npt.NDArray[np.int64], Floats]:
        """Rows (m, k) of the nearest vectors, the nearest first, and squared distances between unit vectors in [0, 4].

        Candidates come from float32 products; the distances of the best are computed again in float64, so that the
        order does not depend on how many are asked for at a time. Of equals the first row wins.

        Args:
            features: (m, d).
            count: k, at most n are found.
        """
        rows, distances = [np.empty((0, min(count, len(self._unit))), np.int64)], []
        for part in torch.split(_normalised(features), _ROWS):
            found = self._search(part, min(count, len(self._unit)))
            rows.append(found[0])
            distances.append(found[1])
        return np.concatenate(rows), np.concatenate(distances) if distances else np.empty(rows[0].shape)

    def _search(self, queries: Tensor, count: int) -> tuple[npt.NDArray[np.int64], Floats]:
        some = min(count + _MORE, len(self._unit))
        rows = torch.topk(queries @ self._unit.T, some, dim=1, sorted=False).indices.sort(dim=1).values
        asked = queries.double()
        products = torch.stack([self._unit[row].double() @ query for row, query in zip(rows, asked, strict=True)])
        exact = (self._squares[rows] + (asked**2).sum(1, keepdim=True) - 2 * products).clamp(min=0.0)
        order = exact.argsort(dim=1, stable=True)[:, :count]
        return rows.gather(1, order).numpy(), exact.gather(1, order).numpy()


def _normalised(features: Features) -> Tensor:
    return torch.nn.functional.normalize(torch.from_numpy(features), dim=1)


def _histogram(
    latlon: Floats, weights: Floats, corner: tuple[float, float], size: tuple[int, int], step: float
) -> Floats:
    index = np.floor((latlon - np.array(corner)) / step).astype(int)
    index[:, 0] = np.where(latlon[:, 0] == 90, np.minimum(index[:, 0], size[0] - 1), index[:, 0])
    inside = ((index >= 0) & (index < np.array(size))).all(axis=1)
    grid = np.zeros(size)
    np.add.at(grid, tuple(index[inside].T), weights[inside])
    return grid

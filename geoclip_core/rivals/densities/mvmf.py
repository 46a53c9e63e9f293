"""A mixture of von Mises-Fisher distributions, and a search among similar photos within its likeliest part.

The mixture: Izbicki, Papalexakis, Tsotras: Exploiting the Earth's Spherical Geometry to Geolocate Images, ECML 2019
(recalled). ``p(x | photo) = sum_i w_i(photo) kappa_i exp(kappa_i (x . mu_i - 1)) / (2 pi (1 - exp(-2 kappa_i)))``, with
weights from a linear softmax, centres mu and concentrations kappa learnt, loss ``-log p``. The search within the cell:
Kordopatis-Zilos et al. 2021, arXiv:2105.07645: of the ten most similar photos of training in the chosen cell those that
lie together (DBSCAN of 1 km with one photo enough) form clusters, and the mean place of the largest is the answer.

Adapted: centres start at clusters of the training places (k-means on the sphere), concentrations at the spread of each
or half the way to the next; a cell is the photos of training that a part of the mixture explains best. Similar photos
are found by the features as they are; the paper trains a residual network for this.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from scipy.spatial import cKDTree
from torch import Tensor, nn

from geoclip_core.earth.coordinates import Floats, from_unit_vectors, unit_vectors
from geoclip_core.earth.distance import EARTH_RADIUS_KM
from geoclip_core.rivals.cells.scenes import cluster_centres, nearest_centres
from geoclip_core.rivals.contract import Photos, Rival
from geoclip_core.rivals.kernels import log_kernel, log_mixture
from geoclip_core.rivals.training import Standardise, Training, seeded, train

SIMILAR, EPS_KM = 10, 1.0  # arXiv:2105.07645
_NARROWEST_KM = 10.0  # of a part at the start
_SHARPEST = 15.0  # logarithm of the largest concentration, 3.5 km wide


class _Mixture(nn.Module):
    def __init__(self, photos: Photos, centres: Floats, log_kappa: Floats) -> None:
        super().__init__()
        self.standardise = Standardise(photos.features)
        self.weights = nn.Linear(photos.features.shape[1], len(centres))
        self.centres = nn.Parameter(torch.from_numpy(centres).float())
        self.log_kappa = nn.Parameter(torch.from_numpy(log_kappa).float())

    def log_kernels(self, points: Tensor) -> Tensor:
        """(b, k) log-densities of the parts at unit vectors (b, 3)."""
        kappa = self.log_kappa.clamp(-10, _SHARPEST).exp()
        away = (
            torch.cdist(points, F.normalize(self.centres, dim=1), compute_mode="donot_use_mm_for_euclid_dist") ** 2 / 2
        )
        return torch.log(kappa / (2 * math.pi * -torch.expm1(-2 * kappa))) - kappa * away

    def forward(self, features: Tensor) -> Tensor:
        """(b, k) logarithms of the weights."""
        return torch.log_softmax(self.weights(self.standardise(features)), dim=1)


class VonMisesFisherMixture(Rival):
    """A mixture on the sphere.

    Args:
        seed: Of weights, order and clusters.
        parts: How many; never more than there are places.
        similar: Photos that are looked up within the chosen part; 0: its centre is the answer.
        eps_km: Distance up to which two of them lie together.
        training: The budget.
    """

    SEARCH: ClassVar[dict[str, tuple[Any, ...]]] = {"parts": (25, 100, 400)}

    def __init__(
        self,
        seed: int = 0,
        *,
        parts: int = 200,
        similar: int = SIMILAR,
        eps_km: float = EPS_KM,
        training: Training = Training(),  # noqa: B008 - frozen
    ) -> None:
        super().__init__(seed)
        self.parts, self.similar, self.eps_km, self.training = parts, similar, eps_km, training

    def _fit(self, photos: Photos, latlon: Floats) -> None:
        self._places = unit_vectors(latlon)
        count = min(self.parts, len(np.unique(latlon, axis=0)))
        centres = cluster_centres(self._places, count, self.seed)
        centres /= np.linalg.norm(centres, axis=1, keepdims=True)
        nearest = nearest_centres(self._places, centres)
        held = np.bincount(nearest, minlength=len(centres))
        squared = np.bincount(nearest, ((self._places - centres[nearest]) ** 2).sum(axis=1), minlength=len(centres))
        spread = np.maximum(np.sqrt(squared / np.maximum(held, 1) / 2), _NARROWEST_KM / EARTH_RADIUS_KM)
        if count > 1:  # a part reaches at least half way to the next, or most places are in none
            gaps = cKDTree(centres).query(centres, k=2)[0][:, 1] / 2
            spread = np.maximum(spread, gaps)
        network = seeded(self.seed, lambda: _Mixture(photos, centres, -2 * np.log(spread)))
        assert isinstance(network, _Mixture)
        self.network = self._net = network
        features, points = torch.from_numpy(photos.features), torch.from_numpy(self._places).float()

        def loss(rows: Tensor, draws: torch.Generator) -> Tensor:
            del draws
            return -torch.logsumexp(network(features[rows]) + network.log_kernels(points[rows]), dim=1).mean()

        train(network, loss, photos.groups, self.training, self.seed)
        with torch.no_grad():
            self._centres = F.normalize(network.centres.double(), dim=1).numpy()
            self._kappa = network.log_kappa.double().clamp(-10, _SHARPEST).exp().numpy()
        self._cell = log_kernel(self._places @ self._centres.T, self._kappa).argmax(axis=1)
        self._unit = F.normalize(torch.from_numpy(photos.features), dim=1).numpy()

    def _weights(self, photos: Photos) -> Floats:
        weights: Floats = self._net(torch.from_numpy(photos.features)).double().exp().numpy()
        return weights

    def _predict(self, photos: Photos) -> Floats:
        part = self._weights(photos).argmax(axis=1)
        found = self._centres[part].copy()
        if self.similar:
            unit = F.normalize(torch.from_numpy(photos.features), dim=1).numpy()
            for i, (vector, cell) in enumerate(zip(unit, part, strict=True)):
                rows = np.flatnonzero(self._cell == cell)
                if len(rows):
                    order = np.argsort(-(self._unit[rows] @ vector), kind="stable")[: self.similar]
                    found[i] = densest_mean(self._places[rows[order]], self.eps_km)
        return from_unit_vectors(found)

    def _log_density(self, photos: Photos, points: Floats) -> Floats:
        return log_mixture(self._weights(photos), self._centres, self._kappa, points)


def densest_mean(places: Floats, eps_km: float) -> Floats:
    """Mean of the largest group of places that hang together by steps of at most a distance; of equals the first.

    Args:
        places: (k, 3) unit vectors, the most similar photo's first.
        eps_km: Longest step. With one photo enough for a cluster, DBSCAN is this.

    Returns:
        (3,), not of unit length.
    """
    near = places @ places.T >= np.cos(eps_km / EARTH_RADIUS_KM) - 1e-15
    reach = np.linalg.matrix_power(near.astype(np.float64), len(places)) > 0
    return np.asarray(places[reach[reach.sum(axis=1).argmax()]].mean(axis=0))

"""What a method must beat: chance, and the density of the training photos whatever the photo shows."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from geoclip_core.earth.coordinates import Floats, unit_vectors
from geoclip_core.errors import TrainingError
from geoclip_core.rivals.contract import LOG_SPHERE, Photos, Rival
from geoclip_core.rivals.kernels import concentration, log_kernel, log_mixture


class Chance(Rival):
    """A training photo drawn at random gives the point; the density is uniform over the Earth.

    Args:
        seed: Of the draws.
    """

    def _fit(self, photos: Photos, latlon: Floats) -> None:
        del photos
        self._latlon = latlon

    def predict(
        self, features: npt.ArrayLike, scenes: npt.ArrayLike | None = None, tokens: npt.ArrayLike | None = None
    ) -> Floats:
        """(m, 2) degrees, the same for the same number of photos."""
        if self._fitted is None:
            raise TrainingError("Chance is not fitted", hint="call fit(features, latlon) first")
        del scenes, tokens
        drawn = np.random.default_rng(self.seed).integers(len(self._latlon), size=len(np.asarray(features)))
        return self._latlon[drawn]

    def _predict(self, photos: Photos) -> Floats:
        raise NotImplementedError  # the draws of all photos are one sequence, see predict

    def _log_density(self, photos: Photos, points: Floats) -> Floats:
        return np.full((len(photos), len(points)), -LOG_SPHERE)


class Prior(Rival):
    """The density of the training photos, smoothed, and its highest point: the same answer to every photo.

    Args:
        seed: Of the photos whose densities are compared to find the highest point, where there are many.
        width_km: Standard deviation of the kernel around each training photo.
    """

    SEARCH: ClassVar[dict[str, tuple[Any, ...]]] = {
        "width_km": (100.0, 200.0, 300.0, 400.0, 600.0, 800.0, 1200.0, 1600.0, 2400.0)
    }
    _MOST = 5000  # places that are tried as the mode

    def __init__(self, seed: int = 0, *, width_km: float = 400.0) -> None:
        super().__init__(seed)
        self.width_km = width_km

    def _fit(self, photos: Photos, latlon: Floats) -> None:
        del photos
        self._places = unit_vectors(latlon)
        tried = np.random.default_rng(self.seed).permutation(len(latlon))[: self._MOST]
        kappa = concentration(self.width_km)
        heights = [
            np.exp(log_kernel(part @ self._places.T, kappa)).sum(axis=1)
            for part in np.array_split(self._places[tried], -(-len(tried) // 100))
        ]
        self._mode = latlon[tried[np.concatenate(heights).argmax()]]

    def _predict(self, photos: Photos) -> Floats:
        return np.tile(self._mode, (len(photos), 1))

    def _log_density(self, photos: Photos, points: Floats) -> Floats:
        weights = np.full((1, len(self._places)), 1 / len(self._places))
        found = log_mixture(weights, self._places, concentration(self.width_km), points)
        return np.repeat(found, len(photos), axis=0)

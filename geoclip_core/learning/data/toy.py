"""Synthetic pairs: small pictures of a painted planet, to try the pipeline within a minute."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from geoclip_core.earth.coordinates import Floats, from_unit_vectors, unit_vectors
from geoclip_core.earth.distance import EARTH_RADIUS_KM, tangents
from geoclip_core.files import digest
from geoclip_core.learning.data.dataset import Batch, PairSource, Rows
from geoclip_core.photo.preprocess import Preprocess

MEAN, STD = (0.5, 0.5, 0.5), (1 / 6, 1 / 6, 1 / 6)
"""Turn colours into a photo's pixels in [0, 1]: white and black are three standard deviations away."""

_WAVES = 24  # that the planet's colours are made of
_SPREAD = 6.0  # of their lengths: the colours change over some 1000 km


class PaintedPlanet(PairSource):
    """Square views from above of a planet that is painted with random smooth colours.

    Args:
        count: How many places, uniform over the sphere.
        size: Side of a picture in pixels.
        width_km: Side of a picture on the ground.
        views: Pictures of each place, each turned at random and with noise of its own.
        noise: Standard deviation of the noise; the colours' own is about 1.
        seed: Of the places; planets of all seeds look the same.
    """

    def __init__(
        self,
        count: int = 4096,
        size: int = 32,
        width_km: float = 3000.0,
        views: int = 1,
        noise: float = 0.1,
        seed: int = 0,
    ) -> None:
        self.size, self.width_km, self.views, self.noise = size, width_km, views, noise
        ups = np.random.default_rng(seed).normal(size=(count, 3))
        self.latlon = from_unit_vectors(ups).astype(np.float32)
        self.preprocess = Preprocess(size, MEAN, STD)
        self.digest = digest(self.latlon, f"{size} {width_km} {views} {noise}")
        paint = np.random.default_rng(2023)  # one planet, whatever the places
        self._waves = paint.normal(size=(_WAVES, 3)) * _SPREAD
        self._phases = paint.uniform(0, 2 * np.pi, _WAVES)
        self._colours = paint.normal(size=(_WAVES, 3)) * np.sqrt(2 / _WAVES)

    def training_batch(self, rows: Rows, seed: int, epoch: int) -> Batch:
        """Pictures turned at random, with noise."""
        generators = [np.random.default_rng((seed, epoch, row)) for row in rows.tolist()]
        turns = np.stack([rng.uniform(0, 2 * np.pi, self.views) for rng in generators])
        pictures = np.stack([self._paint(rows, turns[:, view]) for view in range(self.views)], axis=1)
        pictures += self.noise * np.stack([rng.normal(size=pictures.shape[1:]) for rng in generators])
        return self._batch(pictures, rows)

    def validation_batch(self, rows: Rows) -> Batch:
        """Pictures with north up, without noise."""
        return self._batch(self._paint(rows, np.zeros(len(rows)))[:, None], rows)

    def _batch(self, pictures: Floats, rows: Rows) -> Batch:
        inputs = torch.from_numpy(pictures.astype(np.float32))
        return Batch(inputs, torch.from_numpy(self.latlon[rows]), torch.from_numpy(rows))

    def _paint(self, rows: Rows, turns_rad: npt.NDArray[np.float64]) -> Floats:
        """(n, 3, size, size) colours around places, the picture's top turned clockwise from north."""
        east, north = (axis[:, None, None] for axis in tangents(self.latlon[rows]))
        half = self.width_km / EARTH_RADIUS_KM / 2
        steps = (np.arange(self.size) + 0.5) / self.size * 2 * half - half
        right, up = np.meshgrid(steps, -steps)
        cos, sin = np.cos(turns_rad)[:, None, None], np.sin(turns_rad)[:, None, None]
        x, y = right * cos + up * sin, up * cos - right * sin
        ground = unit_vectors(self.latlon[rows])[:, None, None] + x[..., None] * east + y[..., None] * north
        ground /= np.linalg.norm(ground, axis=-1, keepdims=True)
        colours: Floats = np.cos(ground @ self._waves.T + self._phases) @ self._colours
        return np.ascontiguousarray(colours.transpose(0, 3, 1, 2))

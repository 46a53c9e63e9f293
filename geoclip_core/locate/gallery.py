"""The gallery: points of the Earth where people take photos, with their vectors, encoded once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt
import torch
from scipy.spatial import cKDTree
from torch import Tensor

from geoclip_core.earth.coordinates import unit_vectors
from geoclip_core.earth.countries import country_at
from geoclip_core.earth.distance import chord_to_km
from geoclip_core.earth.regions import COAST_TOLERANCE_KM, CountryRegion, Region
from geoclip_core.files import Progress, cached_arrays, digest
from geoclip_core.locate.large.folder import LargeGallery
from geoclip_core.locate.large.sample import LargerGallery, sample_rows
from geoclip_core.model.encode import encode_points, weights_digest
from geoclip_core.model.location_encoder import BaseLocationEncoder

MAX_SPREAD_KM = 60.0
"""No gallery point stands for more than this around it, however far its neighbours are."""


_NEIGHBOURS = 64  # points that tell how densely photos are taken around a place
_LEAST_RADIUS_KM = 1.0
_REGIONS_KEPT = 256  # a byte for each point: 25 MB for the released gallery


@dataclass(frozen=True, eq=False)
class Gallery:
    """Points that a probability is spread over.

    Attributes:
        latlon: (n, 2) float64 degrees, distinct.
        weights: (n,) float64, how often the point stands in the gallery it was made from.
        spread_km: (n,) float64, the radius around each point that it stands for: the distance to its nearest
            neighbour, at most ``MAX_SPREAD_KM``.
        encode: Gives the points' vectors; called once, when they are first needed.
        larger: The gallery of many million points that this one is a random sample of, if there is one.
    """

    latlon: npt.NDArray[np.float64]
    weights: npt.NDArray[np.float64]
    spread_km: npt.NDArray[np.float64]
    encode: Callable[[], Tensor]
    larger: LargerGallery | None = None

    def __len__(self) -> int:
        return len(self.latlon)

    @property
    def key(self) -> str:
        """Tells it from other galleries of the same model."""
        return f"{len(self)}" if self.larger is None else f"{len(self)} of {self.larger.key}"

    @cached_property
    def vectors(self) -> Tensor:
        """(n, d) float32, of length 1, on the encoder's device."""
        return self.encode()

    @cached_property
    def tree(self) -> cKDTree:
        """Search tree over the points as unit vectors."""
        return cKDTree(unit_vectors(self.latlon))

    @cached_property
    def countries(self) -> npt.NDArray[np.str_]:
        """(n,) code of the country at each point, "" at sea; kept on disk, since it takes seconds."""
        found = cached_arrays(
            "gallery_countries",
            digest("1", self.latlon),
            lambda: {"codes": country_at(self.latlon, COAST_TOLERANCE_KM)},
        )
        return np.asarray(found["codes"])

    def inside(self, region: Region) -> npt.NDArray[np.bool_]:
        """(n,) whether each point lies in a region; remembered, as evidence names the same ones again and again."""
        return self._inside(region)

    @cached_property
    def _inside(self) -> Callable[[Region], npt.NDArray[np.bool_]]:
        def looked_up(region: Region) -> npt.NDArray[np.bool_]:
            if isinstance(region, CountryRegion):
                return np.asarray(np.isin(self.countries, region.codes))
            return region.contains(self.latlon)

        kept: Callable[[Region], npt.NDArray[np.bool_]] = lru_cache(_REGIONS_KEPT)(looked_up)  # type: ignore[assignment]
        return kept

    def nearest(self, latlon: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
        """(m,) row of the point nearest to each of (m, 2) others in degrees."""
        if not len(latlon):
            return np.zeros(0, np.int64)
        return np.asarray(self.tree.query(unit_vectors(latlon))[1], np.int64)

    def prior_per_km2(self, latlon: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """(m,) how densely people take photos around each of (m, 2) places in degrees: a share of all photos per km2.

        The weight of the nearest points over the area of the circle that holds them, as a nearest-neighbour density
        estimate has it (Loftsgaarden and Quesenberry 1965).
        """
        neighbours = min(_NEIGHBOURS, len(self))
        chord, rows = self.tree.query(unit_vectors(latlon), k=neighbours)
        chord, rows = chord.reshape(len(latlon), -1), rows.reshape(len(latlon), -1)
        radius_km = np.maximum(chord_to_km(chord[:, -1]), _LEAST_RADIUS_KM)
        return np.asarray(self.weights[rows].sum(axis=1) / self.weights.sum() / (np.pi * radius_km**2))


def load_gallery(
    encoder: BaseLocationEncoder, latlon: npt.NDArray[np.float64], progress: Progress | None = None
) -> Gallery:
    """The gallery of given points under a given encoder.

    The vectors are kept on disk, and made when they are first needed: evidence that names places never needs them.

    Args:
        encoder: The location encoder; its weights are part of the cache key.
        latlon: (n, 2) float64 degrees; repeated points become one with a larger weight.
        progress: Told how far a first encoding is.

    Returns:
        The gallery, its vectors memory-mapped from the cache and moved to the encoder's device.
    """
    points, counts = np.unique(latlon, axis=0, return_counts=True)

    def encode() -> Tensor:
        arrays = cached_arrays(
            "gallery",
            digest("gallery 3", weights_digest(encoder), points),
            lambda: {"vectors": encode_points(encoder, points, progress).cpu().numpy()},
        )
        return torch.from_numpy(arrays["vectors"]).to(next(encoder.parameters()).device)

    return Gallery(points, counts.astype(np.float64), spacing_km(points), encode)


def load_sample(large: LargeGallery, progress: Progress | None = None) -> Gallery:
    """A random sample of a large gallery, which stands for it wherever a question is compared with all points.

    Args:
        large: The gallery; all of it where it is no larger than the sample.
        progress: As for :func:`load_gallery`.
    """
    rows = sample_rows(len(large))
    points = large.latlon[rows].astype(np.float64)
    gallery = load_gallery(large.encoder, points, progress)
    if len(rows) == len(large):
        return gallery
    places = np.unique(points, axis=0, return_inverse=True)[1].reshape(-1)
    return replace(gallery, larger=LargerGallery(large.key, large.latlon, large.search, rows, places, len(gallery)))


def spacing_km(latlon: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Distance to the nearest other point, at most ``MAX_SPREAD_KM``."""
    if len(latlon) < 2:
        return np.full(len(latlon), MAX_SPREAD_KM)
    corners = unit_vectors(latlon)
    chord = cKDTree(corners).query(corners, k=2)[0][:, 1]
    return np.asarray(np.minimum(chord_to_km(chord), MAX_SPREAD_KM))

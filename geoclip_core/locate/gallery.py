"""The gallery: points of the Earth where people take photos, with their vectors, encoded once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import torch
from scipy.spatial import cKDTree
from torch import Tensor

from geoclip_core.earth.coordinates import unit_vectors
from geoclip_core.earth.distance import chord_to_km
from geoclip_core.files import Progress, cached_arrays, digest
from geoclip_core.model.encode import encode_points
from geoclip_core.model.location_encoder import BaseLocationEncoder

MAX_SPREAD_KM = 60.0
"""No gallery point stands for more than this around it, however far its neighbours are."""


@dataclass(frozen=True)
class Gallery:
    """Points that a probability is spread over.

    Attributes:
        latlon: (n, 2) float64 degrees, distinct.
        weights: (n,) float64, how often the point stands in the gallery it was made from.
        spread_km: (n,) float64, the radius around each point that it stands for: the distance to its nearest
            neighbour, at most ``MAX_SPREAD_KM``.
        vectors: (n, d) float32, of length 1.
    """

    latlon: npt.NDArray[np.float64]
    weights: npt.NDArray[np.float64]
    spread_km: npt.NDArray[np.float64]
    vectors: Tensor

    def __len__(self) -> int:
        return len(self.latlon)

    @cached_property
    def tree(self) -> cKDTree:
        """Search tree over the points as unit vectors."""
        return cKDTree(unit_vectors(self.latlon))


def load_gallery(
    encoder: BaseLocationEncoder, latlon: npt.NDArray[np.float64], progress: Progress | None = None
) -> Gallery:
    """The gallery of given points under a given encoder, kept on disk.

    Args:
        encoder: The location encoder; its weights are part of the cache key.
        latlon: (n, 2) float64 degrees; repeated points become one with a larger weight.
        progress: Told how far a first encoding is.

    Returns:
        The gallery, its vectors memory-mapped from the cache and moved to the encoder's device.
    """
    weights_digest = digest(*(value.detach().cpu().numpy() for value in encoder.state_dict().values()))
    key = digest("gallery 2", weights_digest, latlon)

    def build() -> dict[str, npt.NDArray[np.float64] | npt.NDArray[np.float32]]:
        points, counts = np.unique(latlon, axis=0, return_counts=True)
        return {
            "latlon": points,
            "weights": counts.astype(np.float64),
            "spread_km": _spacing_km(points),
            "vectors": encode_points(encoder, points, progress).cpu().numpy(),
        }

    arrays = cached_arrays("gallery", key, build)
    device = next(encoder.parameters()).device
    return Gallery(
        np.asarray(arrays["latlon"]),
        np.asarray(arrays["weights"]),
        np.asarray(arrays["spread_km"]),
        torch.from_numpy(arrays["vectors"]).to(device),
    )


def _spacing_km(latlon: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Distance to the nearest other point, at most ``MAX_SPREAD_KM``."""
    if len(latlon) < 2:
        return np.full(len(latlon), MAX_SPREAD_KM)
    corners = unit_vectors(latlon)
    chord = cKDTree(corners).query(corners, k=2)[0][:, 1]
    return np.asarray(np.minimum(chord_to_km(chord), MAX_SPREAD_KM))

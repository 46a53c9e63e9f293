"""Training photos near a place, and their tags."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.spatial import cKDTree

from geoclip_core.earth.coordinates import unit_vectors
from geoclip_core.earth.distance import chord_to_km
from geoclip_core.evaluation.downstream.photos import TaggedPhotos

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

RADII_KM = (1.0, 5.0, 25.0, 100.0)  # ours: the paper's radii were not found
LEAST = 5  # photos; where a radius holds fewer, the nearest ones are taken (ours)
NEAREST = 150  # neighbours of TagFeature, GPS2Vec and Liao et al. (GPS2Vec, section 4)
_MOST_COPIES = 200


def nearest_photos(photos: TaggedPhotos, count: int = NEAREST) -> tuple[Ints, Floats]:
    """The nearest training photos of every photo, without itself and those of its group.

    Args:
        photos: The task.
        count: How many.

    Returns:
        Rows (n, k) into ``photos.train`` by rising distance, and their distances (n, k) in km; k is ``count``, or as
        many as there are. Where too few remain beside a group, the row is -1 and the distance infinite.
    """
    pool = photos.train
    copies = int(min(_MOST_COPIES, np.bincount(photos.groups[pool] - photos.groups.min()).max()))
    asked = min(len(pool), count + copies)
    tree = cKDTree(unit_vectors(photos.latlon[pool]))
    chord, found = tree.query(unit_vectors(photos.latlon), k=np.arange(1, asked + 1))
    own = photos.groups[pool][found] == photos.groups[:, None]
    order = np.argsort(own, axis=1, kind="stable")[:, :count]  # those of the own group last
    rows, km = (np.take_along_axis(array, order, axis=1) for array in (found, chord_to_km(chord)))
    gone = np.take_along_axis(own, order, axis=1)
    return np.where(gone, -1, rows), np.where(gone, np.inf, km)


def gather(rows: Ints, weights: Floats, values: sparse.csr_matrix) -> npt.NDArray[np.float32]:
    """Weighted sums of the rows of a table.

    Args:
        rows: (n, k) rows of ``values``; -1 for none.
        weights: (n, k).
        values: (m, v).

    Returns:
        (n, v) float32.
    """
    n, k = rows.shape
    used = (rows.ravel() >= 0) & (weights.ravel() > 0)
    chosen = (weights.ravel()[used], (np.repeat(np.arange(n), k)[used], rows.ravel()[used]))
    summed = sparse.csr_matrix(chosen, shape=(n, values.shape[0])) @ values
    return np.asarray(summed.todense() if sparse.issparse(summed) else summed, dtype=np.float32)


def gaussian_weights(km: Floats, sigma_km: float) -> Floats:
    """``exp(-(d^2 - d_min^2) / 2 sigma^2)`` along each row: the nearest has 1, so no place is without neighbours."""
    nearest = np.minimum(km.min(axis=1, keepdims=True), np.finfo(np.float64).max)
    return np.asarray(np.exp(-(km**2 - np.where(np.isfinite(nearest), nearest, 0.0) ** 2) / (2 * sigma_km**2)))


def to_unit_sum(table: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Rows divided by their sum; a row of zeros stays."""
    return np.asarray(table / np.maximum(table.sum(axis=1, keepdims=True), np.float32(1e-12)))


def hashtags(photos: TaggedPhotos) -> npt.NDArray[np.float32]:
    """Tag counts of the photos within each radius, (n, radii x v): what the row HashTag is made of."""
    rows, km = nearest_photos(photos)
    tags = photos.tags[photos.train]
    parts = []
    for radius in RADII_KM:
        inside = km <= radius
        few = inside.sum(axis=1) < LEAST
        inside[few] = (np.arange(km.shape[1]) < LEAST) & np.isfinite(km[few])
        counts = np.log1p(to_unit_sum(gather(rows, inside.astype(np.float64), tags)))
        parts.append(counts / np.maximum(np.linalg.norm(counts, axis=1, keepdims=True), 1e-12))
    return np.concatenate(parts, axis=1).astype(np.float32)


def tag_features(photos: TaggedPhotos, sigma_km: float) -> npt.NDArray[np.float32]:
    """Tags of the nearest photos, weighted by distance and by how rare a tag is, (n, v), rows of unit length."""
    rows, km = nearest_photos(photos)
    tags = photos.tags[photos.train]
    rarity = np.log((1 + tags.shape[0]) / (1 + np.asarray(tags.sum(axis=0)).ravel()))
    found = gather(rows, gaussian_weights(km, sigma_km), tags) * rarity.astype(np.float32)
    return np.asarray(found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-12), dtype=np.float32)

"""What every rival offers: fit on features of photos and their places, then points and densities for other photos.

A rival knows nothing of pixels. All of them get the same frozen features, so that what is compared is the method.
"""

from __future__ import annotations

import math
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from geoclip_core.earth.coordinates import Floats, check_latlon, unit_vectors
from geoclip_core.errors import DataError, TrainingError

UNIFORM_SHARE = 1e-3
"""Share of every rival's probability that is spread evenly over the Earth, so that no place has the density 0: the
logarithm of a density that misses the truth stays finite. The same for all (our choice, not a paper's)."""

LOG_SPHERE = math.log(4 * math.pi)
"""Logarithm of the area of the unit sphere, steradian."""

_BLOCK = 256  # photos at a time
_DENSITIES = 2_000_000  # of photos at points, at a time: 16 MB

Features = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Photos:
    """What is known of n photos besides their places.

    Attributes:
        features: (n, d) float32, of a frozen backbone.
        scenes: (n, S) probabilities of kinds of scene, or none.
        tokens: (n, T, t) float32, features of the parts of each photo, or none.
        groups: (n,) numbers of groups that training must not tear apart.
    """

    features: Features
    scenes: Features | None
    tokens: Features | None
    groups: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.features)

    def __getitem__(self, rows: slice | npt.NDArray[Any]) -> Photos:
        scenes = None if self.scenes is None else self.scenes[rows]
        tokens = None if self.tokens is None else self.tokens[rows]
        return Photos(self.features[rows], scenes, tokens, self.groups[rows])

    @classmethod
    def checked(
        cls,
        features: npt.ArrayLike,
        scenes: npt.ArrayLike | None = None,
        tokens: npt.ArrayLike | None = None,
        groups: npt.ArrayLike | None = None,
    ) -> Photos:
        """Arrays of the right shape and without NaN.

        Raises:
            DataError: They are not.
        """
        found = [
            _checked(name, array, axes)
            for name, array, axes in (("features", features, 2), ("scenes", scenes, 2), ("tokens", tokens, 3))
        ]
        assert found[0] is not None
        for name, array in (("scenes", found[1]), ("tokens", found[2])):
            if array is not None and len(array) != len(found[0]):
                raise DataError(f"There are {len(array)} {name} for {len(found[0])} photos")
        count = len(found[0])
        members = np.arange(count) if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1]
        if len(members) != count:
            raise DataError(f"There are {len(members)} groups for {count} photos")
        return cls(found[0], found[1], found[2], members)


class Rival(ABC):
    """A way to place photos by their features.

    A subclass implements :meth:`_fit`, :meth:`_predict` and :meth:`_log_density`, which get checked arrays, and sets
    ``network`` where it trains one.

    Args:
        seed: Of everything that is drawn.

    Attributes:
        seconds: Processor time that :meth:`fit` took, which other programs on the machine hardly change.
        notes: What a reader of its scores must know, such as where scenes came from.
        SEARCH: Settings that are tried beside the learning rate: name -> values; the same number for every rival.
    """

    SEARCH: ClassVar[Mapping[str, tuple[Any, ...]]] = {}

    def __init__(self, seed: int = 0) -> None:
        self.seed, self.seconds = seed, 0.0
        self.notes: tuple[str, ...] = ()
        self.network: nn.Module | None = None
        self._fitted: tuple[int, bool] | None = None

    def fit(
        self,
        features: npt.ArrayLike,
        latlon: npt.ArrayLike,
        scenes: npt.ArrayLike | None = None,
        tokens: npt.ArrayLike | None = None,
        groups: npt.ArrayLike | None = None,
    ) -> Self:
        """Learn from photos whose places are known.

        Args:
            features: (n, d), of a frozen backbone.
            latlon: (n, 2) degrees.
            scenes: (n, S) probabilities of kinds of scene, for the rivals that use them; without, some find their own.
            tokens: (n, T, t) features of the parts of each photo, for the rivals that use them.
            groups: (n,) who took each photo, or in which region: where training stops early, the photos that tell
                when are of other groups than those trained on.

        Returns:
            The rival itself.

        Raises:
            DataError: The arrays do not belong together, hold NaN, or hold fewer than two photos.
            CoordinateError: Not points on Earth.
        """
        photos, places = Photos.checked(features, scenes, tokens, groups), check_latlon(latlon)
        if len(photos) < 2 or places.shape != (len(photos), 2):
            raise DataError(
                f"There are {len(photos)} rows of features and places of shape {places.shape}",
                allowed="two photos or more, and a place for each",
            )
        started = time.process_time()
        self._fitted = (photos.features.shape[1], tokens is not None)
        self._fit(photos, places)
        self.seconds = time.process_time() - started
        return self

    @torch.no_grad()
    def predict(
        self, features: npt.ArrayLike, scenes: npt.ArrayLike | None = None, tokens: npt.ArrayLike | None = None
    ) -> Floats:
        """Where each photo was taken, by this rival's own rule.

        Args:
            features: (m, d).
            scenes: (m, S), as in :meth:`fit`; may be left out.
            tokens: (m, T, t); needed if there were tokens in :meth:`fit` and the rival uses them.

        Returns:
            (m, 2) float64 degrees.

        Raises:
            DataError: The arrays do not belong together or do not fit those of :meth:`fit`.
            TrainingError: The rival is not fitted.
        """
        blocks = [self._predict(part) for part in self._blocks(features, scenes, tokens, _BLOCK)]
        return np.concatenate([np.empty((0, 2)), *blocks])

    @torch.no_grad()
    def log_density(
        self,
        features: npt.ArrayLike,
        points: npt.ArrayLike,
        scenes: npt.ArrayLike | None = None,
        tokens: npt.ArrayLike | None = None,
    ) -> Floats:
        """How likely each photo was taken at each point, as a density over the sphere.

        Args:
            features: (m, d).
            points: (p, 2) degrees.
            scenes: As in :meth:`predict`.
            tokens: As in :meth:`predict`.

        Returns:
            (m, p) float64: natural logarithm of the probability per steradian. It integrates to 1 over the sphere, and
            ``UNIFORM_SHARE`` of it is uniform, so that it is finite everywhere.

        Raises:
            DataError: As :meth:`predict`.
            CoordinateError: Not points on Earth.
            TrainingError: The rival is not fitted.
        """
        there = unit_vectors(check_latlon(points, name="points").reshape(-1, 2))
        step = max(1, min(_BLOCK, _DENSITIES // max(1, len(there))))
        blocks = [with_floor(self._log_density(part, there)) for part in self._blocks(features, scenes, tokens, step)]
        return np.concatenate([np.empty((0, len(there))), *blocks])

    @torch.no_grad()
    def log_density_at(
        self,
        features: npt.ArrayLike,
        latlon: npt.ArrayLike,
        scenes: npt.ArrayLike | None = None,
        tokens: npt.ArrayLike | None = None,
    ) -> Floats:
        """The density of each photo at one point of its own, such as its true place: (m,), as :meth:`log_density`."""
        there, done, found = unit_vectors(check_latlon(latlon)), 0, [np.empty(0)]
        for part in self._blocks(features, scenes, tokens, 64):
            found.append(with_floor(self._log_density_at(part, there[done : done + len(part)])))
            done += len(part)
        return np.concatenate(found)

    @property
    def parameters(self) -> int:
        """How many numbers are trained; 0 for a method that only looks up."""
        return sum(p.numel() for p in self.network.parameters()) if self.network is not None else 0

    @abstractmethod
    def _fit(self, photos: Photos, latlon: Floats) -> None: ...

    @abstractmethod
    def _predict(self, photos: Photos) -> Floats: ...

    @abstractmethod
    def _log_density(self, photos: Photos, points: Floats) -> Floats:
        """(m, p) at unit vectors (p, 3), without the uniform share; -inf is allowed."""

    def _log_density_at(self, photos: Photos, points: Floats) -> Floats:
        """(m,) at unit vectors (m, 3), one for each photo."""
        return np.diagonal(self._log_density(photos, points))

    def _blocks(
        self, features: npt.ArrayLike, scenes: npt.ArrayLike | None, tokens: npt.ArrayLike | None, step: int
    ) -> Iterator[Photos]:
        if self._fitted is None:
            raise TrainingError(f"{type(self).__name__} is not fitted", hint="call fit(features, latlon) first")
        photos = Photos.checked(features, scenes, tokens)
        if photos.features.shape[1] != self._fitted[0]:
            raise DataError(
                f"The features have {photos.features.shape[1]} columns", allowed=f"{self._fitted[0]}, as in fit()"
            )
        for first in range(0, len(photos), step):
            yield photos[first : first + step]


def with_floor(log_density: Floats) -> Floats:
    """Densities with ``UNIFORM_SHARE`` spread over the sphere and the rest in proportion."""
    return np.asarray(np.logaddexp(np.log1p(-UNIFORM_SHARE) + log_density, np.log(UNIFORM_SHARE) - LOG_SPHERE))


def _checked(name: str, array: npt.ArrayLike | None, axes: int) -> Features | None:
    if array is None:
        return None
    given = np.asarray(array, dtype=np.float32)
    if given.ndim != axes:
        raise DataError(f"{name} has shape {given.shape}", allowed=f"{axes} axes, a row for each photo")
    if not np.isfinite(given).all():
        raise DataError(f"{name} holds NaN or infinite values", hint="make the features again, or leave those rows out")
    return given

"""The trained eye for views from above: is this such a view, and where may it have been taken.

It has a space of its own (``training/configs/overhead.yaml``), too fine and too far from CLIP's to be mapped into
the released one; what it passes on is therefore places: equal cells of land with their probabilities.
"""

from __future__ import annotations

import functools
import hashlib
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import load
from scipy.spatial import cKDTree
from torch import Tensor, nn

from geoclip_core.earth.coordinates import Floats, unit_vectors
from geoclip_core.earth.distance import EARTH_RADIUS_KM, disk_points, great_circle_km
from geoclip_core.errors import GeoclipError, NoEvidenceError, WeightsError
from geoclip_core.files import asset_path
from geoclip_core.model.image_encoder import projection_mlp
from geoclip_core.model.location_encoder import LocationEncoder
from geoclip_core.model.timm_tower import timm_tower
from geoclip_core.overhead.statistics import STATISTICS, picture_statistics
from geoclip_core.photo.preprocess import Preprocess

WEIGHTS = "weights/overhead"

NOT_FROM_ABOVE = "this is not a view from above"
FROM_ABOVE = "looks like a view from above"

SPOT_KM = 150.0  # what lies nearer to a likelier place is the same place: less than half of the narrowest view

LEAST_DETAIL = 0.004  # views of the Blue Marble have 0.005 at least, blank pictures nothing

_KEPT_MASS, _KEPT_CELLS = 0.995, 48  # cells of land that are looked at more closely
_PARTS = 7  # of such a cell
_LEAST = 1e-4  # probability of a part that is passed on
_SPOTS = 8
_RADIUS_PER_STEP = 0.58  # of equal cells laid out like sunflower seeds, measured
_POINTS = 4096  # encoded at a time


@dataclass(frozen=True)
class Spot:
    """A place that a view may show.

    Attributes:
        latlon: Its likeliest point, degrees.
        radius_km: What it stands for, around that point.
        weight: Its probability.
    """

    latlon: tuple[float, float]
    radius_km: float
    weight: float


@dataclass(frozen=True)
class Sighting:
    """Where a view from above may have been taken.

    Attributes:
        latlon: (k, 2) degrees, centres of equal parts of land, the likeliest first.
        probability: (k,) float64, sums to 1.
        spread_km: Radius that each part speaks for.
        spots: Distinct places among them, the likeliest first.
    """

    latlon: Floats
    probability: Floats
    spread_km: float
    spots: tuple[Spot, ...]


class OverheadModel(nn.Module):
    """A small image tower and its location encoder, trained together.

    Args:
        record: ``record.json`` of the exported model (``learning/export.py`` describes it).
        gallery: (g, 2) degrees, land in equal cells.
    """

    feature_mean: Tensor
    feature_whitening: Tensor
    statistics_mean: Tensor
    statistics_whitening: Tensor
    doubt_weights: Tensor
    farthest: Tensor
    answer_scale: Tensor

    def __init__(self, record: dict[str, Any], gallery: Floats) -> None:
        super().__init__()
        image, location = record["image"], record["location_encoder"]
        self.preprocess = Preprocess(**record["preprocess"])
        self.image_tower, width = timm_tower(image["architecture"], image["options"])
        self.image_mlp = projection_mlp(width, location["dim"])
        self.location_encoder = LocationEncoder(
            location["sigmas"], rows=location["rows"], width=location["width"], dim=location["dim"]
        )
        self.logit_scale = nn.Parameter(torch.zeros(()))
        self.register_buffer("feature_mean", torch.zeros(width))
        self.register_buffer("feature_whitening", torch.eye(width))
        self.register_buffer("statistics_mean", torch.zeros(STATISTICS))
        self.register_buffer("statistics_whitening", torch.eye(STATISTICS))
        self.register_buffer("doubt_weights", torch.ones(3))
        self.register_buffer("farthest", torch.tensor(torch.inf))
        self.register_buffer("answer_scale", torch.tensor(1.0))
        self.gallery, self.cell_km = gallery, _cell_km(gallery)

    @classmethod
    def shipped(cls) -> OverheadModel | None:
        """The eye that comes with the package; None where an installation has none.

        Raises:
            WeightsError: A file is not what the record says.
        """
        try:
            folder = asset_path(WEIGHTS)
        except GeoclipError:
            return None
        return cls.from_folder(folder)

    @classmethod
    def from_folder(cls, folder: str | Path) -> OverheadModel:
        """Load an exported model.

        Args:
            folder: Holds ``record.json``, ``model.safetensors``, ``gallery.npy`` and ``views.safetensors``.

        Raises:
            WeightsError: A file is missing, or not what the record says.
        """
        place = Path(folder)
        try:
            record = json.loads((place / "record.json").read_text(encoding="utf-8"))
            state: dict[str, Tensor] = {}
            for name in ("model.safetensors", "views.safetensors", "gallery.npy"):
                content = (place / name).read_bytes()
                if hashlib.sha256(content).hexdigest() != record["files"][name]["sha256"]:
                    raise WeightsError(f"{place / name} is damaged", hint="install the package again, or export again")
                if name.endswith(".safetensors"):
                    state |= load(content)
            eye = cls(record, np.load(place / "gallery.npy", allow_pickle=False).astype(np.float64))
            eye.load_state_dict(state)
        except (OSError, LookupError, RuntimeError) as error:
            raise WeightsError(f"{place} holds no whole eye for views from above ({error})") from error
        return eye.eval().requires_grad_(False)

    def forward(self, rgb: Tensor) -> Tensor:
        """Vectors of views.

        Args:
            rgb: (n, 3, s, s) in [0, 1], any size from the network's own on.

        Returns:
            (n, dim) float32, of unit length.
        """
        return self.vectors(self.features(rgb))

    def vectors(self, features: Tensor) -> Tensor:
        """What :meth:`features` gives (n, width), in the common space: (n, dim) of unit length."""
        return F.normalize(self.image_mlp(features), dim=1)

    def features(self, rgb: Tensor) -> Tensor:
        """What the tower says of views (n, 3, s, s) in [0, 1]: (n, width)."""
        small = self._small(rgb)
        mean, std = (torch.tensor(values)[:, None, None] for values in (self.preprocess.mean, self.preprocess.std))
        features: Tensor = self.image_tower(((small - mean) / std).contiguous(memory_format=torch.channels_last))
        return features

    def detail(self, rgb: Tensor) -> Tensor:
        """How much there is to see: spread of what a small blur takes away, in the channel that has most of it.

        Args:
            rgb: (n, 3, s, s) in [0, 1].

        Returns:
            (n,), 0 for a blank picture.
        """
        small = self._small(rgb)
        blurred = F.avg_pool2d(small, 5, stride=1, padding=2, count_include_pad=False)
        return (small - blurred).std((2, 3)).amax(1)

    def strangeness(self, features: Tensor) -> Tensor:
        """How unlike the views of training: Mahalanobis distance of the tower's features (Lee et al. 2018).

        Args:
            features: (n, width).

        Returns:
            (n,) distances; about ``sqrt(width)`` for a view from above.
        """
        offset = (features - self.feature_mean) @ self.feature_whitening
        distances: Tensor = torch.linalg.vector_norm(offset, dim=1)
        return distances

    def hesitation(self, vectors: Tensor) -> Tensor:
        """How widely the answers are spread: entropy over the cells of land, in nats, 0 for certainty.

        Args:
            vectors: (n, dim) of unit length.

        Returns:
            (n,).
        """
        logarithms = F.log_softmax(vectors @ self.cells.T * self.answer_scale, dim=1)
        return -(logarithms.exp() * logarithms).sum(1)

    def oddity(self, rgb: Tensor) -> Tensor:
        """How unlike views from above a picture's light is: Mahalanobis distance of its statistics.

        Args:
            rgb: (n, 3, s, s) in [0, 1].

        Returns:
            (n,) distances; about ``sqrt(24)`` for a view from above.
        """
        offset = (picture_statistics(rgb) - self.statistics_mean) @ self.statistics_whitening
        distances: Tensor = torch.linalg.vector_norm(offset, dim=1)
        return distances

    def doubts(self, rgb: Tensor) -> tuple[Tensor, Tensor]:
        """What speaks against views from above: they look strange, their light is odd, they cannot be placed.

        Args:
            rgb: (n, 3, s, s) in [0, 1].

        Returns:
            (n, 3) strangeness, oddity and hesitation, and (n, dim) the vectors of the views.
        """
        features = self.features(rgb)
        vectors = self.vectors(features)
        return torch.stack((self.strangeness(features), self.oddity(rgb), self.hesitation(vectors)), 1), vectors

    def read(self, image: Image.Image) -> Sighting:
        """Where a photo was taken, if it is a view from above; raises as :meth:`check_view`."""
        return self.sighting(self.check_view(image))

    @torch.inference_mode()
    def check_view(self, image: Image.Image) -> Tensor:
        """Vector of a photo, if it is a view from above.

        Args:
            image: RGB, any size; its central square is looked at.

        Returns:
            (dim,) of unit length.

        Raises:
            NoEvidenceError: It is not a view from above.
        """
        side = min(image.size)
        left, top = (image.width - side) // 2, (image.height - side) // 2
        square = np.asarray(image.crop((left, top, left + side, top + side)), dtype=np.float32) / 255
        rgb = torch.from_numpy(square).permute(2, 0, 1)[None]
        doubts, vectors = self.doubts(rgb)
        if float(self.detail(rgb)) < LEAST_DETAIL or float(doubts @ self.doubt_weights) > float(self.farthest):
            raise NoEvidenceError(
                NOT_FROM_ABOVE[0].upper() + NOT_FROM_ABOVE[1:],
                allowed="a picture from a satellite or an aircraft, 400 to 1600 km across, north roughly up",
                hint="use the full model for photos taken on the ground",
            )
        return vectors[0]

    @torch.inference_mode()
    def sighting(self, vector: Tensor) -> Sighting:
        """Where a view may have been taken: a softmax over cells of land, the likely ones divided further.

        Args:
            vector: (dim,) of unit length.
        """
        scale = float(self.answer_scale)
        coarse = torch.softmax(self.cells @ vector * scale, 0).double().numpy()
        order = np.argsort(-coarse)[:_KEPT_CELLS]
        order = order[: 1 + int(np.searchsorted(np.cumsum(coarse[order]), _KEPT_MASS))]
        parts = np.concatenate([disk_points(self.gallery[i], self.cell_km, _PARTS) for i in order])
        fine = torch.softmax(self._encode(parts) @ vector * scale, 0).double().numpy()
        kept = np.argsort(-fine)[: max(1, int((fine >= _LEAST).sum()))]
        latlon, probability = parts[kept], fine[kept] / fine[kept].sum()
        return Sighting(latlon, probability, self.cell_km / math.sqrt(_PARTS), _spots(latlon, probability))

    def _small(self, rgb: Tensor) -> Tensor:
        size = self.preprocess.size
        return F.interpolate(rgb, size=(size, size), mode="bilinear", antialias=True, align_corners=False)

    @functools.cached_property
    def cells(self) -> Tensor:
        """(g, dim) vectors of the gallery, of unit length."""
        return self._encode(self.gallery)

    @torch.inference_mode()
    def _encode(self, latlon: Floats) -> Tensor:
        points = torch.from_numpy(latlon.astype(np.float32))
        return torch.cat([F.normalize(self.location_encoder(part), dim=1) for part in torch.split(points, _POINTS)])


def _cell_km(gallery: Floats) -> float:
    """Radius of a disk as large as a cell, from the distance between neighbours."""
    corners = unit_vectors(gallery)
    chord = np.median(cKDTree(corners).query(corners, k=2)[0][:, 1]) if len(gallery) > 1 else 0.0
    return float(2 * np.arcsin(chord / 2) * EARTH_RADIUS_KM * _RADIUS_PER_STEP)


def _spots(latlon: Floats, probability: Floats) -> tuple[Spot, ...]:
    """The likeliest point, and all within reach of it; then the likeliest of the rest, and so on."""
    left = probability.copy()
    spots: list[Spot] = []
    while len(spots) < _SPOTS and left.max() > 0:
        lat, lon = latlon[left.argmax()]
        near = great_circle_km((lat, lon), latlon) <= SPOT_KM
        spots.append(Spot((float(lat), float(lon)), SPOT_KM, float(left[near].sum())))
        left[near] = 0.0
    return tuple(sorted(spots, key=lambda spot: -spot.weight))

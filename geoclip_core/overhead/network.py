"""The overhead model: whether a picture is a view from above, and where it may have been taken.

Its embedding space is not aligned with CLIP's, so it returns probabilities over equal cells of land, not a vector of
the released space. ``training/configs/overhead.yaml`` trains it.
"""

from __future__ import annotations

import functools
import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from scipy.spatial import cKDTree
from torch import Tensor, nn

from geoclip_core.earth.coordinates import Floats, unit_vectors
from geoclip_core.earth.distance import EARTH_RADIUS_KM, disk_points
from geoclip_core.errors import GeoclipError, NoEvidenceError, WeightsError
from geoclip_core.files import asset_path
from geoclip_core.model.backbones.timm_tower import timm_tower
from geoclip_core.model.image_encoder import projection_mlp
from geoclip_core.model.location_encoders import build_location_encoder
from geoclip_core.model.record import GALLERY, TENSORS, checked_file, read_content, read_gallery_points, read_tensors
from geoclip_core.overhead.clusters import OverheadPrediction, find_clusters
from geoclip_core.overhead.ood import LEAST_DETAIL, detail, entropy, mahalanobis_distance
from geoclip_core.overhead.statistics import STATISTICS, picture_statistics
from geoclip_core.photo.preprocess import Preprocess

WEIGHTS = "weights/overhead"
VIEW_TENSORS = "views.safetensors"
"""File of the buffers that ``learning/overhead/calibrate.py`` sets."""

NOT_FROM_ABOVE = "this is not a view from above"
FROM_ABOVE = "looks like a view from above"

_AGAIN = "install the package again, or export and calibrate the model again"
_KEPT_MASS, _KEPT_CELLS = 0.995, 48  # cells of land that are divided further
_PARTS = 7  # of such a cell
_LEAST = 1e-4  # probability of a part that is passed on
_RADIUS_PER_STEP = 0.58  # of equal cells laid out like sunflower seeds, measured
_POINTS = 4096  # encoded at a time


class OverheadModel(nn.Module):
    """A small image tower and its location encoder, trained together, with an out-of-distribution test.

    Args:
        record: ``record.json`` of the exported model (``learning/run/model_folder.py`` describes it).
        gallery: (g, 2) degrees, land in equal cells.
    """

    feature_mean: Tensor
    feature_whitening: Tensor
    statistics_mean: Tensor
    statistics_whitening: Tensor
    ood_weights: Tensor
    ood_threshold: Tensor
    inverse_temperature: Tensor

    def __init__(self, record: dict[str, Any], gallery: Floats) -> None:
        super().__init__()
        image, location = record["image"], record["location_encoder"]
        # Records of before the resampling was written down mean this one.
        self.preprocess = Preprocess.from_record({"interpolation": "bilinear"} | record["preprocess"])
        self.image_tower, width = timm_tower(image["architecture"], image["options"])
        self.image_mlp = projection_mlp(width, location["dim"])
        self.location_encoder = build_location_encoder(**location)
        self.logit_scale = nn.Parameter(torch.zeros(()))
        self.register_buffer("feature_mean", torch.zeros(width))
        self.register_buffer("feature_whitening", torch.eye(width))
        self.register_buffer("statistics_mean", torch.zeros(STATISTICS))
        self.register_buffer("statistics_whitening", torch.eye(STATISTICS))
        self.register_buffer("ood_weights", torch.ones(3))
        self.register_buffer("ood_threshold", torch.tensor(torch.inf))
        self.register_buffer("inverse_temperature", torch.tensor(1.0))
        self.gallery, self.cell_km = gallery, _cell_km(gallery)

    @classmethod
    def shipped(cls) -> OverheadModel | None:
        """The model that comes with the package; None where an installation has none.

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
        """Load an exported model, in evaluation mode, without gradients.

        Args:
            folder: Holds ``record.json``, ``model.safetensors``, ``gallery.npy`` and ``views.safetensors``.

        Raises:
            WeightsError: A file is missing, or not what the record says.
        """
        place = Path(folder)
        record = read_content(place)
        state = {
            name: value
            for file in (TENSORS, VIEW_TENSORS)
            for name, value in read_tensors(checked_file(place, record, file)).items()
        }
        gallery = read_gallery_points(checked_file(place, record, GALLERY))
        try:
            model = cls(record, gallery)
            model.load_state_dict(state)
        except (LookupError, RuntimeError, TypeError, ValueError) as error:
            reason = " ".join(str(error).split())[:300]
            raise WeightsError(f"{place} holds no whole overhead model ({reason})", hint=_AGAIN) from error
        return model.eval().requires_grad_(False)

    def forward(self, rgb: Tensor) -> Tensor:
        """Vectors of views.

        Args:
            rgb: (n, 3, s, s) in [0, 1], any size from the network's own on.

        Returns:
            (n, dim) float32, of unit length.
        """
        return self.vectors(self.features(rgb))

    def vectors(self, features: Tensor) -> Tensor:
        """Vectors (n, dim) of unit length of features (n, width)."""
        return F.normalize(self.image_mlp(features), dim=1)

    def features(self, rgb: Tensor) -> Tensor:
        """Output of the image tower (n, width) for views (n, 3, s, s) in [0, 1]."""
        pixels = self.preprocess.normalise(self.preprocess.shrink(rgb))
        features: Tensor = self.image_tower(pixels.contiguous(memory_format=torch.channels_last))
        return features

    def detail(self, rgb: Tensor) -> Tensor:
        """How much there is to see in pictures (n, 3, s, s) in [0, 1] at the network's size: (n,), 0 for blank ones."""
        return detail(self.preprocess.shrink(rgb))

    def ood_scores(self, rgb: Tensor, small: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Out-of-distribution scores: each is larger for pictures that are no views from above.

        Args:
            rgb: (n, 3, s, s) in [0, 1].
            small: The same at the network's size, where it is known.

        Returns:
            (n, 3) :meth:`feature_distance`, :meth:`statistics_distance` and :meth:`entropy`, and (n, dim) the vectors
            of the views.
        """
        features = self.features(rgb if small is None else small)
        vectors = self.vectors(features)
        scores = self.feature_distance(features), self.statistics_distance(rgb), self.entropy(vectors)
        return torch.stack(scores, 1), vectors

    def feature_distance(self, features: Tensor) -> Tensor:
        """Mahalanobis distance (n,) of features (n, width) from those of the views of training."""
        return mahalanobis_distance(features, self.feature_mean, self.feature_whitening)

    def statistics_distance(self, rgb: Tensor) -> Tensor:
        """Mahalanobis distance (n,) of the image statistics of pictures (n, 3, s, s) from those of views."""
        return mahalanobis_distance(picture_statistics(rgb), self.statistics_mean, self.statistics_whitening)

    def entropy(self, vectors: Tensor) -> Tensor:
        """Entropy (n,), in nats, of the probabilities over the cells of land for vectors (n, dim) of unit length."""
        return entropy(vectors @ self.cells.T * self.inverse_temperature)

    def predict(self, image: Image.Image) -> OverheadPrediction:
        """Where a photo was taken, if it is a view from above; raises as :meth:`check_view`."""
        return self.predict_vector(self.check_view(image))

    @torch.inference_mode()
    def check_view(self, image: Image.Image) -> Tensor:
        """Vector of a photo, if it is a view from above.

        Args:
            image: RGB, any size; its central square is used.

        Returns:
            (dim,) of unit length.

        Raises:
            NoEvidenceError: It is not a view from above.
        """
        side = min(image.size)
        left, top = (image.width - side) // 2, (image.height - side) // 2
        square = np.array(image.crop((left, top, left + side, top + side)))
        rgb = torch.from_numpy(square).permute(2, 0, 1)[None].float().div_(255)
        small = self.preprocess.shrink(rgb)  # takes its time for a large photo
        scores, vectors = self.ood_scores(rgb, small)
        if float(self.detail(small)) < LEAST_DETAIL or float(scores @ self.ood_weights) > float(self.ood_threshold):
            raise NoEvidenceError(
                NOT_FROM_ABOVE[0].upper() + NOT_FROM_ABOVE[1:],
                allowed="a picture from a satellite or an aircraft, 400 to 1600 km across, north roughly up",
                hint="use the full model for photos taken on the ground",
            )
        return vectors[0]

    @torch.inference_mode()
    def predict_vector(self, vector: Tensor) -> OverheadPrediction:
        """Where a view may have been taken: a softmax over cells of land, the likely ones divided further.

        Args:
            vector: (dim,) of unit length.
        """
        scale = float(self.inverse_temperature)
        coarse = torch.softmax(self.cells @ vector * scale, 0).double().numpy()
        order = np.argsort(-coarse)[:_KEPT_CELLS]
        order = order[: 1 + int(np.searchsorted(np.cumsum(coarse[order]), _KEPT_MASS))]
        parts = np.concatenate([disk_points(self.gallery[i], self.cell_km, _PARTS) for i in order])
        fine = torch.softmax(self._encode(parts) @ vector * scale, 0).double().numpy()
        kept = np.argsort(-fine)[: max(1, int((fine >= _LEAST).sum()))]
        latlon, probability = parts[kept], fine[kept] / fine[kept].sum()
        return OverheadPrediction(
            latlon, probability, self.cell_km / math.sqrt(_PARTS), find_clusters(latlon, probability)
        )

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

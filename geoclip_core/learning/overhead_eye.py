"""The trained eye for views from above: is this such a view, and what does it look like as a vector."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from geoclip_core.errors import NoEvidenceError, WeightsError
from geoclip_core.files import asset_path
from geoclip_core.model.image_encoder import projection_mlp
from geoclip_core.model.location_encoder import LocationEncoder
from geoclip_core.photo.preprocess import Preprocess

WEIGHTS = "weights/overhead"
ZOOMS = (1.0, 0.75, 0.55)
"""Parts of the view, around its centre, that are looked at one by one; their vectors are averaged."""


class OverheadEye(nn.Module):
    """A small image tower and its location encoder, trained together (``training/configs/overhead.yaml``).

    Args:
        record: ``record.json`` of the exported model (``learning/export.py`` describes it).
    """

    feature_mean: Tensor
    feature_whitening: Tensor
    farthest: Tensor

    def __init__(self, record: dict[str, Any]) -> None:
        super().__init__()
        import timm

        image, location = record["image"], record["location_encoder"]
        self.record = record
        self.preprocess = Preprocess(**record["preprocess"])
        self.image_tower = timm.create_model(image["architecture"], num_classes=0, **image["options"])
        self.image_mlp = projection_mlp(image["width"], location["dim"])
        self.location_encoder = LocationEncoder(
            location["sigmas"], rows=location["rows"], width=location["width"], dim=location["dim"]
        )
        self.logit_scale = nn.Parameter(torch.zeros(()))
        self.register_buffer("feature_mean", torch.zeros(image["width"]))
        self.register_buffer("feature_whitening", torch.eye(image["width"]))
        self.register_buffer("farthest", torch.tensor(torch.inf))

    @classmethod
    def from_folder(cls, folder: str | Path | None = None) -> OverheadEye:
        """Load an exported model.

        Args:
            folder: Holds ``record.json``, ``model.safetensors`` and ``views.safetensors``; the shipped one by default.

        Raises:
            WeightsError: A file is not what the record says.
            GeoclipError: The shipped folder is missing.
        """
        from safetensors.torch import load

        place = Path(folder) if folder is not None else asset_path(WEIGHTS)
        record = json.loads((place / "record.json").read_text(encoding="utf-8"))
        state: dict[str, Tensor] = {}
        for name in ("model.safetensors", "views.safetensors"):
            content = (place / name).read_bytes()
            if hashlib.sha256(content).hexdigest() != record["files"][name]["sha256"]:
                raise WeightsError(f"{place / name} is damaged", way_out="install the package again, or export again")
            state |= load(content)
        eye = cls(record)
        eye.load_state_dict(state)
        return eye.eval().requires_grad_(False)

    def forward(self, rgb: Tensor) -> Tensor:
        """Vectors of views.

        Args:
            rgb: (n, 3, s, s) in [0, 1], any size from the network's own on.

        Returns:
            (n, dim) float32, of unit length.
        """
        total = torch.zeros(len(rgb), self.location_encoder.dim)
        for zoom in ZOOMS:
            total += F.normalize(self.image_mlp(self.image_tower(self._pixels(rgb, zoom))), dim=1)
        return F.normalize(total, dim=1)

    def strangeness(self, rgb: Tensor) -> Tensor:
        """How unlike the views of training: Mahalanobis distance of the tower's features (Lee et al. 2018).

        Args:
            rgb: (n, 3, s, s) in [0, 1].

        Returns:
            (n,) distances; about ``sqrt(width)`` for a view from above.
        """
        features: Tensor = self.image_tower(self._pixels(rgb, 1.0))
        distances: Tensor = torch.linalg.vector_norm((features - self.feature_mean) @ self.feature_whitening, dim=1)
        return distances

    def check_view(self, image: Image.Image) -> Tensor:
        """Pixels of a photo, if it is a view from above.

        Args:
            image: RGB, any size; its central square is looked at.

        Returns:
            (1, 3, s, s) in [0, 1], for :meth:`forward`.

        Raises:
            NoEvidenceError: It is not a view from above.
        """
        side = min(image.size)
        left, top = (image.width - side) // 2, (image.height - side) // 2
        square = np.asarray(image.crop((left, top, left + side, top + side)), dtype=np.float32) / 255
        rgb = torch.from_numpy(square).permute(2, 0, 1)[None]
        with torch.inference_mode():
            distance = float(self.strangeness(rgb))
        if distance > float(self.farthest):
            raise NoEvidenceError(
                "This is not a view from above",
                allowed="a picture from a satellite or an aircraft, 300 to 2000 km across, north roughly up",
                way_out="use the full model for photos taken on the ground",
            )
        return rgb

    def _pixels(self, rgb: Tensor, zoom: float) -> Tensor:
        size = self.preprocess.size
        part = max(1, round(rgb.shape[-1] * zoom))
        first = (rgb.shape[-1] - part) // 2
        part_rgb = rgb[..., first : first + part, first : first + part]
        small = F.interpolate(part_rgb, size=(size, size), mode="bilinear", antialias=True, align_corners=False)
        mean, std = (torch.tensor(v)[:, None, None] for v in (self.preprocess.mean, self.preprocess.std))
        return ((small - mean) / std).contiguous(memory_format=torch.channels_last)

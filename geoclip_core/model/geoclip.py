"""The whole network: photo, text and location encoders around one scale."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from geoclip_core.model.clip import ClipShape, build_towers
from geoclip_core.model.image_encoder import ImageEncoder, projection_mlp
from geoclip_core.model.location_encoder import PAPER_SIGMAS, BaseLocationEncoder, LocationEncoder
from geoclip_core.model.text_encoder import TextEncoder

INITIAL_TEMPERATURE = 0.07  # CLIP, section 2.5


class GeoCLIP(nn.Module):
    """GeoCLIP (Vivanco Cepeda, Nayak, Shah; NeurIPS 2023).

    Args:
        image_tower: Frozen CLIP image tower.
        text_tower: Frozen CLIP text tower.
        mlp: The layers behind both towers.
        location_encoder: Encoder of points.
    """

    def __init__(
        self, image_tower: nn.Module, text_tower: nn.Module, mlp: nn.Module, location_encoder: BaseLocationEncoder
    ) -> None:
        super().__init__()
        self.image_encoder = ImageEncoder(image_tower, mlp)
        self.text_encoder = TextEncoder(text_tower, mlp)
        self.location_encoder = location_encoder
        self.logit_scale = nn.Parameter(torch.tensor(math.log(1 / INITIAL_TEMPERATURE)))

    @classmethod
    def untrained(
        cls, shape: ClipShape | None = None, sigmas: Sequence[float] = PAPER_SIGMAS, dim: int = 512
    ) -> GeoCLIP:
        """A network with random weights everywhere: nothing is loaded, looked for or downloaded.

        Args:
            shape: Sizes of CLIP; ViT-L/14 by default.
            sigmas: Scales of the location encoder.
            dim: Dimension of the common space.
        """
        shape = shape or ClipShape()
        image, text = build_towers(shape)
        return cls(image, text, projection_mlp(shape.dim, dim), LocationEncoder(sigmas, dim=dim))

    def forward(self, pixels: Tensor, latlon: Tensor) -> Tensor:
        """Scaled cosines between photos and points.

        Args:
            pixels: (n, 3, s, s), normalised as the weights record says.
            latlon: (m, 2) degrees.

        Returns:
            (n, m) float32 logits: ``exp(logit_scale) * cos(photo, point)`` (GeoCLIP, eq. 5).
        """
        photos = F.normalize(self.image_encoder(pixels), dim=1)
        points = F.normalize(self.location_encoder(latlon), dim=1)
        logits: Tensor = self.logit_scale.exp() * (photos @ points.T)
        return logits

"""Unit vectors of many points, in chunks so that memory stays flat."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from geoclip_core.files import Progress, digest
from geoclip_core.model.location_encoder import BaseLocationEncoder

CHUNK = 2048
"""Points at a time; larger chunks fall out of the processor's cache."""


def weights_digest(encoder: BaseLocationEncoder) -> str:
    """Digest of an encoder's weights, which tells its vectors from those of another."""
    return digest(*(value.detach().cpu().numpy() for value in encoder.state_dict().values()))


def encode_points(
    encoder: BaseLocationEncoder, latlon: npt.ArrayLike, progress: Progress | None = None, chunk: int = CHUNK
) -> Tensor:
    """Vectors of length 1 for any number of points.

    Args:
        encoder: The location encoder.
        latlon: (n, 2) degrees, latitude first.
        progress: Told how many points are done, and how many there are.
        chunk: Points at a time.

    Returns:
        (n, d) float32 on the encoder's device.
    """
    points = torch.from_numpy(np.array(latlon, dtype=np.float32).reshape(-1, 2))
    parts = []
    with torch.inference_mode():
        for start in range(0, len(points), chunk):
            parts.append(F.normalize(encoder(points[start : start + chunk]), dim=1))
            if progress:
                progress(min(start + chunk, len(points)), len(points))
    return torch.cat(parts) if parts else torch.zeros(0, encoder.dim)

"""Vectors of many points at once, from a table to an array."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from geoclip_core.earth.points import read_points
from geoclip_core.errors import GeoclipError
from geoclip_core.files import Progress, atomic
from geoclip_core.model.device import choose_device
from geoclip_core.model.encode import CHUNK
from geoclip_core.weights.load import LocationEncoder


def embed_csv(points: Path, out: Path, device: str = "auto", progress: Progress | None = None) -> int:
    """Encode the points of a CSV file with the released location encoder.

    Args:
        points: A CSV file with a header that names a latitude and a longitude column.
        out: The ``.npy`` file to write: (n, 512) float32, not normalised, in the order of the rows. It
            appears when it is whole.
        device: A torch device, or ``"auto"``.
        progress: Told how many points are done, and how many there are.

    Returns:
        How many points were encoded.

    Raises:
        GeoclipError: The file cannot be read or has no such columns.
        CoordinateError: A row that is no point on Earth.
        DeviceError: The device is not on this machine.
    """
    latlon = read_points(points)
    encoder = LocationEncoder.from_pretrained().to(choose_device(device))
    try:
        with atomic(out) as part:
            vectors = np.lib.format.open_memmap(part, mode="w+", dtype=np.float32, shape=(len(latlon), encoder.dim))
            for start in range(0, len(latlon), CHUNK):
                chunk = latlon[start : start + CHUNK]
                with torch.inference_mode():
                    vectors[start : start + len(chunk)] = encoder(chunk).cpu().numpy()
                if progress:
                    progress(start + len(chunk), len(latlon))
            vectors.flush()
            del vectors  # the file is closed before it is renamed, which Windows needs
    except OSError as error:
        raise GeoclipError(f"{out} cannot be written ({error})", hint="choose another path") from error
    return len(latlon)

"""Vectors of many points at once, from a table to an array."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from geoclip_core.earth.coordinates import check_latlon
from geoclip_core.errors import CoordinateError, GeoclipError
from geoclip_core.files import Progress, atomic
from geoclip_core.model.device import choose_device
from geoclip_core.model.encode import CHUNK
from geoclip_core.weights.load import LocationEncoder

LATITUDE = ("latitude", "lat")
LONGITUDE = ("longitude", "lon", "lng", "long")


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
    latlon = _read_points(points)
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


def _read_points(path: Path) -> npt.NDArray[np.float64]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            rows = csv.DictReader(stream)
            names = {name.strip().lower(): name for name in rows.fieldnames or ()}
            lat = next((names[n] for n in LATITUDE if n in names), None)
            lon = next((names[n] for n in LONGITUDE if n in names), None)
            if lat is None or lon is None:
                raise GeoclipError(
                    f"{path} has the columns {', '.join(names) or '(none)'}",
                    allowed="latitude and longitude, or lat and lon",
                )
            table = []
            for number, row in enumerate(rows, start=2):
                try:
                    table.append((float(row[lat]), float(row[lon])))
                except (TypeError, ValueError) as error:
                    raise CoordinateError(
                        f"{path}, line {number}: {row[lat]!r}, {row[lon]!r} are not numbers"
                    ) from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        if isinstance(error, GeoclipError):
            raise
        raise GeoclipError(f"{path} cannot be read as CSV ({error})", hint="check the path and the format") from error
    if not table:
        raise GeoclipError(f"{path} holds no rows", allowed="at least one point")
    return check_latlon(np.array(table), name=str(path))

"""Vectors of many points at once: from a table to an array or a table, or to a large gallery."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from geoclip_core.earth.coordinates import Floats
from geoclip_core.earth.points import read_points
from geoclip_core.errors import GeoclipError, WeightsError
from geoclip_core.files import Progress, atomic, write_rows
from geoclip_core.locate.large.build import build_gallery
from geoclip_core.model.device import choose_device
from geoclip_core.model.encode import CHUNK
from geoclip_core.model.encodings.registry import ENCODINGS, build_encoding
from geoclip_core.model.location_encoder import BaseLocationEncoder
from geoclip_core.weights.load import LocationEncoder
from geoclip_core.weights.local import find_local, load_local_encoder
from geoclip_core.weights.registry import MODELS

Vectors = npt.NDArray[np.float32]

_SEED = 0  # of the encodings that draw random directions: the same vectors every time


def find_encoder(name: str = "geoclip") -> BaseLocationEncoder:
    """A location encoder by name, ready to be called with points (n, 2) in degrees.

    Args:
        name: ``geoclip``, the released one; a formula of ``model.encodings`` such as ``sphere_c_plus``, without a
            network behind it; or a model that was trained and exported on this machine, by name or folder.

    Raises:
        WeightsError: There is no such encoder, or its weights are damaged.
    """
    if name in MODELS:
        return LocationEncoder.from_pretrained(name)
    if name in ENCODINGS:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(_SEED)
            return build_encoding(name)
    try:
        return load_local_encoder(find_local(name))
    except WeightsError as error:
        if not error.problem.startswith("There is no model"):
            raise
        raise WeightsError(
            f"There is no location encoder {name!r}",
            allowed=f"{', '.join([*MODELS, *ENCODINGS])}, or a model that was exported on this machine",
        ) from error


def embed_csv(
    points: Path, out: Path, device: str = "auto", progress: Progress | None = None, encoder: str = "geoclip"
) -> int:
    """Encode the points of a CSV file.

    Args:
        points: A CSV file with a header that names a latitude and a longitude column.
        out: The file to write, in the order of the rows; it appears when it is whole. ``.parquet``: columns
            latitude, longitude and vector; any other name: a ``.npy`` array (n, dim) float32, not normalised.
        device: A torch device, or ``"auto"``.
        progress: Told how many points are done, and how many there are.
        encoder: See :func:`find_encoder`.

    Returns:
        How many points were encoded.

    Raises:
        GeoclipError: The file cannot be read or has no such columns, or there is no such encoder.
        CoordinateError: A row that is no point on Earth.
        DeviceError: The device is not on this machine.
    """
    latlon = read_points(points)
    network = find_encoder(encoder).to(choose_device(device))
    write = _write_parquet if out.suffix.lower() == ".parquet" else _write_array
    try:
        with atomic(out) as part:
            write(part, latlon, network.dim, _chunks(network, latlon, progress))
    except OSError as error:
        raise GeoclipError(f"{out} cannot be written ({error})", hint="choose another path") from error
    return len(latlon)


def make_gallery(
    points: Path,
    out: Path,
    kind: str = "exact",
    device: str = "auto",
    progress: Progress | None = None,
    encoder: str = "geoclip",
    precision: str = "float32",
) -> int:
    """Make a large gallery of the points of a file; see ``locate.large.build``.

    Args:
        points: As for :func:`embed_csv`, or a ``.npy`` array (n, 2) in degrees, which is read bit by bit.
        out: The folder.
        kind: ``"exact"`` or ``"approximate"``.
        device: A torch device, or ``"auto"``.
        progress: Told how many points are done, and how many there are.
        encoder: ``geoclip``, or a model that was trained and exported on this machine.
        precision: ``"float32"`` or ``"bfloat16"``.

    Returns:
        How many points it has.

    Raises:
        GeoclipError: As of :func:`embed_csv` and ``build_gallery``.
    """
    network = find_encoder(encoder).to(choose_device(device))
    try:
        latlon = np.load(points, mmap_mode="r") if points.suffix == ".npy" else read_points(points)
    except (OSError, ValueError, EOFError) as error:
        raise GeoclipError(f"{points} cannot be read as an array ({error})", hint="check the path") from error
    build_gallery(network, latlon, out, kind, progress, precision=precision)
    return len(latlon)


def _chunks(network: BaseLocationEncoder, latlon: Floats, progress: Progress | None) -> Iterator[Vectors]:
    for start in range(0, len(latlon), CHUNK):
        with torch.inference_mode():
            yield network(latlon[start : start + CHUNK]).cpu().numpy()
        if progress:
            progress(min(start + CHUNK, len(latlon)), len(latlon))


def _write_array(path: Path, latlon: Floats, dim: int, chunks: Iterator[Vectors]) -> None:
    write_rows(path, np.float32, (len(latlon), dim), chunks)


def _write_parquet(path: Path, latlon: Floats, dim: int, chunks: Iterator[Vectors]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = {"latitude": pa.float64(), "longitude": pa.float64(), "vector": pa.list_(pa.float32(), dim)}
    schema, start = pa.schema(kinds), 0
    with pq.ParquetWriter(path, schema) as writer:
        for chunk in chunks:
            lat, lon = latlon[start : start + len(chunk)].T
            vectors = pa.FixedSizeListArray.from_arrays(pa.array(chunk.ravel()), dim)
            writer.write_table(pa.table([pa.array(lat), pa.array(lon), vectors], schema=schema))
            start += len(chunk)

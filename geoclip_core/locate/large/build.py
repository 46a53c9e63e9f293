"""Making a large gallery: points are encoded a shard at a time, so that neither memory nor a kill costs much."""

from __future__ import annotations

import copy
import math
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from torch import Tensor, nn

from geoclip_core.earth.coordinates import check_latlon
from geoclip_core.errors import CacheError, QueryError
from geoclip_core.files import Progress, atomic, digest, sha256, write_json, write_rows
from geoclip_core.locate.large.folder import FORMAT, INDEX, POINTS, SHARDS
from geoclip_core.locate.large.search import ExactSearch, load_faiss
from geoclip_core.model.encode import CHUNK, encode_points, weights_digest
from geoclip_core.model.location_encoder import BaseLocationEncoder
from geoclip_core.model.record import RECORD

KINDS = ("exact", "approximate")
PRECISIONS = ("float32", "bfloat16")

SHARD = 1 << 20
"""Points of a shard: 1 GiB of vectors of 512 numbers."""

NUMBERS = 256
"""Numbers of a vector that the index keeps."""

CODE = "SQ4"
"""How FAISS keeps them: half a byte each; docs/scale.md compares."""

_ADDED = 1 << 16  # vectors that the index takes at a time: 128 MiB in float32
_PER_CELL = 40  # vectors that each cell is trained on; FAISS advises 39 to 256
_PROJECTED = 1 << 15  # vectors that the projection is made of
_SEED = 0


def build_gallery(
    encoder: BaseLocationEncoder,
    latlon: npt.NDArray[Any],
    folder: Path,
    kind: str = "exact",
    progress: Progress | None = None,
    *,
    precision: str = "float32",
    shard: int = SHARD,
) -> None:
    """Make a large gallery, or go on with one; see ``folder.py`` for what is written.

    An exact gallery that was interrupted goes on with the shard that it was at. An approximate one is made of
    the vectors that the folder holds already, of the same points and encoder; else it encodes them and keeps only the
    index.

    Args:
        encoder: The location encoder.
        latlon: (n, 2) degrees, any float type; read in blocks, so it may be memory-mapped.
        folder: Where to; made where it is not there.
        kind: ``"exact"`` or ``"approximate"``.
        progress: Told how many points are done, and how many there are.
        precision: In which the encoder's layers compute, ``"float32"`` or ``"bfloat16"``: many times faster where the
            processor computes in it, with vectors whose cosine to those of float32 is above 0.999.
        shard: Points of a shard.

    Raises:
        QueryError: There is no such kind or precision.
        CoordinateError: A point that is not on Earth.
        CacheError: The folder cannot be written.
        MissingDependencyError: An approximate gallery needs the package faiss.
    """
    if kind not in KINDS:
        raise QueryError(f"There is no gallery of kind {kind!r}", allowed=" or ".join(KINDS))
    if kind == "approximate":
        load_faiss()  # before hours of work
    made_with = weights_digest(encoder)
    fast = _computing_in(encoder, precision)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        names, parts = [POINTS], []
        for start in range(0, len(latlon), shard):
            points = check_latlon(np.asarray(latlon[start : start + shard]), name=f"points from {start}")
            part = points.astype(np.float32)
            parts.append((start, part, f"vectors-{start // shard:05d}-{digest(made_with, precision, part)}.npy"))
        with atomic(folder / POINTS) as path, path.open("wb") as stream:
            np.save(stream, np.concatenate([part for _, part, _ in parts]))
        if kind == "exact":
            for start, part, name in parts:
                if not (folder / name).exists():
                    _write_shard(folder / name, fast, part, _later(progress, start, len(latlon)))
                if progress:
                    progress(start + len(part), len(latlon))
        kept = all((folder / name).exists() for _, _, name in parts)
        names += [name for _, _, name in parts] if kept else []
        if kind == "approximate":
            shards = [np.load(folder / name, mmap_mode="c") for _, _, name in parts] if kept else []
            _write_index(folder / INDEX, fast, np.load(folder / POINTS, mmap_mode="r"), shards, progress)
            names.append(INDEX)
        write_json(
            folder / RECORD,
            {
                "format": FORMAT,
                "encoder": made_with,
                "count": len(latlon),
                "files": {name: {"sha256": sha256(folder / name)} for name in names},
            },
        )
        for path in folder.iterdir():
            if path.name not in names and (path.match(SHARDS) or path.name == INDEX):
                path.unlink()
    except OSError as error:
        raise CacheError(
            f"The gallery cannot be written to {folder} ({error.strerror or error})",
            hint="make room, or choose another folder; what is finished is kept",
        ) from error


def index_recipe(count: int) -> str:
    """What FAISS calls the index: about 2 sqrt(n) cells, and codes."""
    cells = 2 ** round(math.log2(2 * math.sqrt(count)))
    return f"IVF{max(1, min(cells, count // _PER_CELL))},{CODE}"


def projection(vectors: npt.NDArray[np.float32], numbers: int) -> npt.NDArray[np.float32]:
    """(numbers, d) directions that hold most of the length of vectors (n, d): inner products change least.

    The eigenvectors of the second moment. Unlike in a principal component analysis the mean is not taken away, which
    would change which of several points has the largest inner product with a vector.
    """
    directions = np.linalg.eigh(vectors.T.astype(np.float64) @ vectors)[1][:, ::-1]
    return np.ascontiguousarray(directions[:, :numbers].T, dtype=np.float32)


def _computing_in(encoder: BaseLocationEncoder, precision: str) -> BaseLocationEncoder:
    if precision not in PRECISIONS:
        raise QueryError(f"There is no precision {precision!r}", allowed=" or ".join(PRECISIONS))
    if precision == "float32":
        return encoder
    copied = copy.deepcopy(encoder)
    for module in copied.modules():
        if isinstance(module, nn.Linear):  # the waves of the Fourier features need float32
            module.bfloat16()
    return copied


def _later(progress: Progress | None, start: int, total: int) -> Progress | None:
    return (lambda done, _: progress(start + done, total)) if progress else None


def _write_shard(
    path: Path, encoder: BaseLocationEncoder, points: npt.NDArray[np.float32], progress: Progress | None
) -> None:
    def blocks() -> Iterator[npt.NDArray[np.float32]]:
        for start in range(0, len(points), CHUNK):
            yield encode_points(encoder, points[start : start + CHUNK]).cpu().numpy()
            if progress:
                progress(min(start + CHUNK, len(points)), len(points))

    with atomic(path) as part:
        write_rows(part, np.float16, (len(points), encoder.dim), blocks())


def _write_index(
    path: Path,
    encoder: BaseLocationEncoder,
    latlon: npt.NDArray[np.float32],
    shards: Sequence[npt.NDArray[np.float16]],
    progress: Progress | None,
) -> None:
    faiss = load_faiss()
    kept = ExactSearch(shards) if shards else None

    def vectors_of(rows: npt.NDArray[np.int64]) -> Tensor:
        return kept.vectors(rows) if kept else encode_points(encoder, latlon[rows]).cpu()

    kept_numbers = min(encoder.dim, NUMBERS)
    cells = faiss.index_factory(kept_numbers, index_recipe(len(latlon)), faiss.METRIC_INNER_PRODUCT)
    drawn = np.random.default_rng(_SEED).choice(len(latlon), min(len(latlon), _PER_CELL * cells.nlist), replace=False)
    directions = projection(vectors_of(drawn[:_PROJECTED]).numpy(), kept_numbers)
    parts = [vectors_of(np.sort(drawn[i : i + _ADDED])).numpy() @ directions.T for i in range(0, len(drawn), _ADDED)]
    cells.train(np.concatenate(parts))
    del parts
    cut = faiss.LinearTransform(encoder.dim, kept_numbers, False)
    faiss.copy_array_to_vector(directions.ravel(), cut.A)
    cut.is_trained = True
    index = faiss.IndexPreTransform(cut, cells)
    for start in range(0, len(latlon), _ADDED):
        rows = np.arange(start, min(start + _ADDED, len(latlon)))
        index.add(vectors_of(rows).numpy())
        if progress:
            progress(int(rows[-1]) + 1, len(latlon))
    with atomic(path) as part:
        faiss.write_index(index, os.fspath(part))

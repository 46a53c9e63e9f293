"""Features that another program made, as a folder that training reads like one of ``make_features.py``."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import save_file

from geoclip_core.errors import DataError
from geoclip_core.files import Progress, digest
from geoclip_core.learning.data.manifest import Manifest
from geoclip_core.learning.data.table import Columns, PairTable, read_table
from geoclip_core.photo.preprocess import Preprocess

_COLUMNS = ("features", "feature", "embedding", "embeddings", "vector", "emb")
_ALLOWED = ".npy of (rows, numbers) or (rows, views, numbers), or .parquet with a column of lists of numbers"


def import_features(
    features: Path,
    table: Path,
    out: Path,
    *,
    tower: str,
    preprocess: Preprocess | None = None,
    width: int | None = None,
    columns: Columns | None = None,
    part_rows: int = 65536,
    progress: Progress | None = None,
) -> PairTable:
    """Write features and places as :class:`CachedFeatures` reads them; a run that was stopped goes on.

    Row i of the features is row i of the table; rows whose place cannot be used are left out of both.

    Args:
        features: ``.npy``, of which the first view is the plain one where there are several, or ``.parquet``.
        table: Their places; may be the same Parquet file.
        out: The folder to write.
        tower: Label of the backbone, see ``model.backbones.registry``: a name and a digest or :data:`UNCHECKED`.
        preprocess: How the backbone sees a photo, where that is known; needed to answer from photos.
        width: Numbers that the backbone makes, where that is known.
        columns: Names of the table's columns, where they are not known ones.
        part_rows: Rows of a file.
        progress: Told after each file how many are done.

    Returns:
        The table's rows that were used, and those that were not.

    Raises:
        DataError: The features cannot be read, are not finite, or do not fit the table or the backbone.
    """
    vectors = _read(features)
    pairs = read_table(table, columns, images=False)
    every = len(pairs.rows) + len(pairs.skipped)
    if len(vectors) != every:
        raise DataError(
            f"{features} holds {len(vectors)} rows, and {table} {every}: row by row they must belong together",
            hint="write the features in the order of the table, one for each of its rows",
        )
    if width is not None and vectors.shape[-1] != width:
        raise DataError(
            f"{features} holds {vectors.shape[-1]} numbers per photo, and {tower.split()[0]} makes {width}",
            hint="name the backbone that made them",
        )
    views = vectors.shape[1] if vectors.ndim == 3 else 0
    parts = -(-len(pairs.rows) // part_rows)
    manifest = Manifest(
        out,
        {
            "parts": parts,
            "pairs": digest(pairs.latlon, str(vectors.shape), str(features.stat().st_size)),
            "tower": tower,
            "views": {"count": views, "preprocess": None if preprocess is None else dataclasses.asdict(preprocess)},
            "dtype": str(vectors.dtype),
            "part_rows": part_rows,
            "width": int(vectors.shape[-1]),
            "imported": features.name,
        },
    )
    for part in range(parts):
        if not manifest.has(part):
            inside = slice(part * part_rows, (part + 1) * part_rows)
            with manifest.writing(part, ".safetensors") as file:
                save_file(_tensors(vectors, pairs, inside, features), file)
            bad = [vars(item) for item in pairs.skipped] if part == 0 else []
            manifest.add(part, (".safetensors",), rows=len(pairs.rows[inside]), skipped=bad)
        if progress is not None:
            progress(part + 1, parts)
    return pairs


def _tensors(vectors: npt.NDArray[Any], pairs: PairTable, inside: slice, features: Path) -> dict[str, torch.Tensor]:
    rows = pairs.rows[inside]
    taken = np.ascontiguousarray(vectors[rows])
    if not (finite := np.isfinite(taken).reshape(len(taken), -1).all(axis=1)).all():
        raise DataError(
            f"Row {int(rows[~finite][0])} of {features} is not finite, as are {int((~finite).sum()) - 1} more",
            hint="leave these rows out of features and table",
        )
    tensor = torch.from_numpy(taken)
    plain = tensor if tensor.ndim == 2 else tensor[:, 0]
    none = tensor.new_zeros(len(taken), 0, tensor.shape[-1])
    return {
        "plain": plain.contiguous(),
        "views": none if tensor.ndim == 2 else tensor.contiguous(),
        "latlon": torch.from_numpy(pairs.latlon[inside].copy()),
        "rows": torch.from_numpy(rows.copy()),
        "owners": torch.full((len(rows),), -1)
        if pairs.owners is None
        else torch.from_numpy(pairs.owners[inside].copy()),
    }


def _read(file: Path) -> npt.NDArray[Any]:
    """(n, d) or (n, P, d) floating point."""
    if not file.is_file():
        raise DataError(f"There is no file {file}", hint="check the path")
    try:
        if file.suffix == ".npy":
            vectors = np.load(file, mmap_mode="r", allow_pickle=False)
        elif file.suffix == ".parquet":
            vectors = _read_parquet(file)
        else:
            raise DataError(f"{file} is no file of features", allowed=_ALLOWED)
    except (ValueError, OSError, EOFError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{file} cannot be read ({error})", allowed=_ALLOWED) from error
    if not isinstance(vectors, np.ndarray):
        raise DataError(f"{file} holds several arrays", allowed=_ALLOWED)
    if vectors.ndim not in (2, 3) or vectors.dtype.kind != "f" or not vectors.size:
        raise DataError(f"{file} holds {vectors.dtype} of shape {vectors.shape}", allowed=_ALLOWED)
    kind = np.float16 if vectors.dtype.itemsize == 2 else np.float32  # the order of bytes is this machine's
    floats: npt.NDArray[Any] = vectors.astype(kind, copy=False)
    return floats


def _read_parquet(file: Path) -> npt.NDArray[Any]:
    import pyarrow.parquet as pq
    import pyarrow.types as kinds

    schema = pq.read_schema(file)
    is_list = (kinds.is_list, kinds.is_large_list, kinds.is_fixed_size_list)
    lists = [field.name for field in schema if any(is_kind(field.type) for is_kind in is_list)]
    name = next((each for each in lists if each.lower() in _COLUMNS), lists[0] if len(lists) == 1 else None)
    if name is None:
        raise DataError(
            f"{file} has no column of features; its columns are {', '.join(schema.names)}",
            allowed=f"a column of lists of numbers, called {', '.join(_COLUMNS)} where there are several",
        )
    return np.stack(pq.read_table(file, columns=[name])[name].to_numpy())

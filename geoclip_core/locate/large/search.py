"""The points of a large gallery that are most similar to a vector: exactly, or fast by an index of FAISS.

Exact search reads every vector, shard by shard, as half-precision numbers from files that are mapped into memory: what
it holds itself does not grow with the gallery. The index keeps a short code of each vector and looks into the nearest
few of many cells (an inverted file: Sivic and Zisserman 2003, Video Google); the best of what it finds are compared
again by their full vectors, so that its cosines are those of the exact search.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from geoclip_core.errors import MissingDependencyError

Rows = npt.NDArray[np.int64]

BLOCK = 16_384
"""Vectors that are compared at a time: 32 MB in float32 at 512 numbers each."""

PROBES = 64
"""Cells that the index looks into, at most."""

AGAIN = 4
"""How many times as many points as asked for are compared again by their full vectors."""


@dataclass(frozen=True)
class Found:
    """The most similar points of each of several vectors, best first.

    Attributes:
        rows: (m, k) of the points in the gallery.
        cosines: (m, k) float32.
    """

    rows: Rows
    cosines: npt.NDArray[np.float32]


class PointSearch(Protocol):
    """What finds points by vectors."""

    def search(self, vectors: Tensor, k: int) -> Found:
        """The k points with the largest cosine.

        Args:
            vectors: (m, d) float32 of length 1.
            k: How many; where the gallery holds fewer, all of them.
        """
        ...


class ExactSearch:
    """Comparison with every vector.

    Args:
        shards: (n_i, d) float16 arrays of vectors of length 1, one after the other, usually memory-mapped.
    """

    def __init__(self, shards: Sequence[npt.NDArray[np.float16]]) -> None:
        self._shards = shards
        self._starts = np.cumsum([0, *(len(shard) for shard in shards)])

    def __len__(self) -> int:
        return int(self._starts[-1])

    def search(self, vectors: Tensor, k: int) -> Found:
        """As :meth:`PointSearch.search`."""
        asked = vectors.float().cpu().T.contiguous()
        best, rows = torch.zeros(0, asked.shape[1]), torch.zeros(0, asked.shape[1], dtype=torch.int64)
        with torch.inference_mode():
            for first, shard in zip(self._starts, self._shards, strict=False):
                for start in range(0, len(shard), BLOCK):
                    cosines = _float32(shard[start : start + BLOCK]) @ asked
                    top, at = torch.topk(cosines, min(k, len(cosines)), dim=0)
                    best, order = torch.topk(torch.cat([best, top]), min(k, len(best) + len(top)), dim=0)
                    rows = torch.gather(torch.cat([rows, at + (int(first) + start)]), 0, order)
        return Found(rows.T.numpy(), best.T.numpy())

    def vectors(self, rows: Rows) -> Tensor:
        """(m, d) float32 vectors of some points, by their rows in the gallery."""
        found = torch.empty(len(rows), self._shards[0].shape[1])
        shard = np.searchsorted(self._starts, rows, "right") - 1
        for number in np.unique(shard):
            own = shard == number
            found[torch.from_numpy(own)] = _float32(self._shards[number][rows[own] - self._starts[number]])
        return found


class IndexSearch:
    """Search by an index of FAISS, whose codes are mapped into memory from its file.

    Args:
        path: The index.
        vectors_of: Gives the full vectors (m, d) float32 of length 1 of rows (m,).
        probes: Cells that are looked into.

    Raises:
        MissingDependencyError: The package faiss is not installed.
    """

    def __init__(self, path: Path, vectors_of: Callable[[Rows], Tensor], probes: int = PROBES) -> None:
        faiss = load_faiss()
        self._index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP | faiss.IO_FLAG_READ_ONLY)
        cells = faiss.extract_index_ivf(self._index)
        cells.nprobe = min(probes, cells.nlist)
        self._vectors_of = vectors_of

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def search(self, vectors: Tensor, k: int) -> Found:
        """As :meth:`PointSearch.search`, where a few of the k points may be missed for slightly less similar ones."""
        asked = vectors.float().cpu()
        most = min(k, len(self))
        near = self._index.search(asked.numpy(), min(AGAIN * most, len(self)))[1]
        rows, cosines = np.zeros((len(asked), most), np.int64), np.full((len(asked), most), -np.inf, np.float32)
        for number, own in enumerate(near):
            own = own[own >= 0]  # FAISS fills up with -1 where its cells hold fewer
            again = self._vectors_of(own) @ asked[number]
            top, at = torch.topk(again, min(most, len(own)))
            rows[number, : len(top)], cosines[number, : len(top)] = own[at.numpy()], top.numpy()
        enough = int(np.isfinite(cosines).all(axis=0).sum())
        return Found(rows[:, :enough], cosines[:, :enough])


def load_faiss() -> Any:
    """The package faiss.

    Raises:
        MissingDependencyError: It is not installed.
    """
    try:
        import faiss
    except ImportError as error:
        raise MissingDependencyError(
            "An approximate gallery needs the package faiss",
            allowed="an exact one without it",
            hint='pip install "geoclip-core[faiss]"',
        ) from error
    return faiss


def _float32(block: npt.NDArray[np.float16]) -> Tensor:
    return torch.from_numpy(np.asarray(block)).float()

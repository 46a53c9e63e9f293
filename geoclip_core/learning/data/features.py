"""Feature cache: features of a frozen backbone, made once and then read by memory map.

The backbone is frozen in the paper, so its features of a photo never change: 307 million parameters need to run on
each view once, not once per epoch. The features of a view take 1.5 kB in bfloat16.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from geoclip_core.errors import DataError, PhotoError
from geoclip_core.files import Progress, digest
from geoclip_core.learning.data.dataset import Batch, PairSource, Rows
from geoclip_core.learning.data.manifest import Manifest
from geoclip_core.learning.data.table import Skipped, skipped_in
from geoclip_core.learning.randomness import random_keys
from geoclip_core.photo.ahead import decoding_pool, decoding_threads, grouped, made_ahead
from geoclip_core.photo.preprocess import Preprocess

if TYPE_CHECKING:
    from PIL import Image

    from geoclip_core.learning.data.photos import PhotoPairs


def make_features(
    source: PhotoPairs,
    tower: nn.Module,
    folder: str | Path,
    *,
    tower_name: str,
    batch_size: int = 64,
    part_rows: int = 4096,
    workers: int = 0,
    rank: int = 0,
    processes: int = 1,
    seed: int = 0,
    progress: Progress | None = None,
) -> list[Skipped]:
    """Features of every photo: one plain view, and the source's random views.

    Parts are dealt out to processes by number; a part that is there already is kept. Each is a safetensors file
    of ``plain`` (n, d), ``views`` (n, P, d), ``latlon`` (n, 2), ``rows`` (n,) and ``owners`` (n,).

    Args:
        source: Photos, and their views.
        tower: (n, 3, s, s) -> (n, d), frozen. It runs where it is, and features are stored in its precision:
            bfloat16 halves time and space.
        folder: Where the parts go.
        tower_name: Names the tower, with a digest of its weights; features of different towers must not mix.
        batch_size: Photos at a time; each has P + 1 views.
        part_rows: Rows of a part.
        workers: Processes that decode and make the views; 0 for threads of this process, which decode ahead of the
            tower as those of ``Locator.locate_many`` do.
        rank: This process.
        processes: How many share the work.
        seed: Of the random views.
        progress: Told after each part how many of this process's parts are done.

    Returns:
        Photos that could not be read, among this process's parts.

    Raises:
        DataError: The folder holds features made with other settings.
    """
    weight = next(tower.parameters())
    parts = -(-len(source) // part_rows)
    manifest = Manifest(
        Path(folder),
        {
            "parts": parts,
            "pairs": source.digest,
            "tower": tower_name,
            "views": dataclasses.asdict(source.views),
            "dtype": str(weight.dtype).removeprefix("torch."),
            "part_rows": part_rows,
            "seed": seed,
        },
    )
    tower.eval()
    mine = range(rank, parts, processes)
    for done, part in enumerate(mine):
        if not manifest.has(part):
            rows = np.arange(part * part_rows, min(len(source), (part + 1) * part_rows))
            tensors, bad = _part(source, tower, rows, batch_size, workers, seed)
            with manifest.writing(part, ".safetensors") as file:
                save_file(tensors, file)
            manifest.add(part, (".safetensors",), rows=len(tensors["rows"]), skipped=[vars(b) for b in bad])
        if progress is not None:
            progress(done + 1, len(mine))
    return skipped_in(map(manifest.record, mine))


_Views = tuple[int, Tensor | str]
"""A row, and its views (P + 1, 3, s, s), the plain one first, or a message where its photo cannot be read."""


class _Decoded(Dataset[_Views]):
    """The views of single photos, for processes of their own."""

    def __init__(self, source: PhotoPairs, rows: Rows, seed: int) -> None:
        self.source, self.rows, self.seed = source, rows, seed

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> _Views:
        return _all_views(self.source, self.seed, *_opened(self.source, int(self.rows[index])))


def _opened(source: PhotoPairs, row: int) -> tuple[int, Image.Image | str]:
    try:
        return row, source.open(row).image
    except PhotoError as error:
        return row, error.problem


def _all_views(source: PhotoPairs, seed: int, row: int, image: Image.Image | str) -> _Views:
    if isinstance(image, str):
        return row, image
    views = source.views
    random = [views.random(image, seed, row)] if views.count else []
    return row, torch.cat((views.plain(image), *random))


def _by_threads(source: PhotoPairs, rows: Rows, seed: int) -> Iterator[_Views]:
    """Decoded in threads, a few photos ahead; random views draw from the generator of the process, one at a time."""
    pool = decoding_pool()
    try:
        few = grouped(rows.tolist(), decoding_threads())
        for opened in made_ahead(few, lambda row: _opened(source, row), pool):
            yield from (_all_views(source, seed, row, image) for row, image in opened)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _batches(source: PhotoPairs, rows: Rows, batch_size: int, workers: int, seed: int, pin: bool) -> Any:
    """Lists of so many rows with their views, in order."""
    if not workers:
        return grouped(_by_threads(source, rows, seed), batch_size)
    return DataLoader(
        _Decoded(source, rows, seed), batch_size=batch_size, num_workers=workers, collate_fn=list, pin_memory=pin
    )


def _part(
    source: PhotoPairs,
    tower: nn.Module,
    rows: Rows,
    batch_size: int,
    workers: int,
    seed: int,
) -> tuple[dict[str, Tensor], list[Skipped]]:
    weight = next(tower.parameters())
    features: list[Tensor] = []
    kept: list[int] = []
    bad: list[Skipped] = []
    for items in _batches(source, rows, batch_size, workers, seed, weight.is_cuda):
        good = [(row, view) for row, view in items if isinstance(view, Tensor)]
        failed = [(row, text) for row, text in items if isinstance(text, str)]
        bad += [Skipped(int(source.numbers[row]), source.name(row), text) for row, text in failed]
        if good:
            pixels = torch.stack([views for _, views in good])
            features.append(encode_views(tower, pixels.to(weight.device, weight.dtype, non_blocking=True)))
            kept += [row for row, _ in good]
    count = source.views.count
    every = torch.cat(features) if features else torch.zeros(0, count + 1, 1, dtype=weight.dtype)
    return {
        "plain": every[:, 0].contiguous(),
        "views": every[:, 1:].contiguous(),
        "latlon": torch.from_numpy(source.latlon[kept]),
        "rows": torch.tensor(kept, dtype=torch.int64),
        "owners": torch.full((len(kept),), -1) if source.owners is None else torch.from_numpy(source.owners[kept]),
    }, bad


@torch.inference_mode()
def encode_views(tower: nn.Module, pixels: Tensor) -> Tensor:
    """Features of views.

    Args:
        tower: (n, 3, s, s) -> (n, d).
        pixels: (n, P, 3, s, s), where the tower is.

    Returns:
        (n, P, d) on the CPU.
    """
    flat: Tensor = tower(pixels.flatten(0, 1))
    return flat.reshape(*pixels.shape[:2], -1).cpu()


def fingerprints(content: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint64]:
    """A number for each row of bytes (n, k), the same for the same bytes."""
    words = [int.from_bytes(hashlib.blake2b(row.tobytes(), digest_size=8).digest(), "little") for row in content]
    return np.array(words, dtype=np.uint64)


class CachedFeatures(PairSource):
    """Features made by :func:`make_features`, read by memory map.

    Args:
        folder: Where they are.
        views: How many of the cached random views make a training batch, drawn anew each time; none takes all of
            them, 0 the plain view.

    Raises:
        DataError: The folder is not complete, holds nothing, or fewer views.
    """

    def __init__(self, folder: str, views: int | None = None) -> None:
        self.manifest = Manifest.of(Path(folder).expanduser())
        self._parts = self._open()
        if not self._parts:
            raise DataError(f"{folder} holds no features: none of the photos could be read")
        self._starts = np.cumsum([0, *(len(part["rows"]) for part in self._parts)])
        self.latlon = torch.cat([part["latlon"] for part in self._parts]).numpy()
        owners = torch.cat([part["owners"] for part in self._parts]).numpy()
        self.owners = owners if (owners >= 0).all() else None
        cached = self._parts[0]["views"].shape[1]
        if views is not None and not 0 <= views <= cached:
            raise DataError(f"{folder} holds {cached} views of each photo, not {views}", allowed=f"0 to {cached}")
        seen = self.manifest.settings["views"]["preprocess"]  # unknown for features that others made
        self.preprocess = None if seen is None else Preprocess.from_record(seen)
        self.width = int(self._parts[0]["plain"].shape[1])
        self.tower = self.manifest.settings["tower"]
        self.views, self._cached = cached if views is None else views, cached
        records = [self.manifest.record(part) for part in range(self.manifest.parts)]
        self.skipped = tuple(skipped_in(records))
        self.digest = digest(*(mark["sha256"] for record in records for mark in record["files"].values()))

    def _open(self) -> list[dict[str, Tensor]]:
        """The parts that hold something; their tensors are pages of the files, not copies."""
        parts = [load_file(self.manifest.path(part, ".safetensors")) for part in range(self.manifest.parts)]
        return [part for part in parts if len(part["rows"])]

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_parts": None}  # a worker maps the files itself

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._parts = self._open()

    def training_batch(self, rows: Rows, seed: int, epoch: int) -> Batch:
        """Cached random views."""
        if not self.views:
            return self.validation_batch(rows)
        if self.views == self._cached:
            return self._batch(self._take("views", rows), rows)
        # Of the views of each row, those with the smallest random keys are drawn.
        keys = random_keys(rows[:, None] * self._cached + np.arange(self._cached), seed, epoch)
        drawn = np.argsort(keys, axis=1)[:, : self.views]
        return self._batch(self._take("views", rows, torch.from_numpy(drawn)), rows)

    def validation_batch(self, rows: Rows) -> Batch:
        """The plain view."""
        return self._batch(self._take("plain", rows)[:, None], rows)

    def identities(self, rows: Rows) -> npt.NDArray[np.uint64]:
        """A number for each plain view's features."""
        plain = self._take("plain", rows)
        return fingerprints(plain.view(torch.uint8).numpy())

    def _batch(self, inputs: Tensor, rows: Rows) -> Batch:
        return Batch(inputs, torch.from_numpy(self.latlon[rows]), torch.from_numpy(rows))

    def _take(self, name: str, rows: Rows, drawn: Tensor | None = None) -> Tensor:
        owner = np.searchsorted(self._starts, rows, side="right") - 1
        first = self._parts[0][name]
        shape = first.shape[1:] if drawn is None else (drawn.shape[1], *first.shape[2:])
        out = torch.empty(len(rows), *shape, dtype=first.dtype)
        for part in np.unique(owner).tolist():
            here = np.flatnonzero(owner == part)
            inside = torch.from_numpy(rows[here] - self._starts[part])
            tensor = self._parts[part][name]
            out[here] = tensor[inside] if drawn is None else tensor[inside[:, None], drawn[here]]
        return out

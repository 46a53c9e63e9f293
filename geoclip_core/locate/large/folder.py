"""A large gallery on disk: its points, its vectors in shards, its index, and a record that is written last.

| file | what |
|---|---|
| ``record.json`` | how many points, under which location encoder, and the sha256 of every file |
| ``points.npy`` | (n, 2) float32 degrees |
| ``vectors-*.npy`` | (up to 2**20, d) float16, of length 1; an exact gallery has them |
| ``index.faiss`` | an approximate gallery has it |
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from geoclip_core.errors import WeightsError
from geoclip_core.locate.large.search import ExactSearch, IndexSearch, PointSearch, Rows
from geoclip_core.model.encode import encode_points, weights_digest
from geoclip_core.model.location_encoder import BaseLocationEncoder
from geoclip_core.model.record import checked_file, read_content
from geoclip_core.weights.digests import cached_sha256

POINTS, INDEX, SHARDS = "points.npy", "index.faiss", "vectors-*.npy"
FORMAT = 1
BUILD_AGAIN = "build it again with `python -m geoclip_core gallery`"


@dataclass(frozen=True, eq=False)
class LargeGallery:
    """An opened folder.

    Attributes:
        folder: Where it is.
        latlon: (n, 2) float32 degrees, memory-mapped.
        encoder: The location encoder that made its vectors.
        key: Digest of its record.
        shards: Its vectors, memory-mapped; none where it keeps only the index.
        index: File of the index; None where it has none.
    """

    folder: Path
    latlon: npt.NDArray[np.float32]
    encoder: BaseLocationEncoder
    key: str
    shards: tuple[npt.NDArray[np.float16], ...]
    index: Path | None

    def __len__(self) -> int:
        return len(self.latlon)

    @cached_property
    def exact(self) -> ExactSearch | None:
        """Exact search, where the vectors are kept."""
        return ExactSearch(self.shards) if self.shards else None

    @cached_property
    def search(self) -> PointSearch:
        """The index where there is one, else exact search.

        Raises:
            MissingDependencyError: There is an index, and the package faiss is not installed.
        """
        if self.index is not None:
            return IndexSearch(self.index, self.exact.vectors if self.exact else self._encoded)
        assert self.exact is not None
        return self.exact

    def _encoded(self, rows: Rows) -> torch.Tensor:
        return encode_points(self.encoder, self.latlon[rows]).cpu()


def open_gallery(folder: str | Path, encoder: BaseLocationEncoder) -> LargeGallery:
    """Open a gallery that ``build.build_gallery`` made.

    Every file's digest is compared with the record once, and again where the file has changed.

    Args:
        folder: Where it is.
        encoder: The location encoder of the model that will ask.

    Raises:
        WeightsError: There is no whole gallery, a file is damaged, or it was made with another encoder.
    """
    place = Path(folder).expanduser()
    content = read_content(place, again=BUILD_AGAIN)
    try:
        form, made_with, names = content["format"], content["encoder"], [str(name) for name in content["files"]]
    except (LookupError, TypeError) as error:
        raise WeightsError(f"{place} holds no record of a large gallery", hint=BUILD_AGAIN) from error
    if form != FORMAT:
        raise WeightsError(f"{place} is a gallery of format {form!r}", allowed=f"{FORMAT}", hint=BUILD_AGAIN)
    if made_with != weights_digest(encoder):
        raise WeightsError(
            f"The gallery {place} was made with another location encoder than the model's", hint=BUILD_AGAIN
        )
    files = {name: checked_file(place, content, name, cached_sha256, again=BUILD_AGAIN) for name in names}
    try:
        arrays = {name: np.load(path, mmap_mode="c") for name, path in files.items() if path.suffix == ".npy"}
        latlon = arrays.pop(POINTS)
    except (OSError, ValueError, LookupError) as error:
        raise WeightsError(f"{place} cannot be read ({error!r})", hint=BUILD_AGAIN) from error
    shards = tuple(arrays[name] for name in sorted(arrays))
    key = str(content["files"][POINTS]["sha256"])[:16]
    return LargeGallery(place, latlon, encoder, key, shards, files.get(INDEX))

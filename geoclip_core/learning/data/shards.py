"""Millions of photos in few files: WebDataset shards, with an index by which any row is read directly.

Each part is a plain tar of ``000000123.jpg`` and ``000000123.json`` (latitude, longitude, image), named after the
table's rows, which the webdataset library and every other reader of that layout understand. Beside it lies an index of
where each photo begins: so the pipeline reads shards in any order, splits them, takes fractions and resumes exactly,
as it does with a folder. webdataset's own index (``wids``) lists shards, without the places and photographers that
splits need.
"""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from geoclip_core.errors import DataError, PhotoError
from geoclip_core.files import Progress, digest
from geoclip_core.learning.data.augment import PhotoViews
from geoclip_core.learning.data.imported.tars import index_shards, shard_files
from geoclip_core.learning.data.manifest import Manifest
from geoclip_core.learning.data.photos import PhotoFolder, PhotoPairs
from geoclip_core.learning.data.settings_text import settings_text
from geoclip_core.learning.data.table import Skipped, skipped_in
from geoclip_core.photo.decode import Photo, open_photo

_QUALITY = 92  # of photos that are made smaller: no visible loss
_INDEX = np.dtype([("row", "<i8"), ("offset", "<i8"), ("size", "<i8"), ("latlon", "<f4", 2), ("owner", "<i8")])


def make_shards(
    source: PhotoFolder,
    folder: str | Path,
    *,
    part_rows: int = 4096,
    longest_side: int | None = None,
    rank: int = 0,
    processes: int = 1,
    progress: Progress | None = None,
) -> list[Skipped]:
    """Write photos and places into shards; every photo is decoded once, so that what is in a shard can be read.

    Args:
        source: Photos in a folder.
        folder: Where the shards go; parts that are there already are kept.
        part_rows: Rows of a shard.
        longest_side: Photos larger than this are made smaller, in pixels; none keeps every file as it is.
        rank: This process.
        processes: How many share the work.
        progress: Told after each part how many of this process's parts are done.

    Returns:
        Photos that could not be read, among this process's parts.

    Raises:
        DataError: The folder holds shards of other pairs or settings.
    """
    parts = -(-len(source) // part_rows)
    settings = {
        "parts": parts,
        "pairs": digest(source.latlon, "\n".join(source.images.tolist())),
        "part_rows": part_rows,
        "longest_side": longest_side,
    }
    manifest = Manifest(Path(folder), settings)
    mine = range(rank, parts, processes)
    for done, part in enumerate(mine):
        if not manifest.has(part):
            first = part * part_rows
            with manifest.writing(part, ".tar") as tar, manifest.writing(part, ".npy") as index:
                bad = _write_tar(source, range(first, min(len(source), first + part_rows)), tar, longest_side)
                with index.open("wb") as stream:
                    np.save(stream, _index(source, tar))
            manifest.add(part, (".tar", ".npy"), skipped=[vars(item) for item in bad])
        if progress is not None:
            progress(done + 1, len(mine))
    return skipped_in(map(manifest.record, mine))


def _write_tar(source: PhotoFolder, rows: range, file: Path, longest_side: int | None) -> list[Skipped]:
    bad = []
    with tarfile.open(file, "w", format=tarfile.USTAR_FORMAT) as tar:
        for row in rows:
            try:
                data, kind = _encoded(source, row, longest_side)
            except PhotoError as error:
                bad.append(Skipped(int(source.numbers[row]), source.name(row), error.problem))
                continue
            lat, lon = source.latlon[row].tolist()
            about = {"latitude": lat, "longitude": lon, "image": source.name(row)}
            for suffix, content in ((kind, data), ("json", json.dumps(about).encode())):
                entry = tarfile.TarInfo(f"{source.numbers[row]:09d}.{suffix}")
                entry.size = len(content)
                tar.addfile(entry, io.BytesIO(content))
    return bad


def _encoded(source: PhotoFolder, row: int, longest_side: int | None) -> tuple[bytes, str]:
    """Bytes of a photo and their suffix."""
    photo = source.open(row)
    if longest_side is None or max(photo.size) <= longest_side:
        name = Path(source.name(row))
        return (source.folder / name).read_bytes(), name.suffix.lstrip(".").lower() or "jpg"
    small = photo.image.copy()
    small.thumbnail((longest_side, longest_side), Image.Resampling.BICUBIC)
    stream = io.BytesIO()
    small.save(stream, "JPEG", quality=_QUALITY)
    return stream.getvalue(), "jpg"


def _index(source: PhotoFolder, file: Path) -> npt.NDArray[np.void]:
    entries = []
    with tarfile.open(file) as tar:
        for member in tar:
            number, suffix = member.name.split(".", 1)
            if suffix != "json":
                row = int(np.searchsorted(source.numbers, int(number)))
                owner = -1 if source.owners is None else int(source.owners[row])
                place = tuple(source.latlon[row].tolist())
                entries.append((int(number), member.offset_data, member.size, place, owner))
    return np.array(entries, dtype=_INDEX)


class Shards(PhotoPairs):
    """Photos in shards: those of :func:`make_shards`, or tars that another program made, see ``imported.tars``.

    Args:
        folder: Where they are.
        views: Random views for training and the plain view for validation.
        report: CSV file that lists what was skipped and why.

    Raises:
        DataError: The folder is not complete or holds nothing.
    """

    def __init__(
        self,
        folder: str,
        views: PhotoViews = PhotoViews(),  # noqa: B008 - frozen
        report: str | None = None,
    ) -> None:
        place = Path(folder).expanduser()
        if place.is_dir() and not (place / "settings.json").exists():
            self._index, skipped, mark = index_shards(place)
            self._files, self._part = shard_files(place), self._index["part"]
            numbers, self.block = np.arange(len(self._index)), max(1, len(self._index) // len(self._files) // 8)
            self._keys, owners = self._index["key"].tolist(), None
            marks = [mark]
        else:
            manifest = Manifest.of(place)
            parts = [np.load(manifest.path(part, ".npy"), allow_pickle=False) for part in range(manifest.parts)]
            self._index = np.concatenate(parts)
            if not len(self._index):
                raise DataError(f"{folder} holds no photos: none could be read when the shards were made")
            self._files = [manifest.path(part, ".tar") for part in range(manifest.parts)]
            self._part = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
            numbers, self.block = self._index["row"].copy(), max(1, int(manifest.settings["part_rows"]) // 8)
            self._keys = None
            records = [manifest.record(part) for part in range(manifest.parts)]
            skipped = tuple(skipped_in(records))
            owners = self._index["owner"]
            marks = [mark["sha256"] for record in records for mark in record["files"].values()]
        super().__init__(np.ascontiguousarray(self._index["latlon"]), numbers, views)
        self.skipped = skipped
        self.owners = owners.copy() if owners is not None and (owners >= 0).all() else None
        self.digest = digest(*marks, settings_text(views))
        self.report_to(report)

    def open(self, row: int) -> Photo:
        """Decode the photo of a row."""
        return open_photo(self._bytes(row))

    def read(self, row: int) -> bytes:
        """The bytes of its file."""
        try:
            return self._bytes(row)
        except PhotoError:
            return b""

    def _bytes(self, row: int) -> bytes:
        entry = self._index[row]
        path = self._files[int(self._part[row])]
        try:
            with path.open("rb") as stream:
                stream.seek(int(entry["offset"]))
                return stream.read(int(entry["size"]))
        except OSError as error:
            raise PhotoError(f"{path} cannot be read ({error})") from error

    def name(self, row: int) -> str:
        """Shard and number of the photo."""
        key = f"{int(self._index[row]['row']):09d}" if self._keys is None else self._keys[row]
        return f"{self._files[int(self._part[row])].name}/{key}"

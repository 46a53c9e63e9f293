"""Lists of photos for a batch: folders, tables, patterns and WebDataset shards, read bit by bit.

A list is read several times, always in the same order, and never held: memory and the time to the first photo do not
depend on its length.
"""

from __future__ import annotations

import csv
import glob
import os
import tarfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from geoclip_core.errors import QueryError
from geoclip_core.files import printable
from geoclip_core.photo.decode import PhotoSource
from geoclip_core.photo.limits import SUFFIXES, begins_as_photo

COLUMNS = ("photo", "image", "path", "file")
"""Names of the column of a table that lists photos; the first that is there counts."""

ALLOWED = "a folder of photos, a CSV or Parquet file that lists them, a pattern such as 'photos/*.jpg', or .tar shards"

_NO_FOLDERS = ("@eadir", ".thumbnails", "__macosx", ".git", "#recycle")
"""Folders, in small letters, in which devices and programs keep what is no photo of a person's."""

_HIDDEN = "hidden (names that begin with ._ hold what a Mac notes beside a file)"
_MADE = "in folders of thumbnails and the like"
_OTHER = "no photos"
_PATTERN = "*?["


@dataclass(frozen=True)
class Item:
    """One photo of a list; it need not exist: what is missing is listed in the result.

    Attributes:
        name: What the result calls it: its path, or shard and member.
        path: The photo's file, or the shard that holds it.
        offset: Where it begins in the shard, in bytes; None for a file of its own.
        size: Its bytes in the shard.
    """

    name: str
    path: str
    offset: int | None = None
    size: int = 0

    @property
    def source(self) -> PhotoSource:
        """What ``open_photo`` takes; of a shard, only the photo's own bytes are read, and only when it is opened."""
        return Path(self.path) if self.offset is None else _Member(self)  # type: ignore[return-value]


@dataclass(frozen=True)
class _Member:
    """A file in a shard, read when it is asked for: to the decoder an open file."""

    item: Item

    def read(self, most: int = -1) -> bytes:
        assert self.item.offset is not None
        with Path(self.item.path).open("rb") as stream:
            stream.seek(self.item.offset)
            return stream.read(self.item.size if most < 0 else min(most, self.item.size))


@dataclass(frozen=True)
class PhotoList:
    """Photos in a fixed order, read anew with each iteration.

    Attributes:
        sources: Folders, tables, patterns and shards, one after another, or single photos.
        left_out: Counts the files of folders that are not taken, by the reason in words, in the last iteration.
    """

    sources: tuple[str | Item, ...]
    left_out: Counter[str]

    def __iter__(self) -> Iterator[Item]:
        self.left_out.clear()
        for source in self.sources:
            yield from [source] if isinstance(source, Item) else _items(source, self.left_out)


def list_photos(sources: Path | str | Sequence[Path | str], left_out: Counter[str] | None = None) -> PhotoList:
    """The photos that one or several sources name.

    Args:
        sources: Folders (searched through), CSV or Parquet files with a column that names photos (relative to their
            folder), patterns, ``.tar`` shards.
        left_out: Counts the files of folders that are not taken, by the reason in words.

    Raises:
        QueryError: A source cannot be read, has no such column, or there is no photo at all.
    """
    several = [sources] if isinstance(sources, str | Path) else list(sources)
    found = PhotoList(tuple(str(source) for source in several), Counter() if left_out is None else left_out)
    if next(iter(found), None) is None:
        told = ", ".join(printable(source) for source in several)
        raise QueryError(f"There are no photos in {told}", allowed=ALLOWED)
    return found


def _items(source: str, left_out: Counter[str]) -> Iterator[Item]:
    path, suffix = Path(source), Path(source).suffix.lower()
    if path.is_dir():
        yield from _in_folder(path, left_out)
    elif not path.exists() and any(sign in source for sign in _PATTERN):
        for name in sorted(glob.glob(source, recursive=True)):  # noqa: PTH207 - a pattern may begin with a root
            if Path(name).suffix.lower() == ".tar":
                yield from _in_shard(Path(name))
            elif Path(name).is_file():
                yield Item(printable(name), name)
    elif suffix == ".tar":
        yield from _in_shard(path)
    elif suffix in (".parquet", ".geoparquet"):
        yield from _in_parquet(path)
    else:
        yield from _in_csv(path)


def _in_folder(folder: Path, left_out: Counter[str]) -> Iterator[Item]:
    for place, folders, names in os.walk(folder):
        folders.sort()
        made = any(part.lower() in _NO_FOLDERS for part in Path(place).relative_to(folder).parts)
        for name in sorted(names):
            path = Path(place) / name
            reason = _MADE if made else _why_not(path)
            if reason:
                left_out[reason] += 1
            else:
                yield Item(printable(path), str(path))


def _why_not(path: Path) -> str:
    """Why a file of a folder is not taken for a photo; "" where it is."""
    if path.name.startswith("._"):
        return _HIDDEN
    if path.suffix.lower() in SUFFIXES:
        return ""
    # A suffix that names something else is believed; names without one, or with a number behind a dot, are opened.
    if path.suffix and not path.suffix[1:].isdigit():
        return _OTHER
    try:
        with path.open("rb") as stream:
            return "" if begins_as_photo(stream.read(16)) else _OTHER
    except OSError:
        return _OTHER


def _in_csv(source: Path) -> Iterator[Item]:
    try:
        with source.open(newline="", encoding="utf-8-sig") as stream:
            rows = csv.DictReader(stream)
            column = _column(source, list(rows.fieldnames or ()))
            for row in rows:
                if row[column]:
                    yield _beside(source, row[column])
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise QueryError(f"{printable(source)} cannot be read ({error})", allowed=ALLOWED) from error


def _in_parquet(source: Path) -> Iterator[Item]:
    try:
        with pq.ParquetFile(source) as file:
            column = _column(source, file.schema_arrow.names)
            for batch in file.iter_batches(columns=[column]):
                for name in batch[0].to_pylist():
                    if name:
                        yield _beside(source, str(name))
    except (OSError, pa.ArrowException) as error:
        raise QueryError(f"{printable(source)} cannot be read ({error})", allowed=ALLOWED) from error


def _column(source: Path, names: Sequence[str]) -> str:
    known = {name.strip().lower(): name for name in names}
    column = next((known[c] for c in COLUMNS if c in known), None)
    if column is None:
        told = ", ".join(names) or "(none)"
        raise QueryError(f"{printable(source)} has the columns {told}", allowed=", ".join(COLUMNS))
    return column


def _beside(source: Path, name: str) -> Item:
    path = source.parent / name
    return Item(printable(path), str(path))


def _in_shard(shard: Path) -> Iterator[Item]:
    """Photos of a WebDataset shard, in its order; members of other kinds are passed over."""
    try:
        with shard.open("rb") as stream:
            yield from _members(shard, stream)
    except (OSError, tarfile.TarError) as error:
        raise QueryError(f"{printable(shard)} cannot be read ({error})", allowed="an uncompressed .tar file") from error


def _members(shard: Path, stream: BinaryIO) -> Iterator[Item]:
    with tarfile.TarFile(fileobj=stream) as archive:
        for member in archive:
            archive.members.clear()  # type: ignore[attr-defined]  # it would keep every header
            if member.isfile() and Path(member.name).suffix.lower() in SUFFIXES:
                name = f"{printable(shard)}/{printable(member.name)}"
                yield Item(name, str(shard), member.offset_data, member.size)

"""What a batch has done so far, kept beside its result so that it can go on after a kill at any moment.

The list is cut into chunks, and chunks into groups of photos that go through the networks together. A chunk ends where
the digest of a name says so: one name more in the list changes one chunk, and all others are recognised, whatever list
they stand in. A finished chunk is a Parquet file named by the digest of its names and of the settings; of the others a
journal holds what is finished, one line per photo.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from geoclip_core.export.parquet import SCHEMA, write_table
from geoclip_core.export.rows import Row
from geoclip_core.files import digest
from geoclip_core.serve.photo_list import Item

CHUNK = 64
"""Photos per part on average."""

MOST = 4 * CHUNK
"""Photos per part at most."""

_ORDER = "order.txt"


@dataclass(frozen=True)
class Chunk:
    """Photos whose rows are one part.

    Attributes:
        key: Digest of their names and of the settings.
        items: The photos.
    """

    key: str
    items: tuple[Item, ...]


def chunks(items: Iterable[Item], settings: str) -> Iterator[Chunk]:
    """Cut a list into chunks, by the names alone.

    Args:
        items: The list.
        settings: Everything else that the rows depend on.
    """
    held: list[Item] = []
    for item in items:
        held.append(item)
        if len(held) >= MOST or zlib.crc32(item.name.encode()) % CHUNK == 0:
            yield _chunk(held, settings)
            held = []
    if held:
        yield _chunk(held, settings)


def _chunk(held: Sequence[Item], settings: str) -> Chunk:
    return Chunk(digest(settings, *(item.name for item in held)), tuple(held))


class Parts:
    """The folder of parts and journals beside a result; several lists may share it.

    Args:
        out: The result.
    """

    def __init__(self, out: Path) -> None:
        self.folder = out.with_name(f".{out.name}.parts")

    def make(self) -> None:
        """Make the folder."""
        self.folder.mkdir(parents=True, exist_ok=True)

    def part(self, key: str) -> Path:
        """The file of a finished chunk."""
        return self.folder / f"{key}.parquet"

    def is_finished(self, key: str) -> bool:
        """Whether a chunk is there and whole; a damaged file is as good as none."""
        try:
            return bool(pq.read_schema(self.part(key)).equals(SCHEMA))
        except (OSError, pa.ArrowException):
            return False

    def journal(self, key: str, photos: int, group: int) -> list[list[Row]]:
        """Rows of the photos of a chunk that are finished, whole groups only; what lies behind them is cut off.

        Args:
            key: The chunk.
            photos: How many it has.
            group: Photos per group.
        """
        path = self.folder / f"{key}.jsonl"
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return []
        found: list[list[Row]] = []
        ends = [0]
        for line in data.splitlines(keepends=True):
            try:
                rows = json.loads(line) if line.endswith(b"\n") else None
            except ValueError:
                rows = None
            if not isinstance(rows, list):
                break
            found.append(rows)
            ends.append(ends[-1] + len(line))
        whole = photos if len(found) >= photos else len(found) // group * group
        with path.open("r+b") as stream:
            stream.truncate(ends[whole])
        return found[:whole]

    def note(self, key: str, rows: Sequence[Row]) -> None:
        """Add the rows of one more photo to the journal of a chunk."""
        with (self.folder / f"{key}.jsonl").open("ab") as stream:
            stream.write(json.dumps(rows, ensure_ascii=False).encode() + b"\n")

    def finish(self, key: str, rows: Iterable[Sequence[Row]]) -> None:
        """Write the part of a chunk, whole or not at all, and drop its journal."""
        write_table([row for photo in rows for row in photo], self.part(key))
        (self.folder / f"{key}.jsonl").unlink(missing_ok=True)

    @contextmanager
    def write_order(self) -> Iterator[Callable[[str], None]]:
        """Note the order of chunks in the list that is worked on: call what this yields with each chunk's key."""
        with (self.folder / _ORDER).open("w", encoding="utf-8") as stream:
            yield lambda key: print(key, file=stream)

    def order(self) -> Iterator[str]:
        """Keys of the chunks of the list that was worked on last, in order."""
        with (self.folder / _ORDER).open(encoding="utf-8") as stream:
            for line in stream:
                yield line.strip()

    def clear(self) -> None:
        """Drop the parts of the list that was worked on last; those of others stay, and so does the folder then."""
        for key in self.order():
            self.part(key).unlink(missing_ok=True)
        (self.folder / _ORDER).unlink()
        with suppress(OSError):  # it is not empty
            self.folder.rmdir()

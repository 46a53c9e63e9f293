"""Albums: photos go in, entries are changed by a person, all in the order in which the photos came."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from geoclip_core.album.entry import Entry
from geoclip_core.errors import QueryError
from geoclip_core.files import printable
from geoclip_core.photo.decode import PhotoSource

MOST_PHOTOS = 5000
"""Of one album named as a folder; the page takes 500 by upload."""


@dataclass(frozen=True)
class AlbumPhoto:
    """A photo to be put into an album.

    Attributes:
        source: What ``open_photo`` takes: a path, or the bytes of an upload.
        name: Name of the file, to show.
    """

    source: PhotoSource
    name: str

    @classmethod
    def of(cls, path: Path) -> AlbumPhoto:
        """A file of this machine."""
        return cls(path, printable(path.name))


@dataclass
class Album:
    """Entries by number. It is changed through its methods only, and one thread at a time does so.

    Attributes:
        entries: In the order in which the photos came.
    """

    entries: list[Entry] = field(default_factory=list)

    def add(self, entry: Entry) -> None:
        """Put one more photo behind the others; one that is there already is warned of."""
        twin = next((other for other in self.entries if entry.key and other.key == entry.key), None)
        if twin is not None:
            entry = replace(entry, warnings=(*entry.warnings, f"It is the same photo as {twin.name}."))
        self.entries.append(replace(entry, number=len(self.entries)))

    def put(self, entry: Entry) -> None:
        """Replace the entry of the same number, such as by ``entry.moved(...)``.

        Raises:
            QueryError: There is no entry of this number.
        """
        if not 0 <= entry.number < len(self.entries):
            raise QueryError(f"The album has no photo {entry.number}", allowed=f"0 to {len(self.entries) - 1}")
        self.entries[entry.number] = entry

    def counts(self) -> dict[str, int]:
        """How many photos were answered, gave no evidence, and failed."""
        found = {"answered": 0, "no_evidence": 0, "failed": 0}
        for entry in self.entries:
            found[entry.status] += 1
        return found

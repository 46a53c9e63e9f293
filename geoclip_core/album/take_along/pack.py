"""Everything of an album in one zip: tables, XMP sidecars, and copies of photos with their positions."""

from __future__ import annotations

import zipfile
from collections.abc import Collection, Sequence
from pathlib import Path

from geoclip_core.album.album import AlbumPhoto
from geoclip_core.album.entry import Entry
from geoclip_core.album.take_along.positions import placed_copy, xmp_sidecar
from geoclip_core.album.take_along.tables import ALBUM_FORMATS
from geoclip_core.errors import GeoclipError, PhotoError, QueryError
from geoclip_core.files import Progress, atomic, printable, read_at_most
from geoclip_core.photo.limits import MAX_BYTES


def write_zip(
    entries: Sequence[Entry],
    out: Path,
    *,
    formats: Collection[str] = (),
    sidecars: bool = False,
    photos: Sequence[AlbumPhoto] = (),
    progress: Progress | None = None,
) -> list[str]:
    """One zip with everything that was asked for, whole or not at all; originals are only read.

    Args:
        entries: The entries to write.
        out: The zip file.
        formats: Names of ``ALBUM_FORMATS``.
        sidecars: Whether an XMP file for each placed photo is added, in ``sidecars/``.
        photos: The originals by entry number, of which copies with a position are made, in ``photos/``; none for no
            copies.
        progress: Told how many files are done, and how many there are; an error that it raises cancels.

    Returns:
        One sentence for each photo of which no copy could be made, and why.

    Raises:
        QueryError: An unknown format.
        GeoclipError: The zip cannot be written.
    """
    unknown = [name for name in formats if name not in ALBUM_FORMATS]
    if unknown:
        raise QueryError(f"An album cannot be written as {unknown[0]!r}", allowed=", ".join(ALBUM_FORMATS))
    placed = [entry for entry in entries if entry.latlon is not None]
    total = len(formats) + sidecars * len(placed) + bool(photos) * len(placed)
    done, problems = 0, []
    names: set[str] = set()

    def told() -> None:
        nonlocal done
        done += 1
        if progress:
            progress(done, total)

    try:
        with atomic(out) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as file:
            for name in formats:
                file.writestr(ALBUM_FORMATS[name].file, ALBUM_FORMATS[name].write(entries))
                told()
            for entry in placed if sidecars else ():
                file.writestr(_free(f"sidecars/{_safe(entry.name)}.xmp", names), xmp_sidecar(entry))
                told()
            for entry in placed if photos else ():
                try:
                    made = placed_copy(_bytes_of(photos, entry), entry)
                    file.writestr(_free(f"photos/{_safe(entry.name)}", names), made, zipfile.ZIP_STORED)
                except PhotoError as error:
                    problems.append(str(error))
                told()
    except OSError as error:
        if isinstance(error, GeoclipError):
            raise
        raise GeoclipError(f"{printable(out)} cannot be written ({error})", hint="choose another path") from error
    return problems


def _bytes_of(photos: Sequence[AlbumPhoto], entry: Entry) -> bytes:
    """The original's bytes, read and never written."""
    source = photos[entry.number].source if 0 <= entry.number < len(photos) else None
    try:
        if isinstance(source, str | Path):
            with Path(source).open("rb") as stream:
                return read_at_most(stream, MAX_BYTES)
        if isinstance(source, bytes | bytearray):
            return bytes(source)
    except OSError as error:
        raise PhotoError(f"{entry.name} cannot be read any more ({error.strerror})") from error
    raise PhotoError(f"The original of {entry.name} is not at hand", hint="give the photos to the album again")


def _safe(name: str) -> str:
    """A name that stays in its folder, whatever a file was called."""
    kept = "".join("_" if c in '/\\:*?"<>|' or not c.isprintable() else c for c in name).strip(". ")
    return kept or "photo"


def _free(name: str, taken: set[str]) -> str:
    """A name that is not taken yet, with a number where needed; letters' case does not tell names apart."""
    folder, _, file = name.rpartition("/")
    stem, dot, suffix = file.rpartition(".")
    free, number = name, 1
    while free.casefold() in taken:
        number += 1
        free = f"{folder}/{stem or suffix} ({number}){dot if stem else ''}{suffix if stem else ''}"
    taken.add(free.casefold())
    return free

"""Where the photos are that a table names, in the layouts that public data sets are unpacked in.

A table of OSV-5M holds whole numbers, and its photos lie in folders ``00`` to ``98``; MP-16's names hold folders, which
some copies have as underscores; tables from Windows hold backslashes; macOS writes an accent as a letter of its own.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path, PurePosixPath

import numpy as np
import numpy.typing as npt

SUFFIXES = (
    ".jpg",
    ".jpeg",
    ".png",
    ".webp",
    ".jpe",
    ".jfif",
    ".heic",
    ".heif",
    ".avif",
    ".tif",
    ".tiff",
    ".bmp",
    ".gif",
)


@dataclass(frozen=True)
class FoundPhotos:
    """Where named photos are.

    Attributes:
        paths: (n,) paths inside the folder; the name itself where there is no file.
        found: (n,) whether there is a file.
        several: (n,) whether more than one file could be meant, so that none is taken.
        looked: In words, where was looked; empty where every photo lies where its name says.
    """

    paths: npt.NDArray[np.str_]
    found: npt.NDArray[np.bool_]
    several: npt.NDArray[np.bool_]
    looked: str = ""


def find_photos(names: npt.NDArray[np.str_], folder: Path, others: npt.NDArray[np.str_] | None = None) -> FoundPhotos:
    """Look for photos: where their names say, then by name in all folders below.

    Args:
        names: (n,) paths inside the folder, file names, or numbers; with ``/`` or a backslash, with or without suffix.
        folder: Where the photos are.
        others: (n,) other names that the same photos may have.
    """
    paths = names.astype(object)
    found = np.zeros(len(names), dtype=bool)
    several = np.zeros(len(names), dtype=bool)
    for i, name in enumerate(names.tolist()):
        there = next((form for form in _forms(name) if (folder / form).is_file()), None)
        if there is not None:
            paths[i], found[i] = there, True
    if found.all() or not folder.is_dir():
        return FoundPhotos(paths.astype(str), found, several)
    index, files, folders = _index(folder)
    for i in np.flatnonzero(~found).tolist():
        keys = chain(_keys(str(names[i])), () if others is None else _keys(str(others[i])))
        places = next((index[key] for key in keys if key in index), [])
        if len(places) == 1:
            paths[i], found[i] = places[0], True
        several[i] = len(places) > 1
    looked = (
        f"looked for as {folder / str(names[np.flatnonzero(~found)[0] if not found.all() else 0])}, with "
        f"{', '.join(SUFFIXES[:4])} behind, and by name among the {files} photos of its {folders} folders"
    )
    return FoundPhotos(paths.astype(str), found, several, looked)


def _forms(name: str) -> Iterator[str]:
    """A name as a path, in the ways that it may be written on this disk."""
    plain = name.replace("\\", "/").lstrip("/")
    for text in dict.fromkeys((name, plain)):
        yield text
        if not text.isascii():
            yield unicodedata.normalize("NFC", text)
            yield unicodedata.normalize("NFD", text)


def _keys(name: str) -> Iterator[str]:
    """What a photo may be indexed by, the most certain first."""
    plain = unicodedata.normalize("NFC", name.replace("\\", "/")).lower()
    plain = re.sub(r"^(\d+)\.0$", r"\1", plain)  # a number in a column where others are missing
    path = PurePosixPath(plain)
    yield from dict.fromkeys(
        (
            plain,
            plain.replace("/", "_"),
            plain.replace("_", "/"),
            *_ends(path),
            path.name.replace("@", "_"),
            path.stem if path.suffix in SUFFIXES else path.name,
        )
    )


def _ends(path: PurePosixPath) -> Iterator[str]:
    """A path without its first folder, without its first two, and so on to the name of the file."""
    for first in range(len(path.parts)):
        yield "/".join(path.parts[first:])


def _index(folder: Path) -> tuple[dict[str, list[str]], int, int]:
    """Paths inside the folder by their ends, with and without suffix; and how many files and folders there are."""
    index: dict[str, list[str]] = {}
    files = folders = 0
    for place, _, inside in os.walk(folder):
        folders += 1
        for file in inside:
            path = PurePosixPath(Path(place).relative_to(folder).as_posix()) / file
            if path.suffix.lower() in SUFFIXES:
                files += 1
                flat = PurePosixPath(unicodedata.normalize("NFC", str(path)).lower())
                for key in {*_ends(flat), *_ends(flat.with_suffix(""))}:
                    index.setdefault(key, []).append(str(path))
    return index, files, folders

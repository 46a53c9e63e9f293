"""Files: the tables shipped with the package, writing that leaves nothing half done, and arrays kept on disk.

The cache is a folder of ``<name>-<key>/`` folders of ``.npy`` files. An entry is written to a temporary
folder beside it and renamed, under a file lock, so that a reader sees a whole entry or none. A damaged entry is found
and rebuilt: a manifest holds digests of both ends of each file, which are compared at every start, and ``digests.json``
those of whole files, which are compared when the size or the times of a file have changed.
"""

from __future__ import annotations

import glob
import hashlib
import json
import os
import shutil
import tempfile
import uuid
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
from filelock import FileLock, Timeout
from platformdirs import user_cache_path

from geoclip_core.errors import CacheError, GeoclipError

_CACHE_VARIABLE = "GEOCLIP_CACHE"
_LOCK_SECONDS = 600.0
_HASHED_BYTES = 1 << 20
_DIGESTS = "digests.json"

_READ_BYTES = 1 << 22

Arrays = dict[str, npt.NDArray[Any]]
Progress = Callable[[int, int], None]
"""Called during long work with how much is done and how much there is; an error that it raises ends the work."""


def read_at_most(stream: BinaryIO, most: int) -> bytes:
    """What is left of a stream, at most so many bytes.

    It is asked for no more than there is, where it can tell: Python reserves memory for all that it is asked for.
    """
    with suppress(AttributeError, OSError, ValueError):
        here = stream.tell()
        left = stream.seek(0, os.SEEK_END) - here
        stream.seek(here)
        most = min(most, max(left, 0))
    return stream.read(most)


def asset_path(name: str) -> Path:
    """Path of a file shipped with the package.

    Args:
        name: Path relative to the assets folder, such as ``"landmarks.csv"``.

    Returns:
        The path in a checkout (``assets/`` beside the package) or in an installed wheel.

    Raises:
        GeoclipError: The file is not there; the installation is incomplete.
    """
    package = Path(__file__).resolve().parent
    for folder in (package / "assets", package.parent / "assets"):
        if (folder / name).exists():
            return folder / name
    raise GeoclipError(
        f"The file assets/{name} is missing from this installation ({package.parent})",
        hint="install the package again from a complete checkout",
    )


def cache_folder() -> Path:
    """Folder for everything computed once: ``$GEOCLIP_CACHE``, else the user's cache folder."""
    given = os.environ.get(_CACHE_VARIABLE)
    return Path(given).expanduser() if given else user_cache_path("geoclip_core", appauthor=False)


@contextmanager
def atomic(path: Path, *, only_writer: bool = False) -> Iterator[Path]:
    """A place to write a file to, which takes the file's name when the block ends without an error.

    A reader, or a later start after a kill, sees the old file or the new one, never half of one. On Windows a
    file that another process has open cannot be replaced; the error says so.

    Args:
        path: The file; its folder is made where it is not there. An existing file is replaced.
        only_writer: No other process writes this file now, so what a killed process has left of it is removed.

    Yields:
        A path beside it to write to; it is removed where the block fails or writes nothing.

    Raises:
        OSError: The folder cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if only_writer:
        for left in path.parent.glob(f".{glob.escape(path.name)}.*.part"):
            left.unlink(missing_ok=True)
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex[:12]}.part")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text, whole or not at all; see :func:`atomic`."""
    with atomic(path) as part:
        part.write_text(text, encoding="utf-8", newline="")


def write_rows(path: Path, dtype: npt.DTypeLike, shape: tuple[int, ...], blocks: Iterable[npt.NDArray[Any]]) -> None:
    """Write an array that is too large for memory as ``.npy``, block by block.

    It is written like any file and not through a memory map, which would kill the process where the disk is full.

    Args:
        path: The file.
        dtype: Of the array.
        shape: Of the array; the rows of all blocks together.
        blocks: Consecutive rows.
    """
    kind = np.dtype(dtype)
    with path.open("wb") as stream:
        header = {"descr": np.lib.format.dtype_to_descr(kind), "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(stream, header)
        for block in blocks:
            stream.write(np.ascontiguousarray(block, dtype=kind).data)


def write_json(path: Path, value: Any) -> None:
    """Write plain values as indented JSON, whole or not at all; see :func:`atomic`."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def printable(path: Path | str) -> str:
    """A path as text that every file and terminal takes: bytes of a name that are no UTF-8 are escaped."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def sha256(path: Path, progress: Progress | None = None) -> str:
    """Digest of a file's content, 64 hexadecimal digits.

    Args:
        path: The file.
        progress: Told how many bytes are read, and how many there are.
    """
    total, done = hashlib.sha256(), 0
    with path.open("rb") as stream:
        size = os.fstat(stream.fileno()).st_size
        while chunk := stream.read(_READ_BYTES):
            total.update(chunk)
            done += len(chunk)
            if progress:
                progress(done, size)
    return total.hexdigest()


def digest(*parts: bytes | str | npt.NDArray[Any]) -> str:
    """Sha256, as 16 hexadecimal digits, over the parts in order (arrays with their dtype and shape)."""
    total = hashlib.sha256()
    for part in parts:
        if isinstance(part, np.ndarray):
            total.update(f"{part.dtype.str}{part.shape}".encode())
            total.update(np.ascontiguousarray(part).data)
        else:
            total.update(part.encode() if isinstance(part, str) else part)
        total.update(b"\0")
    return total.hexdigest()[:16]


def cached_arrays(name: str, key: str, build: Callable[[], Mapping[str, npt.NDArray[Any]]]) -> Arrays:
    """Arrays that are expensive to make, read back by memory map.

    Args:
        name: What the arrays are, a short file-name-safe word such as ``"gallery"``.
        key: Digest of everything the arrays depend on; another key is another entry.
        build: Makes the arrays. Called at most once per entry, also when several processes ask at once.

    Returns:
        The arrays by name, memory-mapped (copy on write) where the cache folder can be written; otherwise
        (read-only disk, disk full) the freshly built arrays, with a warning.
    """
    folder = cache_folder() / f"{name}-{key}"
    found = _read(folder)
    if found is not None:
        return found
    lock = FileLock(f"{folder}.lock", timeout=_LOCK_SECONDS)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout as error:
        raise CacheError(
            f"Another process has held {folder}.lock for {_LOCK_SECONDS:.0f} s",
            hint=f"wait, or delete that file if no such process runs, or point {_CACHE_VARIABLE} elsewhere",
        ) from error
    except OSError as error:
        _warn_not_kept(folder, error)
        return {k: np.asarray(v) for k, v in build().items()}
    try:
        found = _read(folder)
        if found is not None:
            return found
        if folder.exists():
            warnings.warn(f"The cache entry {folder} is damaged; it is built again.", stacklevel=2)
        made = build()
        try:
            _write(folder, made)
        except OSError as error:
            _warn_not_kept(folder, error)
            return {k: np.asarray(v) for k, v in made.items()}
        found = _read(folder)
    finally:
        lock.release()
    if found is None:
        raise CacheError(
            f"The cache entry {folder} could not be read back after it was written",
            hint=f"set {_CACHE_VARIABLE} to a folder on a healthy disk",
        )
    return found


def _warn_not_kept(folder: Path, error: OSError) -> None:
    warnings.warn(
        f"Cannot keep {folder.name} in {folder.parent} ({error.strerror or error}); it will be made again "
        f"next time. Set {_CACHE_VARIABLE} to a folder that can be written.",
        stacklevel=3,
    )


def _fingerprint(path: Path) -> str:
    """Digest of size, head and tail: finds truncation and most damage without reading hundreds of MB."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        head = stream.read(_HASHED_BYTES)
        stream.seek(max(0, size - _HASHED_BYTES))
        tail = stream.read(_HASHED_BYTES)
    return digest(str(size), head, tail)


def _read(folder: Path) -> Arrays | None:
    """The arrays of an entry; None where there is none or it is damaged."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        files = {name: folder / f"{name}.npy" for name in manifest}
        if any(_fingerprint(files[name]) != mark for name, mark in manifest.items()) or not _unchanged(folder, files):
            return None
        return {name: np.load(file, mmap_mode="c", allow_pickle=False) for name, file in files.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return None


def _unchanged(folder: Path, files: Mapping[str, Path]) -> bool:
    """Whether files hold what they held; what has other times than at the last check is read through."""
    try:
        known = json.loads((folder / _DIGESTS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        known = {}  # an entry of an older version
    marks = {}
    for name, file in files.items():
        state = file.stat()
        stamp = [state.st_size, state.st_mtime_ns, state.st_ctime_ns]
        mark = known.get(name, {})
        if mark.get("stamp") != stamp:
            found = sha256(file)
            if mark.get("sha256", found) != found:
                return False
            mark = {"sha256": found, "stamp": stamp}
        marks[name] = mark
    if marks != known:
        with suppress(OSError):  # in a folder that cannot be written the files are read through at every start
            write_json(folder / _DIGESTS, marks)
    return True


def _write(folder: Path, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Write an entry beside its place and rename it; the caller holds the lock."""
    for stale in folder.parent.glob(f".{folder.name}-*"):  # left by a process that was killed
        shutil.rmtree(stale, ignore_errors=True)
    part = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        for name, array in arrays.items():
            np.save(part / f"{name}.npy", array, allow_pickle=False)
        manifest = {name: _fingerprint(part / f"{name}.npy") for name in arrays}
        (part / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
        _unchanged(part, {name: part / f"{name}.npy" for name in arrays})  # it keeps the digests
        if folder.exists():
            shutil.rmtree(folder)
        part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)

"""A folder or a list of photos to one table, resumable, with every failure listed."""

from __future__ import annotations

import csv
import shutil
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from geoclip_core.earth.regions import parse_region
from geoclip_core.errors import GeoclipError, NoEvidenceError, PhotoError, QueryError
from geoclip_core.export.parquet import (
    ANSWERED,
    FAILED,
    NO_EVIDENCE,
    answer_rows,
    join_tables,
    problem_row,
    write_table,
)
from geoclip_core.export.rows import Row
from geoclip_core.files import Progress, printable, write_text
from geoclip_core.locate.candidates import MERGE_KM
from geoclip_core.locate.locator import Locator
from geoclip_core.photo.decode import open_photo
from geoclip_core.photo.exif import read_exif
from geoclip_core.photo.limits import SUFFIXES, begins_as_photo

COLUMNS = ("photo", "image", "path", "file")
"""Names of the column of a CSV file that lists photos; the first that is there counts."""

CHUNK = 64
"""Photos per part file: what an interruption can lose at most."""


_NO_FOLDERS = ("@eadir", ".thumbnails", "__macosx", ".git", "#recycle")
"""Folders, in small letters, in which devices and programs keep what is no photo of a person's."""

_HIDDEN = "hidden (names that begin with ._ hold what a Mac notes beside a file)"
_MADE = "in folders of thumbnails and the like"
_OTHER = "no photos"


def list_photos(source: Path, left_out: Counter[str] | None = None) -> list[Path]:
    """Photos of a folder (searched through), or of a CSV file with a column that names them.

    Args:
        source: The folder, or the CSV file; relative paths in it are relative to its folder.
        left_out: Counts the files of a folder that are not taken, by the reason in words.

    Returns:
        Paths in a fixed order. They need not exist: what is missing is listed in the result.

    Raises:
        QueryError: There is nothing to read, or no such column.
    """
    if source.is_dir():
        files = sorted(path for path in source.rglob("*") if path.is_file())
        reasons = [_why_not(path, source) for path in files]
        found = [path for path, reason in zip(files, reasons, strict=True) if not reason]
        if left_out is not None:
            left_out.update(reason for reason in reasons if reason)
        if not found:
            raise QueryError(f"The folder {printable(source)} holds no photos", allowed=" ".join(SUFFIXES))
        return found
    try:
        with source.open(newline="", encoding="utf-8-sig") as stream:
            rows = csv.DictReader(stream)
            names = {name.strip().lower(): name for name in rows.fieldnames or ()}
            column = next((names[c] for c in COLUMNS if c in names), None)
            if column is None:
                raise QueryError(f"{source} has the columns {', '.join(names) or '(none)'}", allowed=", ".join(COLUMNS))
            listed = [source.parent / row[column] for row in rows if row[column]]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise QueryError(f"{source} cannot be read ({error})", allowed="a folder of photos or a CSV file") from error
    if not listed:
        raise QueryError(f"{source} names no photos", allowed="at least one row")
    return listed


def _why_not(path: Path, folder: Path) -> str:
    """Why a file of a folder is not taken for a photo; "" where it is."""
    if any(part.lower() in _NO_FOLDERS for part in path.relative_to(folder).parts[:-1]):
        return _MADE
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


def locate_batch(
    locator: Locator,
    photos: Iterable[Path],
    out: Path,
    *,
    top_k: int = 5,
    region: str | None = None,
    merge_km: float = MERGE_KM,
    progress: Progress | None = None,
) -> dict[str, int]:
    """Locate many photos, each by itself.

    Finished chunks are kept beside ``out`` until it is whole: the same call after an interruption goes on
    where it stopped.

    Args:
        locator: The model.
        photos: Files.
        out: The Parquet file to write, one row per photo and candidate; a photo without an answer has one
            row with rank 0 and the reason in ``problem``.
        top_k: Candidates per photo.
        region: Restriction of all of them.
        merge_km: See ``Locator.locate``.
        progress: Told how many photos are done, and how many there are.

    Returns:
        Counts: ``answered``, ``no_evidence``, ``failed``.

    Raises:
        GeoclipError: The region cannot be read, or the file cannot be written.
    """
    if region is not None:
        parse_region(region)  # a wrong setting is refused before anything is written
    paths = list(photos)
    parts = out.with_name(f".{out.name}.parts")
    try:
        parts.mkdir(parents=True, exist_ok=True)
        plan = parts / "plan.txt"
        wanted = "\n".join([locator.name, str(top_k), str(region), f"{merge_km:g}", *map(printable, paths)])
        if not plan.is_file() or plan.read_text(encoding="utf-8") != wanted:
            shutil.rmtree(parts)
            write_text(plan, wanted)
        for start in range(0, len(paths), CHUNK):
            part = parts / f"{start:09d}.parquet"
            if not part.is_file():
                rows: list[Row] = []
                for number, path in enumerate(paths[start : start + CHUNK], start=start + 1):
                    rows += _rows(locator, path, top_k, region, merge_km)
                    if progress:
                        progress(number, len(paths))
                write_table(rows, part)
            elif progress:
                progress(min(start + CHUNK, len(paths)), len(paths))
        table = join_tables(sorted(parts.glob("*.parquet")), out)
    except OSError as error:
        if isinstance(error, GeoclipError):
            raise
        raise GeoclipError(f"{out} cannot be written ({error})", hint="choose another path") from error
    shutil.rmtree(parts, ignore_errors=True)
    # Each photo counts once: by its best candidate, or by the one row that says why there is none.
    found = Counter(row["status"] for row in table.select(["rank", "status"]).to_pylist() if row["rank"] <= 1)
    return {status: found[status] for status in (ANSWERED, NO_EVIDENCE, FAILED)}


def _rows(locator: Locator, path: Path, top_k: int, region: str | None, merge_km: float) -> list[Row]:
    name = printable(path)
    try:
        photo = open_photo(path, pixels_needed=False)
    except PhotoError as error:
        return [problem_row(name, FAILED, locator.name, str(error))]
    try:
        answer = locator.locate(photo, top_k=top_k, region=region, merge_km=merge_km)
    except NoEvidenceError as error:
        return [problem_row(name, NO_EVIDENCE, locator.name, str(error), read_exif(photo))]
    return answer_rows(name, answer)

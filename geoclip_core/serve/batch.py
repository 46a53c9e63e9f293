"""A folder or a list of photos to one table, resumable, with every failure listed."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from geoclip_core.earth.regions import parse_region
from geoclip_core.errors import GeoclipError, NoEvidenceError, PhotoError, QueryError
from geoclip_core.locate.locator import Locator

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif", ".avif", ".tif", ".tiff", ".gif", ".bmp")
COLUMNS = ("photo", "image", "path", "file")
CHUNK = 64
"""Photos per part file: what an interruption can lose at most."""

SCHEMA = pa.schema(
    [
        ("photo", pa.string()),
        ("rank", pa.int32()),
        ("latitude", pa.float64()),
        ("longitude", pa.float64()),
        ("probability", pa.float64()),
        ("radius_km", pa.float64()),
        ("place", pa.string()),
        ("country_code", pa.string()),
        ("evidence", pa.string()),
        ("model", pa.string()),
        ("problem", pa.string()),
    ]
)


def list_photos(source: Path) -> list[Path]:
    """Photos of a folder (searched through), or of a CSV file with a column that names them.

    Args:
        source: The folder, or the CSV file; relative paths in it are relative to its folder.

    Returns:
        Paths in a fixed order. They need not exist: what is missing is listed in the result.

    Raises:
        QueryError: There is nothing to read, or no such column.
    """
    if source.is_dir():
        found = sorted(p for p in source.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
        if not found:
            raise QueryError(f"The folder {source} holds no photos", allowed=" ".join(SUFFIXES))
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


def locate_batch(
    locator: Locator,
    photos: Iterable[Path],
    out: Path,
    *,
    top_k: int = 5,
    region: str | None = None,
    progress: Callable[[int, int], None] | None = None,
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
        wanted = "\n".join([locator.name, str(top_k), str(region), *map(str, paths)])
        if not plan.is_file() or plan.read_text(encoding="utf-8") != wanted:
            shutil.rmtree(parts)
            parts.mkdir()
            plan.write_text(wanted, encoding="utf-8")
        for start in range(0, len(paths), CHUNK):
            part = parts / f"{start:09d}.parquet"
            if not part.is_file():
                rows: list[dict[str, object]] = []
                for number, path in enumerate(paths[start : start + CHUNK], start=start + 1):
                    rows += _rows(locator, path, top_k, region)
                    if progress:
                        progress(number, len(paths))
                unfinished = part.with_suffix(".part")
                pq.write_table(pa.Table.from_pylist(rows, SCHEMA), unfinished)
                unfinished.replace(part)
            elif progress:
                progress(min(start + CHUNK, len(paths)), len(paths))
        tables = [pq.read_table(part) for part in sorted(parts.glob("*.parquet"))]
        table = pa.concat_tables(tables) if tables else SCHEMA.empty_table()
        whole = parts / "whole"
        pq.write_table(table, whole)
        whole.replace(out)
    except OSError as error:
        if isinstance(error, GeoclipError):
            raise
        raise GeoclipError(f"{out} cannot be written ({error})", hint="choose another path") from error
    shutil.rmtree(parts, ignore_errors=True)
    firsts = [(row["rank"], row["problem"]) for row in table.select(["rank", "problem"]).to_pylist()]
    return {
        "answered": sum(rank == 1 for rank, _ in firsts),
        "no_evidence": sum(rank == 0 and str(problem).startswith("No evidence") for rank, problem in firsts),
        "failed": sum(rank == 0 and not str(problem).startswith("No evidence") for rank, problem in firsts),
    }


def _rows(locator: Locator, path: Path, top_k: int, region: str | None) -> list[dict[str, object]]:
    blank: dict[str, object] = dict.fromkeys(SCHEMA.names)
    try:
        answer = locator.locate(path, top_k=top_k, region=region)
    except (PhotoError, NoEvidenceError) as error:
        return [{**blank, "photo": str(path), "rank": 0, "model": locator.name, "problem": str(error)}]
    evidence = ", ".join(note.kind for note in answer.evidence if note.used)
    return [
        {
            "photo": str(path),
            "rank": rank,
            "latitude": c.latlon[0],
            "longitude": c.latlon[1],
            "probability": c.probability,
            "radius_km": c.radius_km,
            "place": c.place.name,
            "country_code": c.place.country_code,
            "evidence": evidence,
            "model": answer.model,
            "problem": None,
        }
        for rank, c in enumerate(answer.candidates, start=1)
    ]

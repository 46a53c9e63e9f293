"""The result of a batch: parts joined to one GeoParquet, CSV or GeoJSON file, a few at a time."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from geoclip_core.errors import QueryError
from geoclip_core.export.csv import csv_text
from geoclip_core.export.geoparquet import geo_schema, with_geometry
from geoclip_core.export.parquet import SCHEMA
from geoclip_core.files import atomic, printable

Writer = Callable[[Iterator[pa.Table], Path], None]

_ROWS = 65_536  # of a row group
_MARK = {"made_by": "geoclip_core batch"}
_HEAD = csv_text(SCHEMA.names, ())
_OPENING = '{"type": "FeatureCollection", "made_by": "geoclip_core batch", "features": ['


def check_out(out: Path) -> None:
    """Refuse a place for the result at which it cannot be written, before any work is done.

    Raises:
        QueryError: A suffix without a format, a folder, or an existing file that is no result of a batch.
    """
    suffix = out.suffix.lower()
    if suffix not in WRITERS:
        raise QueryError(f"{printable(out)} names no known format", allowed=", ".join(WRITERS))
    if out.is_dir():
        raise QueryError(
            f"{printable(out)} is a folder", allowed="a file", hint=f"name a file in it, such as x{suffix}"
        )
    if out.exists() and not _is_result(out):
        raise QueryError(
            f"{printable(out)} exists and is no result of a batch, so that it is not overwritten",
            hint="choose another path, or move it away",
        )


def _is_result(out: Path) -> bool:
    """Whether a file was written by :func:`join_parts`; the result of an older version counts, too."""
    suffix = out.suffix.lower()
    try:
        if suffix in (".parquet", ".geoparquet"):
            return {"photo", "status", "rank", "problem"} <= set(pq.read_schema(out).names)
        start = (_HEAD if suffix == ".csv" else _OPENING).encode()
        with out.open("rb") as stream:
            return stream.read(len(start) + 3).removeprefix(b"\xef\xbb\xbf").startswith(start)
    except (OSError, pa.ArrowException):
        return False


def join_parts(parts: Iterable[Path], out: Path) -> Counter[str]:
    """Write the rows of parts to one file, in their order, whole or not at all.

    Args:
        parts: Parquet files; a few are held at a time.
        out: The result; its suffix names the format.

    Returns:
        How many photos came to each status.
    """
    counts: Counter[str] = Counter()

    def counted() -> Iterator[pa.Table]:
        for part in parts:
            table = pq.read_table(part, schema=SCHEMA)
            # Each photo counts once: by its best candidate, or by the one row that says why there is none.
            counts.update(row["status"] for row in table.select(["rank", "status"]).to_pylist() if row["rank"] <= 1)
            yield table

    with atomic(out, only_writer=True) as made:
        WRITERS[out.suffix.lower()](counted(), made)
    return counts


def _parquet(tables: Iterator[pa.Table], out: Path) -> None:
    with pq.ParquetWriter(out, geo_schema(SCHEMA, _MARK)) as writer:
        for table in _gathered(tables):
            writer.write_table(with_geometry(table).replace_schema_metadata(geo_schema(SCHEMA, _MARK).metadata))


def _gathered(tables: Iterator[pa.Table]) -> Iterator[pa.Table]:
    """The rows in tables of at least as many as a row group holds, but for the last."""
    held: list[pa.Table] = []
    for table in tables:
        held.append(table)
        if sum(len(part) for part in held) >= _ROWS:
            yield pa.concat_tables(held)
            held = []
    if held:
        yield pa.concat_tables(held)


def _csv(tables: Iterator[pa.Table], out: Path) -> None:
    with out.open("w", encoding="utf-8-sig", newline="") as stream:  # a mark, without which spreadsheets misread names
        stream.write(_HEAD)
        for table in tables:
            stream.write(csv_text(SCHEMA.names, (row.values() for row in table.to_pylist())).split("\r\n", 1)[1])


def _geojson(tables: Iterator[pa.Table], out: Path) -> None:
    with out.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write(_OPENING)
        lead = "\n"
        for table in tables:
            for row in table.to_pylist():
                lat, lon = row["latitude"], row["longitude"]
                point = None if lat is None else {"type": "Point", "coordinates": [lon, lat]}
                feature = {"type": "Feature", "geometry": point, "properties": row}
                stream.write(lead + json.dumps(feature, ensure_ascii=False))
                lead = ",\n"
        stream.write("\n]}\n")


WRITERS: dict[str, Writer] = {
    ".parquet": _parquet,
    ".geoparquet": _parquet,
    ".csv": _csv,
    ".geojson": _geojson,
    ".json": _geojson,
}
"""From tables to a file, by suffix."""

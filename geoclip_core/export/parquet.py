"""Rows of many answers as a Parquet table: the result of a batch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from geoclip_core.export.photo_columns import PHOTO_COLUMNS, photo_row
from geoclip_core.export.rows import COLUMNS, Row, candidate_rows
from geoclip_core.files import atomic
from geoclip_core.locate.answer import Answer
from geoclip_core.photo.exif import ExifRecord

_TYPES = {str: pa.string(), int: pa.int32(), float: pa.float64()}

ANSWERED, NO_EVIDENCE, FAILED = "answered", "no_evidence", "failed"
"""What came of a photo."""

SCHEMA = pa.schema(
    [
        ("photo", pa.string()),
        ("status", pa.string()),
        *((column.name, _TYPES[column.kind]) for column in COLUMNS),
        *((column.name, _TYPES[column.kind]) for column in PHOTO_COLUMNS),
        ("evidence", pa.string()),
        ("problem", pa.string()),
    ]
)
"""The photo's path, what came of it, the columns of a candidate, what the file says of itself, the kinds of evidence
used, why there is no answer."""


def answer_rows(photo: str, answer: Answer) -> list[Row]:
    """Rows of an answered photo, one per candidate."""
    evidence = ", ".join(note.kind for note in answer.evidence if note.used)
    about: Row = {"photo": photo, "status": ANSWERED, "evidence": evidence, "problem": None}
    said = photo_row(answer.exif[0] if answer.exif else ExifRecord())
    return [{**about, **said, **row} for row in candidate_rows(answer)]


def problem_row(photo: str, status: str, model: str, problem: str, record: ExifRecord | None = None) -> Row:
    """The row of a photo without an answer: rank 0, the reason, and what its file says if it could be opened."""
    blank: Row = dict.fromkeys(SCHEMA.names)
    said = photo_row(record) if record is not None else {}
    return {**blank, **said, "photo": photo, "status": status, "rank": 0, "model": model, "problem": problem}


def write_table(rows: Sequence[Row], path: Path) -> None:
    """Write rows to a Parquet file, whole or not at all."""
    with atomic(path) as part:
        pq.write_table(pa.Table.from_pylist(list(rows), SCHEMA), part)

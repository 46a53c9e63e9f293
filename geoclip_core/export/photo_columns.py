"""What the files of the photos say of themselves, as plain values: for JSON, the HTTP service and the table of a batch.

A new value is one line in ``PHOTO_COLUMNS``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from geoclip_core.export.rows import Row, Value
from geoclip_core.photo.exif import ExifRecord


@dataclass(frozen=True)
class PhotoColumn:
    """A column.

    Attributes:
        name: Its name in every format.
        kind: Type of its values.
        value: From what a file says; None where it says nothing of it.
    """

    name: str
    kind: type[str] | type[float]
    value: Callable[[ExifRecord], Value]


PHOTO_COLUMNS: tuple[PhotoColumn, ...] = (
    PhotoColumn("file_latitude", float, lambda r: r.latlon[0] if r.latlon else None),
    PhotoColumn("file_longitude", float, lambda r: r.latlon[1] if r.latlon else None),
    PhotoColumn("file_error_m", float, lambda r: r.error_m),
    PhotoColumn("taken_at", str, lambda r: r.taken_at.isoformat() if r.taken_at else None),
    PhotoColumn("taken_by", str, lambda r: r.taken_by or None),
    PhotoColumn("changed_at", str, lambda r: r.changed_at.isoformat() if r.changed_at else None),
    PhotoColumn("altitude_m", float, lambda r: r.altitude_m),
    PhotoColumn("heading_deg", float, lambda r: r.heading_deg),
    PhotoColumn("heading_from", str, lambda r: r.heading_from or None),
    PhotoColumn("camera", str, lambda r: r.camera),
    PhotoColumn("projection", str, lambda r: r.projection),
    PhotoColumn("file_place", str, lambda r: r.place),
    PhotoColumn("caption", str, lambda r: r.caption),
    PhotoColumn("file_problems", str, lambda r: " ".join(r.problems) or None),
)
"""Degrees, metres, times in ISO 8601 (with their zone where the file gives one); see :class:`ExifRecord`."""


def photo_row(record: ExifRecord) -> Row:
    """What one file says, with the columns of ``PHOTO_COLUMNS``."""
    return {column.name: column.value(record) for column in PHOTO_COLUMNS}


def photo_dict(record: ExifRecord) -> dict[str, Any]:
    """What one file says as plain JSON types: the columns, problems as a list, and every single claim."""
    claims = [claim.to_dict() for claim in record.claims]
    return {**photo_row(record), "file_problems": list(record.problems), "claims": claims}

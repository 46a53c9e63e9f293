"""One row for each photo of an album: what every table of it writes.

A new column is one line in ``ALBUM_COLUMNS``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from geoclip_core.album.entry import Entry
from geoclip_core.export.rows import Row, Value


@dataclass(frozen=True)
class AlbumColumn:
    """A column.

    Attributes:
        name: Its name in every format.
        kind: Type of its values.
        value: From an entry; None where there is nothing to say.
    """

    name: str
    kind: type[str] | type[int] | type[float] | type[bool]
    value: Callable[[Entry], Value]


ALBUM_COLUMNS: tuple[AlbumColumn, ...] = (
    AlbumColumn("photo", str, lambda e: e.name),
    AlbumColumn("status", str, lambda e: e.status),
    AlbumColumn("latitude", float, lambda e: e.latlon[0] if e.latlon else None),
    AlbumColumn("longitude", float, lambda e: e.latlon[1] if e.latlon else None),
    AlbumColumn("position_from", str, lambda e: e.origin),
    AlbumColumn("model_latitude", float, lambda e: e.best.latlon[0] if e.best else None),
    AlbumColumn("model_longitude", float, lambda e: e.best.latlon[1] if e.best else None),
    AlbumColumn("probability", float, lambda e: e.best.probability if e.best else None),
    AlbumColumn("radius_km", float, lambda e: e.best.radius_km if e.best else None),
    AlbumColumn("place", str, lambda e: e.best.name if e.best else None),
    AlbumColumn("country_code", str, lambda e: (e.best.country_code or None) if e.best else None),
    AlbumColumn("model", str, lambda e: e.model or None),
    AlbumColumn("evidence", str, lambda e: "; ".join(e.evidence) or None),
    AlbumColumn("person_latitude", float, lambda e: e.pin.latlon[0] if e.pin else None),
    AlbumColumn("person_longitude", float, lambda e: e.pin.latlon[1] if e.pin else None),
    AlbumColumn("person_said", str, lambda e: ("moved" if e.pin.moved else "confirmed") if e.pin else None),
    AlbumColumn("time_latitude", float, lambda e: e.by_time.latlon[0] if e.by_time else None),
    AlbumColumn("time_longitude", float, lambda e: e.by_time.latlon[1] if e.by_time else None),
    AlbumColumn("time_spread_km", float, lambda e: e.by_time.spread_km if e.by_time else None),
    AlbumColumn("time_rests_on", str, lambda e: e.by_time.sentence if e.by_time else None),
    AlbumColumn("file_latitude", float, lambda e: e.file_claim.latlon[0] if e.file_claim else None),
    AlbumColumn("file_longitude", float, lambda e: e.file_claim.latlon[1] if e.file_claim else None),
    AlbumColumn("claim_km", float, lambda e: e.file_claim.distance_km if e.file_claim else None),
    AlbumColumn("claim_inside", float, lambda e: e.file_claim.level if e.file_claim else None),
    AlbumColumn("claim_verdict", str, lambda e: (e.file_claim.sentence or None) if e.file_claim else None),
    AlbumColumn("taken_at", str, lambda e: e.taken_at.isoformat() if e.taken_at else None),
    AlbumColumn("camera", str, lambda e: e.camera or None),
    AlbumColumn("caption", str, lambda e: e.file_words.get("Caption")),
    AlbumColumn("warnings", str, lambda e: " ".join(e.warnings) or None),
    AlbumColumn("problem", str, lambda e: e.problem or None),
)
"""Degrees, kilometres, times in ISO 8601. ``latitude`` and ``longitude`` are the position to use, ``position_from``
says whose it is: a person's, the model's, or that of neighbours in time; the three stand beside it, each by itself."""


def album_row(entry: Entry) -> Row:
    """One entry with the columns of ``ALBUM_COLUMNS``."""
    return {column.name: column.value(entry) for column in ALBUM_COLUMNS}

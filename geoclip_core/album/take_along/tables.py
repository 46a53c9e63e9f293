"""An album's table as GeoParquet, CSV, GeoJSON, KML and GPX."""

from __future__ import annotations

import io
import json
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq

from geoclip_core.album.entry import Entry
from geoclip_core.album.take_along.columns import ALBUM_COLUMNS, album_row
from geoclip_core.export.csv import csv_text
from geoclip_core.export.geoparquet import with_geometry
from geoclip_core.export.kml import KML, add_data, add_text

GPX = "http://www.topografix.com/GPX/1/1"
_TYPES = {str: pa.string(), int: pa.int32(), float: pa.float64(), bool: pa.bool_()}
_SCHEMA = pa.schema([(column.name, _TYPES[column.kind]) for column in ALBUM_COLUMNS])
_XML = '<?xml version="1.0" encoding="UTF-8"?>\n'


@dataclass(frozen=True)
class AlbumFormat:
    """A file format of an album's table.

    Attributes:
        title: What people call it.
        file: Name of the file that is offered.
        media_type: For the browser.
        write: From entries to the file's bytes.
    """

    title: str
    file: str
    media_type: str
    write: Callable[[Sequence[Entry]], bytes]


def to_geoparquet(entries: Sequence[Entry]) -> bytes:
    """One row per photo, with a geometry where it has a position."""
    stream = io.BytesIO()
    table = pa.Table.from_pylist([album_row(entry) for entry in entries], _SCHEMA)
    pq.write_table(with_geometry(table), stream)
    return stream.getvalue()


def to_csv(entries: Sequence[Entry]) -> bytes:
    """One row per photo; begins with a byte order mark, without which spreadsheets misread names."""
    rows = (album_row(entry).values() for entry in entries)
    return csv_text([column.name for column in ALBUM_COLUMNS], rows).encode("utf-8-sig")


def to_geojson(entries: Sequence[Entry]) -> bytes:
    """One feature per photo (RFC 7946); its geometry is null where it has no position."""
    features = []
    for entry in entries:
        row = album_row(entry)
        point = None
        if entry.latlon is not None:
            point = {"type": "Point", "coordinates": [row["longitude"], row["latitude"]]}
        features.append({"type": "Feature", "geometry": point, "properties": row})
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False).encode()


def to_kml(entries: Sequence[Entry]) -> bytes:
    """One placemark per photo that has a position (KML 2.2)."""
    root = ET.Element("kml", xmlns=KML)
    document = ET.SubElement(root, "Document")
    add_text(document, "name", "Album")
    for entry in entries:
        if entry.latlon is None:
            continue
        mark = ET.SubElement(document, "Placemark")
        add_text(mark, "name", entry.name)
        if entry.taken_at is not None:
            add_text(ET.SubElement(mark, "TimeStamp"), "when", entry.taken_at.isoformat())
        add_data(mark, album_row(entry))
        lat, lon = entry.latlon
        add_text(ET.SubElement(mark, "Point"), "coordinates", f"{lon!r},{lat!r}")
    return (_XML + ET.tostring(root, encoding="unicode")).encode()


def to_gpx(entries: Sequence[Entry]) -> bytes:
    """Waypoints of all placed photos, and a track through those with a time, in its order (GPX 1.1).

    GPX times are UTC: only photos whose file states the zone have one; of the others the comment tells the local time.
    """
    root = ET.Element("gpx", xmlns=GPX, version="1.1", creator="geoclip_core")
    placed = [entry for entry in entries if entry.latlon is not None]
    for entry in placed:
        _gpx_point(root, "wpt", entry)
    timed = sorted((e for e in placed if e.taken_at is not None), key=lambda e: _clock(e.taken_at))
    if timed:
        track = ET.SubElement(root, "trk")
        add_text(track, "name", "Timeline")
        segment = ET.SubElement(track, "trkseg")
        for entry in timed:
            _gpx_point(segment, "trkpt", entry)
    return (_XML + ET.tostring(root, encoding="unicode")).encode()


def _gpx_point(parent: ET.Element, tag: str, entry: Entry) -> None:
    assert entry.latlon is not None
    lat, lon = entry.latlon
    # GPX longitudes are below 180, and decimals without an exponent.
    point = ET.SubElement(parent, tag, lat=f"{lat:.7f}", lon=f"{min(lon, 179.9999999):.7f}")
    time = entry.taken_at
    if time is not None and time.tzinfo is not None:
        add_text(point, "time", time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    add_text(point, "name", entry.name)
    if time is not None and time.tzinfo is None:
        add_text(point, "cmt", f"taken {time.isoformat(' ')} local time")
    add_text(point, "desc", f"position from: {entry.origin}")


def _clock(time: datetime | None) -> datetime:
    """By the clock on the wall, since times without a zone cannot be compared with others."""
    assert time is not None
    return time.replace(tzinfo=None)


ALBUM_FORMATS: dict[str, AlbumFormat] = {
    "parquet": AlbumFormat("GeoParquet", "album.parquet", "application/vnd.apache.parquet", to_geoparquet),
    "csv": AlbumFormat("CSV", "album.csv", "text/csv", to_csv),
    "geojson": AlbumFormat("GeoJSON", "album.geojson", "application/geo+json", to_geojson),
    "kml": AlbumFormat("KML", "album.kml", "application/vnd.google-earth.kml+xml", to_kml),
    "gpx": AlbumFormat("GPX, timeline", "timeline.gpx", "application/gpx+xml", to_gpx),
}
"""Every format of the table by its short name."""

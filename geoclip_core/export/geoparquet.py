"""Tables with positions as GeoParquet 1.1: one more column of points, and what readers need to know of it."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import shapely

GEOMETRY = pa.field("geometry", pa.binary())
"""Points in well-known binary, longitude first, null where there is no position."""

_GEO = {
    "version": "1.1.0",
    "primary_column": "geometry",
    # Without a "crs" it is OGC:CRS84: degrees on WGS 84, longitude first.
    "columns": {"geometry": {"encoding": "WKB", "geometry_types": ["Point"]}},
}


def geo_schema(schema: pa.Schema, about: dict[str, str] | None = None) -> pa.Schema:
    """The schema of a table with its geometry.

    Args:
        schema: Of the table without it.
        about: Further metadata of the file.
    """
    return schema.append(GEOMETRY).with_metadata({"geo": json.dumps(_GEO), **(about or {})})


def with_geometry(table: pa.Table, latitude: str = "latitude", longitude: str = "longitude") -> pa.Table:
    """The table with a column of points made of two columns of degrees.

    Args:
        table: Any table with both columns; a row that lacks one has no point.
        latitude: Name of the one.
        longitude: Name of the other.
    """
    lat, lon = (table[name].to_numpy(zero_copy_only=False).astype(np.float64) for name in (latitude, longitude))
    known = np.isfinite(lat) & np.isfinite(lon)
    points = np.full(len(lat), None, dtype=object)
    points[known] = shapely.to_wkb(shapely.points(lon[known], lat[known]))
    made = table.append_column(GEOMETRY, pa.array(points.tolist(), pa.binary()))
    return made.replace_schema_metadata(geo_schema(table.schema, _plain(table.schema.metadata)).metadata)


def _plain(metadata: dict[bytes, bytes] | None) -> dict[str, str]:
    return {key.decode(): value.decode() for key, value in (metadata or {}).items()}

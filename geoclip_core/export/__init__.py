"""Answers as files: one row per candidate, written as GeoJSON, KML, CSV, Parquet; fields as GeoTIFF."""

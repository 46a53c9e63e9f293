"""Fields as GeoTIFF: one band of probabilities with its coordinate system."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from geoclip_core.earth.distance import EARTH_RADIUS_KM
from geoclip_core.earth.projection import CYLINDRICAL
from geoclip_core.earth.window import Window
from geoclip_core.errors import MissingDependencyError
from geoclip_core.files import atomic
from geoclip_core.locate.field import Field


def write_geotiff(field: Field, path: Path) -> None:
    """Write a field as a one-band float32 GeoTIFF.

    Args:
        field: Probability per pixel.
        path: The file to write; an existing one is replaced when the new one is complete.

    Raises:
        MissingDependencyError: rasterio is not installed.
    """
    try:
        import rasterio
        from rasterio.transform import from_bounds
    except ImportError as error:
        raise MissingDependencyError(
            "Writing GeoTIFF needs the package rasterio", hint="pip install rasterio"
        ) from error
    height, width = field.window.size
    crs, left, bottom, right, top = _plane_of(field.window)
    settings: dict[str, Any] = {
        "driver": "GTiff",
        "height": height,
        "width": width,
        "count": 1,
        "dtype": "float32",
        "crs": crs,
        "transform": from_bounds(left, bottom, right, top, width, height),
        "compress": "deflate",
    }
    # The raster is closed before it is renamed, which Windows needs.
    with atomic(path) as part, rasterio.open(part, "w", **settings) as file:
        file.write(field.mass.astype(np.float32), 1)
        file.set_band_description(1, "probability per pixel")
        file.update_tags(method=field.method, share_of_answer=f"{field.share:.6g}", **field.about)


def _plane_of(window: Window) -> tuple[str, float, float, float, float]:
    """Coordinate system of a window's pixels, and their left, bottom, right and top edge in it."""
    south, west, north, east = window.bounds
    if window.centre is not None and window.side_km is not None:
        lat, lon = window.centre
        half_m = window.side_km * 500.0
        crs = f"+proj=aeqd +lat_0={lat} +lon_0={lon} +R={EARTH_RADIUS_KM * 1000} +units=m +no_defs"
        return crs, -half_m, -half_m, half_m, half_m
    east = east if east > west else east + 360.0
    projection = CYLINDRICAL[window.projection]
    return projection.crs, *projection.to_crs(west, south), *projection.to_crs(east, north)

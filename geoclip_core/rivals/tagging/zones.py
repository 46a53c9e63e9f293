"""UTM zones and the grids within them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geoclip_core.earth.coordinates import check_latlon
from geoclip_core.earth.distance import great_circle_km

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

BANDS, COLUMNS = 20, 60
ZONES = BANDS * COLUMNS
GRID = 20  # cells along each side of a zone (GPS2Vec's code: 20; its paper tries 10, 20, 30)
REACH_KM = 20.0  # sigma of the soft grid (GPS2Vec, section 4)

# Bounds of the columns where the zones of Norway (band V) and Svalbard (band X) are wider (Snyder 1987, p. 62).
_NORWAY = {31: (0.0, 3.0), 32: (3.0, 12.0)}
_SVALBARD = {31: (0.0, 9.0), 33: (9.0, 21.0), 35: (21.0, 33.0), 37: (33.0, 42.0)}


def utm_zones(latlon: npt.ArrayLike) -> Ints:
    """Zone of each point: ``20 (column - 1) + band``, columns 1 to 60 from 180 W, bands 0 (C) to 19 (X) from 80 S.

    Args:
        latlon: (n, 2) degrees; latitudes beyond 80 S and 84 N belong to the outermost bands.

    Returns:
        (n,) int64 in [0, 1200).
    """
    points = check_latlon(latlon)
    lat, lon = points[:, 0], points[:, 1]
    band = np.clip(np.floor((lat + 80.0) / 8.0), 0, BANDS - 1).astype(np.int64)  # X is 12 degrees high
    column = np.clip(np.floor((lon + 180.0) / 6.0), 0, COLUMNS - 1).astype(np.int64) + 1
    for special, own in ((17, _NORWAY), (19, _SVALBARD)):
        for number, (west, east) in own.items():
            column = np.where((band == special) & (lon >= west) & (lon < east), number, column)
    return np.asarray(BANDS * (column - 1) + band)


def zone_bounds(zone: int) -> tuple[float, float, float, float]:
    """South, west, north and east of a zone, degrees."""
    column, band = zone // BANDS + 1, zone % BANDS
    south, west = band * 8.0 - 80.0, column * 6.0 - 186.0
    special = _NORWAY if band == 17 else _SVALBARD if band == 19 else {}
    west, east = special.get(column, (west, west + 6.0))
    return south, west, south + (12.0 if band == 19 else 8.0), east


def zone_grid(zone: int, cells: int = GRID) -> Floats:
    """Centres (cells^2, 2), in degrees, of the grid over a zone, row by row from the south-west corner."""
    south, west, north, east = zone_bounds(zone)
    share = (np.arange(cells) + 0.5) / cells
    lat, lon = south + (north - south) * share, west + (east - west) * share
    return np.stack(np.meshgrid(lat, lon, indexing="ij"), axis=-1).reshape(-1, 2)


def soft_grid(latlon: Floats, zone: int, cells: int = GRID, reach_km: float = REACH_KM) -> npt.NDArray[np.float32]:
    """``exp(-d / sigma)`` of the distance to each centre of a zone's grid: what a network of GPS2Vec is fed with.

    Distances are along the sphere; GPS2Vec measures on the UTM plane, which differs by up to 0.4 %.

    Args:
        latlon: (n, 2) degrees, in the zone or anywhere.
        zone: Number of the zone.
        cells: Along each side.
        reach_km: Sigma.

    Returns:
        (n, cells^2) in [0, 1].
    """
    away = great_circle_km(latlon[:, None], zone_grid(zone, cells))
    return np.exp(-away / reach_km).astype(np.float32)


def cell_of(latlon: Floats, zones: Ints, cells: int = GRID) -> Ints:
    """Number, over the whole Earth, of the grid cell that each point lies in."""
    bounds = np.array([zone_bounds(int(zone)) for zone in zones]).reshape(-1, 4)
    shares = (latlon - bounds[:, :2]) / (bounds[:, 2:] - bounds[:, :2])
    row, column = np.clip(np.floor(shares * cells), 0, cells - 1).astype(np.int64).T
    return np.asarray(zones * cells**2 + row * cells + column)

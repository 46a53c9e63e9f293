"""From pixels of a window to the outline on the Earth that a map can draw.

The outline follows the edges of the pixels. It is cut at the antimeridian, and a part that holds a pole
runs along latitude +-90, as RFC 7946 asks of GeoJSON.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from geoclip_core.earth.arcs import arc_width
from geoclip_core.earth.coordinates import Floats
from geoclip_core.earth.plane import from_plane_km, to_plane_km
from geoclip_core.earth.projection import CYLINDRICAL
from geoclip_core.earth.window import Window

_LONGEST_EDGE_DEG = 5.0  # longer ones get points in between, so that a straight line and a great circle agree
_LONGEST_PLANE_EDGE_DEG = 1.0  # straight on the plane is not straight in degrees, least of all near a pole
_STEPS_PER_PIXEL = 1000  # what coordinates are rounded to
_MERIDIAN_POINTS = 721
_POLE_DEG = 1e-6
_SNAP_PX = 0.01  # what lies this near the cut lies on it


def boxes_of(mask: npt.NDArray[np.bool_], block: int = 1) -> Any:
    """Runs of set cells as boxes on the pixel plane, x right and y down.

    Args:
        mask: (h, w), one cell per ``block`` x ``block`` pixels.
        block: Side of a cell in pixels.

    Returns:
        Array of shapely boxes, one per run of neighbours in a row.
    """
    edges = np.diff(np.pad(mask.astype(np.int8), ((0, 0), (1, 1))), axis=1)
    row, left = np.nonzero(edges == 1)
    right = np.nonzero(edges == -1)[1]
    return shapely.box(left * block, row * block, right * block, (row + 1) * block)


def corners_of(mask: npt.NDArray[np.bool_]) -> int:
    """How many points the outline of set cells has, before any of them is drawn."""
    cells = np.pad(mask.astype(np.int8), 1)
    around = cells[:-1, :-1] + cells[1:, :-1] + cells[:-1, 1:] + cells[1:, 1:]
    diagonal = (around == 2) & (cells[:-1, :-1] == cells[1:, 1:])
    return int((around % 2).sum() + 2 * diagonal.sum())


def outline(window: Window, boxes: Any) -> Any:
    """The union of boxes on the pixel plane, on the Earth.

    Args:
        window: Where the pixels are.
        boxes: Shapely boxes in pixels, x right and y down; what lies beyond the window is cut off.

    Returns:
        Shapely MultiPolygon in degrees, longitude first, in [-180, 180]; exterior rings anticlockwise.
        Empty where there are no boxes.
    """
    height, width = window.size
    shape = shapely.clip_by_rect(shapely.union_all(boxes), 0, 0, width, height).simplify(0)
    if shape.is_empty:
        return shapely.MultiPolygon()
    earth = _from_plane(window, shape) if window.centre is not None else _from_grid(window, shape)
    polygons = [part for part in shapely.get_parts(earth) if part.geom_type == "Polygon"]
    return shapely.MultiPolygon([shapely.geometry.polygon.orient(part) for part in polygons])


def _from_grid(window: Window, shape: Any) -> Any:
    """Of a window in a cylindrical projection, whose meridians and parallels are straight on the plane."""
    height, width = window.size
    south, west, north, east = window.bounds
    span = arc_width(west, east)
    rows = CYLINDRICAL[window.projection]
    top, bottom = float(rows.y(north)), float(rows.y(south))

    def to_earth(points: Floats) -> Floats:
        lat = rows.lat(top + (bottom - top) * points[:, 1] / height)
        return np.column_stack([west + span * points[:, 0] / width, lat])

    long_edge = _LONGEST_EDGE_DEG * width / span
    earth = _rounded(shapely.transform(shapely.segmentize(shape, long_edge), to_earth), span / width)
    here = shapely.clip_by_rect(earth, -180, -90, 180, 90)
    beyond = shapely.clip_by_rect(earth, 180, -90, 540, 90)
    if beyond.is_empty:
        return here
    return shapely.union_all([here, shapely.transform(beyond, lambda points: points - np.array([360.0, 0.0]))])


def _from_plane(window: Window, shape: Any) -> Any:
    """Of a local window, cut along the meridians 0 and 180 where the antimeridian or a pole lies in it."""
    height, width = window.size
    side_km, centre = window.side_km or math.nan, window.centre or (math.nan, math.nan)
    scale = np.array([side_km / width, -side_km / height])
    middle = np.array([width / 2, height / 2])
    pixel_deg = side_km / max(height, width) / 111.2
    polar = window.south == -90 or window.north == 90
    shape = shapely.segmentize(shape, 1.0 if polar else max(1.0, _LONGEST_PLANE_EDGE_DEG / pixel_deg))
    if window.west < window.east and (window.west, window.east) != (-180.0, 180.0):
        return _rounded(shapely.transform(shape, lambda p: _lonlat(centre, (p - middle) * scale)), pixel_deg)
    lat = np.linspace(-90, 90, _MERIDIAN_POINTS)
    circle = np.concatenate([np.stack([lat, 0 * lat], -1), np.stack([lat[::-1], 0 * lat - 180], -1)[1:]])
    line = np.column_stack(to_plane_km(centre, circle)) / scale + middle
    line[-1] = line[0]
    # Where the circle passes the antipode, the plane is torn: the jump is no part of it.
    torn = np.abs(np.diff(line, axis=0)).max(axis=1) > max(height, width)
    runs = [run for run in np.split(line, np.flatnonzero(torn) + 1) if len(run) > 1]
    cut = shapely.union_all([shapely.boundary(shape), *(shapely.LineString(run) for run in runs)])
    inside = [p for p in shapely.get_parts(shapely.polygonize([cut])) if shape.contains(p.representative_point())]
    pieces = [
        _side(centre, shapely.transform(piece, lambda p: (p - middle) * scale), _SNAP_PX * pixel_deg)
        for piece in inside
    ]
    return shapely.union_all([_rounded(piece, pixel_deg) for piece in pieces if not piece.is_empty])


def _lonlat(centre: tuple[float, float], plane_km: Floats) -> Floats:
    return from_plane_km(centre, plane_km[:, 0], plane_km[:, 1])[:, ::-1]


def _side(centre: tuple[float, float], piece: Any, snap_deg: float) -> Any:
    """A polygon of the plane that lies in one half of the Earth, east or west, on that half."""
    point = piece.representative_point()
    east = _lonlat(centre, np.array([[point.x, point.y]]))[0, 0] >= 0

    def ring(line: Any) -> Floats:
        points = _lonlat(centre, shapely.get_coordinates(line)[:-1])
        at_pole = np.abs(points[:, 1]) > 90 - _POLE_DEG
        lon_rad, lat_rad = np.radians(points).T
        on_cut = np.abs(np.degrees(np.sin(lon_rad) * np.cos(lat_rad))) < snap_deg
        lon = np.where(on_cut, np.where(np.cos(lon_rad) > 0, 0.0, 180.0), np.abs(points[:, 0]))
        lon = lon if east else -lon
        points = np.column_stack([lon, points[:, 1]])
        rows = []
        for i, row in enumerate(points):
            if at_pole[i]:  # one point of the plane, but a whole edge of the map
                pole = math.copysign(90.0, row[1])
                rows += [[points[i - 1, 0], pole], [points[(i + 1) % len(points), 0], pole]]
            else:
                rows.append(list(row))
        return np.array(rows)

    return shapely.Polygon(ring(piece.exterior), [ring(hole) for hole in piece.interiors])


def _rounded(shape: Any, pixel_deg: float) -> Any:
    """Coordinates with as many decimals as the pixels are worth; polygons that vanish are left out."""
    step = 10.0 ** math.floor(math.log10(pixel_deg / _STEPS_PER_PIXEL))
    decimals = max(0, round(-math.log10(step)))
    precise = shapely.set_precision(shapely.make_valid(shape), step)
    return shapely.transform(precise, lambda points: np.round(points, decimals))

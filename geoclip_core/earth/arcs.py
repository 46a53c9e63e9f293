"""Arcs of longitude: the west and east edges of boxes, which may cross the antimeridian.

An arc runs eastwards from west in [-180, 180) to east in (-180, 180], in degrees. ``west > east`` crosses the
antimeridian, and -180 to 180 is the whole circle.
"""

from __future__ import annotations

from collections.abc import Iterable

from geoclip_core.earth.coordinates import wrap_longitude
from geoclip_core.errors import CoordinateError


def checked_arc(west: float, east: float) -> tuple[float, float]:
    """Read the edges of a box as people write them, each in [-180, 360].

    Returns:
        (west, east) in range; a full turn from any meridian becomes -180 to 180.

    Raises:
        CoordinateError: The arc is longer than a full turn, or empty.
    """
    if east - west > 360 or west == east:
        raise CoordinateError(
            f"The box runs from west {west:g} to east {east:g}",
            allowed="a width above 0 and up to 360 degrees",
            hint="west > east crosses the antimeridian; the whole circle is -180 to 180",
        )
    return arc(west, east - west if east > west else east - west + 360.0)


def arc(west: float, width: float) -> tuple[float, float]:
    """The arc (west, east) that starts at any longitude and has a width above 0, in degrees."""
    if width >= 360.0:
        return -180.0, 180.0
    east = float(wrap_longitude(west + width))
    return float(wrap_longitude(west)), east if east > -180.0 else 180.0


def arc_width(west: float, east: float) -> float:
    """Degrees from west to east, above 0 and up to 360."""
    return (east - west) % 360.0 or 360.0


def shortest_cover(arcs: Iterable[tuple[float, float]]) -> tuple[float, float]:
    """The shortest arc (west, east) that covers arcs given as (west, width), at least one."""
    ordered = sorted((west % 360.0, width) for west, width in arcs)
    reach = max(west + width for west, width in ordered) - 360.0  # how far the last ones reach round
    widest_gap, start = 0.0, 0.0
    for west, width in ordered:
        if west - reach > widest_gap:
            widest_gap, start = west - reach, west
        reach = max(reach, west + width)
    return arc(start, 360.0 - widest_gap)

"""A view of an answer as plain data for the map: the picture of the field, outlines, pins, lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geoclip_core.earth.distance import destination
from geoclip_core.earth.great_circle import great_circle_line
from geoclip_core.earth.regions import BoxRegion, RadiusRegion, Region, UnionRegion
from geoclip_core.locate.wording import area, distance, percent
from geoclip_core.maps.colour_bar import colour_bar
from geoclip_core.maps.folium_map import Legend, Outline, Pin, Track
from geoclip_core.maps.heat import HeatPicture, heat_picture
from geoclip_core.page.state.views import WORLD, View

if TYPE_CHECKING:  # these import torch, which the first sight of the page does not wait for
    from geoclip_core.locate.answer import Answer, Candidate
    from geoclip_core.locate.credible import CredibleRegion
    from geoclip_core.locate.field import Field
    from geoclip_core.locate.locator import Locator
    from geoclip_core.maps.surroundings import Surroundings

_DASHES = {0.5: None, 0.9: "5 4"}
_WIDEST_NEAR_DEG = 6.0  # a wider view is well served by the coarse coasts of the base map
_DECIMALS = 4


@dataclass(frozen=True)
class Scene:
    """A view of an answer.

    Attributes:
        heat: The picture of the field.
        legend: What the picture means.
        regions: Credible regions of the view, by level.
        outlines: The edges of these regions.
    """

    heat: HeatPicture
    legend: Legend
    regions: tuple[CredibleRegion, ...]
    outlines: tuple[Outline, ...]


def field_of(locator: Locator, answer: Answer, view: View) -> Field:
    """The probability of each pixel of a view.

    Raises:
        GeoclipError: Nothing of the answer lies in the view.
    """
    return locator.field(answer.query, view.window)


def make_scene(locator: Locator, answer: Answer, view: View, dark: bool) -> Scene:
    """What the map draws of a view.

    Args:
        locator: The model that gave the answer.
        answer: The answer.
        view: What the map shows.
        dark: Whether the page is dark.

    Raises:
        GeoclipError: Nothing of the answer lies in the view.
    """
    from geoclip_core.locate.credible import credible_regions

    field = field_of(locator, answer, view)
    regions = credible_regions(field, tuple(_DASHES))
    bar = colour_bar(field, dark)
    lines = tuple(
        (_DASHES[r.level], f"{percent(r.level)} in {'≤ ' if r.upper_bound else ''}{area(r.area_km2)}") for r in regions
    )
    legend = Legend(bar.css, tuple((tick.position, tick.label) for tick in bar.ticks), bar.unit, lines)
    west = -180.0 if view is WORLD else view.window.west
    outlines = tuple(Outline(_drawn(r.geometry, west), _DASHES[r.level]) for r in regions)
    return Scene(heat_picture(field, dark), legend, regions, outlines)


def _drawn(geometry: Any, west: float) -> dict[str, Any]:
    """GeoJSON of an outline, on the side of the antimeridian where the map shows it."""
    parts = [
        shapely.transform(part, lambda xy, by=(360.0 * (part.bounds[2] < west), 0.0): np.round(xy + by, _DECIMALS))
        for part in shapely.get_parts(geometry)
    ]
    shape: dict[str, Any] = shapely.geometry.mapping(shapely.MultiPolygon(parts))
    return shape


def surroundings_of(view: View) -> Surroundings | None:
    """Coasts and towns of a close view, for a map without tiles; None for a wide one."""
    from geoclip_core.maps.surroundings import surroundings

    return surroundings(view.window) if view.width_deg <= _WIDEST_NEAR_DEG else None


def pins(candidates: tuple[Candidate, ...], chosen: int | None, other: bool = False) -> list[Pin]:
    """A pin for each candidate.

    Args:
        candidates: By falling probability.
        chosen: Index of the candidate that is looked at, if any.
        other: Whether they belong to the answer that is compared, which gets letters instead of numbers.
    """
    return [
        Pin(
            chr(ord("A") + index) if other else str(index + 1),
            candidate.latlon,
            f"{candidate.label} · {percent(candidate.probability)}",
            "other" if other else "chosen" if index == chosen else "",
            index,
        )
        for index, candidate in enumerate(candidates)
    ]


def track(answer: Answer, known: tuple[float, float], km: float) -> Track:
    """The great circle from the first candidate to the known position.

    Args:
        answer: The answer.
        known: The position, degrees, latitude first.
        km: The length of the line.
    """
    pieces = great_circle_line(answer.candidates[0].latlon, known)
    return Track(tuple(tuple((float(lat), float(lon)) for lat, lon in piece) for piece in pieces), distance(km))


def region_shape(region: Region | None) -> dict[str, Any] | None:
    """GeoJSON of the boxes and circles in a region; countries have their borders on the map already."""
    parts = region.regions if isinstance(region, UnionRegion) else (region,)
    rings = [ring for part in parts if (ring := _ring(part)) is not None]
    return {"type": "MultiLineString", "coordinates": rings} if rings else None


def _ring(region: Region | None) -> list[list[float]] | None:
    if isinstance(region, BoxRegion):
        south, west, north, east = region.bounds
        east += 360.0 * (east <= west)
        return [[west, south], [east, south], [east, north], [west, north], [west, south]]
    if isinstance(region, RadiusRegion):
        latlon = destination(region.latlon, np.linspace(0, 360, 73), region.radius_km)
        lon = np.unwrap(latlon[:, 1], period=360.0)
        return [[float(x), float(y)] for x, y in zip(lon, latlon[:, 0], strict=True)]
    return None

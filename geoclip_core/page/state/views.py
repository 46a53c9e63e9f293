"""Views: windows of the Earth that the map shows, and the way from the world to the one shown now."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import streamlit as st

from geoclip_core.earth.arcs import arc, arc_width
from geoclip_core.earth.projection import MERCATOR_MAX_LAT
from geoclip_core.earth.regions import RadiusRegion, Region, UnionRegion
from geoclip_core.earth.window import Window
from geoclip_core.locate.wording import distance
from geoclip_core.page import texts

if TYPE_CHECKING:
    from geoclip_core.locate.answer import Answer

WORLD_PX = 1024
CLOSE_PX = 256
CITY_KM = 50.0
STREET_KM = 5.0
SAMPLED_KM = 60.0
"""A larger window is summed from points, which shows more the more pixels it has; see ``locate.field``, which imports
torch and is for that reason not imported here."""
_FRAME = 0.08
_LEAST_MARGIN_DEG = 0.02
_WIDEST_FRAME_DEG = 200.0
_HALVES = 3.0  # times the radius that holds half of a candidate: nearly all of it
_LEAST_RADIUS_KM = 22.0  # around a candidate: a city


@dataclass(frozen=True)
class View:
    """A window and what it is called in the breadcrumb.

    Attributes:
        label: A few words.
        window: What is computed; in Mercator, as web maps are.
        candidate: Index of the candidate that is looked at.
    """

    label: str
    window: Window
    candidate: int | None = None

    @property
    def width_deg(self) -> float:
        """Degrees of longitude from edge to edge."""
        return arc_width(self.window.west, self.window.east)

    @property
    def centre(self) -> tuple[float, float]:
        """Middle of the window, degrees."""
        south, west, north, _ = self.window.bounds
        return (south + north) / 2, (west + self.width_deg / 2 + 180.0) % 360.0 - 180.0

    @property
    def height_km(self) -> float:
        """From its southern to its northern edge."""
        return self.window.spacing_km[0] * self.window.size[0]


WORLD = View(texts.WORLD, Window.world((WORLD_PX, WORLD_PX), "mercator"))


def around(latlon: tuple[float, float], km: float, label: str = "", candidate: int | None = None) -> View:
    """A square around a point.

    Raises:
        CoordinateError: The point lies beyond Mercator's latitudes.
    """
    window = Window.around(latlon, km, (CLOSE_PX, CLOSE_PX), "mercator")
    return View(label or f"{km:g} km", window, candidate)


def boxed(south: float, west: float, north: float, east: float) -> View:
    """A box as a map in the browser gives it: longitudes may run beyond 180, latitudes beyond Mercator.

    Raises:
        CoordinateError: The box is empty.
    """
    south, north = max(south, -MERCATOR_MAX_LAT), min(north, MERCATOR_MAX_LAT)
    if east - west >= 360.0:
        return WORLD
    west, east = arc(west, east - west)
    shape = Window.box(south, west, north, east, (1, 1), "mercator")
    height_km, width_km = shape.spacing_km
    longest = CLOSE_PX if max(height_km, width_km) <= SAMPLED_KM else WORLD_PX
    size = [max(1, round(longest * side / max(height_km, width_km))) for side in (height_km, width_km)]
    return View(
        distance(max(height_km, width_km)), Window.box(south, west, north, east, (size[0], size[1]), "mercator")
    )


def framed(region: Region, label: str = texts.SEARCH_AREA) -> View:
    """The box around a region with a margin; the world where it is about as wide."""
    south, west, north, east = region.bounds
    width = arc_width(west, east)
    if width > _WIDEST_FRAME_DEG:
        return WORLD
    across, up = max(_FRAME * width, _LEAST_MARGIN_DEG), max(_FRAME * (north - south), _LEAST_MARGIN_DEG)
    view = boxed(south - up, west - across, north + up, west + width + across)
    return replace(view, label=label)


def of_answer(answer: Answer) -> View:
    """What shows the candidates that hold 90 % of an answer; the world where all of them together hold less."""
    leading = answer.holding()
    if not leading:
        return WORLD
    best = leading[0]
    if len(leading) == 1 and _HALVES * best.radius_km <= CITY_KM / 2 and abs(best.latlon[0]) < MERCATOR_MAX_LAT:
        return around(best.latlon, CITY_KM, best.label, 0)
    rings = tuple(RadiusRegion(c.latlon, max(_HALVES * c.radius_km, _LEAST_RADIUS_KM)) for c in leading)
    return framed(UnionRegion(rings), best.label if len(leading) == 1 else texts.ANSWER)


def path() -> tuple[View, ...]:
    """The views from the world to what is shown, the world left out."""
    kept: tuple[View, ...] = st.session_state.get("path", ())
    return kept


def shown() -> View:
    """The view that the map shows now."""
    return (WORLD, *path())[-1]


def fly_count() -> int:
    """How often the page has told the map to fly to a view; a higher count flies to the same view again."""
    return int(st.session_state.get("fly_count", 0))


def usual() -> tuple[View, ...]:
    """The way to the view on which the map opens."""
    kept: tuple[View, ...] = st.session_state.get("usual path", ())
    return kept


def opens_on(*views: View) -> None:
    """Fly to the view on which the map opens, the last of these, and remember the way there."""
    st.session_state["usual path"] = tuple(view for view in views if view is not WORLD)
    go(*views)


def go(*views: View) -> None:
    """Fly to the last of these views, or to the world where there are none.

    Args:
        views: The way from the world to what is shown next.
    """
    st.session_state["path"] = tuple(view for view in views if view is not WORLD)
    st.session_state["fly_count"] = fly_count() + 1


def beside(view: View) -> None:
    """Fly to a view inside the one on which the map opens, whatever is shown now."""
    go(*(kept for kept in usual() if kept.window != view.window and kept.width_deg > view.width_deg), view)


def deeper(view: View) -> None:
    """Fly to a view, keeping the larger views of the way as the way back."""
    go(*(kept for kept in path() if kept.window != view.window and kept.width_deg > view.width_deg), view)

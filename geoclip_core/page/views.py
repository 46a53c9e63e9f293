"""What the map shows: the world, or a window into it, and the way there."""

from __future__ import annotations

from dataclasses import dataclass, replace

import streamlit as st

from geoclip_core.earth.arcs import arc, arc_width
from geoclip_core.earth.regions import Region
from geoclip_core.earth.window import MERCATOR_MAX_LAT, Window
from geoclip_core.page.words import distance, plain

WORLD_PX = 1024
CLOSE_PX = 256
CITY_KM = 50.0
STREET_KM = 5.0
_FRAME = 0.08
_LEAST_MARGIN_DEG = 0.02
_WIDEST_FRAME_DEG = 200.0
_SAMPLED_KM = 60.0  # a larger window is summed from points, which shows more the more pixels it has


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


WORLD = View("World", Window.world((WORLD_PX, WORLD_PX), "mercator"))


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
    longest = CLOSE_PX if max(height_km, width_km) <= _SAMPLED_KM else WORLD_PX
    size = [max(1, round(longest * side / max(height_km, width_km))) for side in (height_km, width_km)]
    return View(
        distance(max(height_km, width_km)), Window.box(south, west, north, east, (size[0], size[1]), "mercator")
    )


def framed(region: Region) -> View:
    """The box around a region with a margin; the world where it is about as wide."""
    south, west, north, east = region.bounds
    width = arc_width(west, east)
    if width > _WIDEST_FRAME_DEG:
        return WORLD
    across, up = max(_FRAME * width, _LEAST_MARGIN_DEG), max(_FRAME * (north - south), _LEAST_MARGIN_DEG)
    view = boxed(south - up, west - across, north + up, west + width + across)
    return replace(view, label="Search area")


def path() -> tuple[View, ...]:
    """The views from the world to what is shown, the world left out."""
    kept: tuple[View, ...] = st.session_state.get("path", ())
    return kept


def shown() -> View:
    """What the map shows."""
    return (WORLD, *path())[-1]


def turn() -> int:
    """How often the map was turned by the page."""
    return int(st.session_state.get("turn", 0))


def go(*views: View) -> None:
    """Turn the map to the last of these views, or (none) to the world."""
    st.session_state["path"] = tuple(view for view in views if view is not WORLD)
    st.session_state["turn"] = turn() + 1


def deeper(view: View) -> None:
    """Turn the map to a view, keeping the way back."""
    go(*(kept for kept in path() if kept.window != view.window and kept.width_deg > view.width_deg), view)


def breadcrumb() -> None:
    """The way back to the world, and the way on to the streets."""
    steps = (WORLD, *path())
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        for depth, view in enumerate(steps):
            last = depth == len(steps) - 1
            st.button(
                plain(view.label),
                key=f"step {depth}",
                icon=":material/public:" if view is WORLD else ":material/chevron_right:",
                disabled=last,
                type="tertiary",
                on_click=go,
                args=steps[1 : depth + 1],
            )
        here = steps[-1]
        if here is not WORLD and 2 * STREET_KM < here.height_km <= _SAMPLED_KM:
            closer = around(here.centre, STREET_KM)
            st.button(f"Closer: {STREET_KM:g} km", icon=":material/zoom_in:", on_click=deeper, args=(closer,))

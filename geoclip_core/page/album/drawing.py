"""The album's map: each photo at its place; a click chooses it, or says where it was."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st
from streamlit_folium import st_folium

from geoclip_core.earth.regions import RadiusRegion, UnionRegion
from geoclip_core.errors import GeoclipError
from geoclip_core.locate.wording import percent
from geoclip_core.maps.album_map import PhotoPin, Sure, album_layer, album_map
from geoclip_core.maps.folium_map import WORLD, Corners
from geoclip_core.page import texts
from geoclip_core.page.album import pictures, state
from geoclip_core.page.map import map_files
from geoclip_core.page.markdown import plain

if TYPE_CHECKING:
    from geoclip_core.album.entry import Entry

SURE, FAIR = 0.9, 0.5  # probability of the best place
_WIDE_KM = 50.0  # a place of which half lies farther than this is not sure
_AROUND_KM = 40.0
_AROUND_ONE_KM = 300.0  # so that coasts and towns tell where a photo is, also on a map without tiles
_HEIGHT_PX = 600  # until the page's style sheet has arrived
_KEY = "album map"


def sure(entry: Entry) -> Sure:
    """How sure the place of a photo is, for the colour of its ring."""
    if entry.origin == "person":
        return "sure"
    best = entry.best
    if best is None or best.probability < FAIR:
        return "doubtful"
    return "sure" if best.probability >= SURE and best.radius_km <= _WIDE_KM else "fair"


def label(entry: Entry) -> str:
    """What a photo is called on the map."""
    best = entry.best
    if entry.origin == "model" and best is not None:
        return f"{entry.name}: {best.name}, {percent(best.probability)}"
    return f"{entry.name}: {texts.ALBUM_BY_TIME}" if entry.origin == "time" else entry.name


def draw(entries: Sequence[Entry]) -> None:
    """The map with those of the photos that have a place."""
    placed = [(entry, entry.latlon) for entry in entries if entry.latlon is not None]
    chosen = state.chosen()
    pins = [
        PhotoPin(
            entry.number,
            latlon,
            pictures.address(entry, on_map=True),
            label(entry),
            sure(entry),
            chosen is not None and chosen.number == entry.number,
            entry.pin is not None,
        )
        for entry, latlon in placed
    ]
    tiles, dark = map_files.tiles_now(), st.context.theme.type == "dark"
    placing = chosen.number if chosen is not None and st.session_state.get("album moving") else None
    if chosen is not None and chosen.latlon is not None:
        corners = _corners([chosen.latlon], _AROUND_ONE_KM)
    else:
        corners = _corners([latlon for _, latlon in placed], _AROUND_KM if len(placed) > 1 else _AROUND_ONE_KM)
    st_folium(
        album_map(map_files.web_address(), tiles, dark, map_files.towns_address(), texts.MAP),
        key=_KEY,
        height=_HEIGHT_PX,
        use_container_width=True,
        returned_objects=[],
        feature_group_to_add=album_layer(pins, corners, state.turned(), placing, texts.ALBUM_RINGS),
        on_change=_on_event,
    )


def _corners(latlons: Sequence[tuple[float, float]], around_km: float) -> Corners:
    """A box around points; all longitudes where the smallest crosses the antimeridian, at which the map ends."""
    if not latlons:
        return WORLD
    region = UnionRegion(tuple(RadiusRegion(latlon, around_km) for latlon in latlons))
    south, west, north, east = region.bounds
    return ((south, -180.0), (north, 180.0)) if east <= west else ((south, west), (north, east))


def _on_event() -> None:
    """Handle what a visitor does on the map; ``assets/web/album.js`` sends it."""
    event: dict[str, Any] = (st.session_state.get(_KEY) or {}).get("event") or {}
    try:
        match event.get("kind"):
            case "photo":
                state.choose(int(event["photo"]))
            case "moved":
                visit = state.visit()
                visit.album.put(visit.album.entries[int(event["photo"])].moved((event["point"][0], event["point"][1])))
                st.session_state["album moving"] = False
    except (GeoclipError, IndexError) as error:
        st.session_state["trouble"] = plain(str(error))

"""Leaflet and the countries, served by Streamlit itself, so that the map needs no network."""

from __future__ import annotations

from pathlib import Path

import streamlit as st
import streamlit.components.v1 as components

from geoclip_core.errors import GeoclipError
from geoclip_core.files import asset_path
from geoclip_core.maps.basemap import reachable, tile_template

_NAME = "map_files"
_PROBE_SECONDS = 180


def _dist() -> Path | None:
    try:
        return asset_path("web/dist")
    except GeoclipError:
        return None  # npm has not run: Leaflet then comes from a CDN


_FOLDER = _dist()
if _FOLDER is not None:
    components.declare_component(_NAME, path=str(_FOLDER))


def web_address() -> str | None:
    """Address of the map's files as seen from the map, a component of its own; None where they are not built."""
    return f"../{__name__}.{_NAME}" if _FOLDER is not None else None


@st.cache_data(ttl=_PROBE_SECONDS, show_spinner=False)
def tiles_now() -> str:
    """Address of map tiles, or "" where their server does not answer; asked again every few minutes."""
    template = tile_template()
    return template if template and reachable(template) else ""

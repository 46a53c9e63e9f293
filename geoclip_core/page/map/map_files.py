"""Files that the map loads, served by Streamlit itself so that no network is needed, and servers of map tiles.

The files are Leaflet, the countries, and the names of towns.
"""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path

import streamlit as st
import streamlit.components.v1 as components

from geoclip_core.errors import GeoclipError
from geoclip_core.files import asset_path
from geoclip_core.maps.basemap import Tiles, reachable, tile_choices

_NAME = "map_files"
_MADE = "map_names"
_PROBE_SECONDS = 180


def _dist() -> Path | None:
    try:
        return asset_path("web/dist")
    except GeoclipError:
        return None  # not built: Leaflet then comes from a public address


_FOLDER = _dist()
if _FOLDER is not None:
    components.declare_component(_NAME, path=str(_FOLDER))
_MADE_HERE = tempfile.TemporaryDirectory(prefix="geoclip-map-")  # goes when the server ends
components.declare_component(_MADE, path=_MADE_HERE.name)


def web_address() -> str | None:
    """Address of Leaflet and the countries, relative to the map, which is a component with a page of its own.

    None where ``npm run collect`` has not built them.
    """
    return f"../{__name__}.{_NAME}" if _FOLDER is not None else None


@functools.cache
def towns_address() -> str:
    """Address of the names of towns, relative to the map; the file is written when it is first asked for."""
    from geoclip_core.maps.surroundings import world_towns

    (Path(_MADE_HERE.name) / "towns.json").write_text(world_towns(), encoding="utf-8")
    return f"../{__name__}.{_MADE}/towns.json"


@st.cache_data(ttl=_PROBE_SECONDS, show_spinner=False)
def tiles_now() -> tuple[Tiles, ...]:
    """Map tiles whose servers answer; asked again every few minutes."""
    return tuple(kind for kind in tile_choices() if reachable(kind.template))

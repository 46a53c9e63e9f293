"""Files that the map loads, served by Streamlit itself so that no network is needed, and servers of map tiles.

The files are Leaflet, the countries, and the names of towns.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st
import streamlit.components.v1 as components

from geoclip_core.errors import GeoclipError
from geoclip_core.files import asset_path
from geoclip_core.maps.basemap import Tiles, reachable, tile_choices

_NAME = "map_files"
_PROBE_SECONDS = 180


def _dist() -> Path | None:
    try:
        return asset_path("web/dist")
    except GeoclipError:
        return None  # not built: Leaflet then comes from a public address


_FOLDER = _dist()
if _FOLDER is not None:
    components.declare_component(_NAME, path=str(_FOLDER))


def web_address() -> str | None:
    """Address of Leaflet and the countries, relative to the map, which is a component with a page of its own.

    None where ``npm run collect`` has not built them.
    """
    return f"../{__name__}.{_NAME}" if _FOLDER is not None else None


def flags_style() -> str:
    """A style sheet that draws the letters of flags as pictures, since not every system has such letters.

    The face joins the page's own font under its name, for these letters only.
    """
    source = f"component/{__name__}.{_NAME}/flags.woff2"
    face = (
        f'font-family: "Source Sans"; font-weight: 100 900; src: url("{source}") format("woff2"); '
        "unicode-range: U+1F1E6-1F1FF; font-display: swap"
    )
    return f"<style>@font-face {{ {face if _FOLDER is not None else 'font-family: none'} }}</style>"


def towns_address() -> str | None:
    """Address of the names of towns, relative to the map."""
    return f"{web_address()}/towns.json" if _FOLDER is not None else None


@st.cache_data(ttl=_PROBE_SECONDS, show_spinner=False)
def tiles_now() -> tuple[Tiles, ...]:
    """Map tiles whose servers answer; asked again every few minutes."""
    return tuple(kind for kind in tile_choices() if reachable(kind.template))

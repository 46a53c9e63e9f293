"""What lies under the heat: map tiles where there is a network, drawn countries where there is none."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import folium

TILES_VARIABLE = "GEOCLIP_TILES"
LIGHT_TILES_VARIABLE = "GEOCLIP_LIGHT_TILES"
OSM_TILES = "https://tile.openstreetmap.org/{z}/{x}/{y}.png"
LIGHT_TILES = "https://{s}.basemaps.cartocdn.com/light_all/{z}/{x}/{y}.png"
OSM_ATTRIBUTION = '&copy; <a href="https://www.openstreetmap.org/copyright" target="_blank">OpenStreetMap</a>'
LIGHT_ATTRIBUTION = f'{OSM_ATTRIBUTION} &copy; <a href="https://carto.com/attributions" target="_blank">CARTO</a>'
LAND_ATTRIBUTION = "Natural Earth, GeoNames"
DEEPEST_TILES = 19  # OpenStreetMap's own limit


@dataclass(frozen=True)
class Tiles:
    """A kind of map tiles.

    Attributes:
        name: What the reader chooses it by.
        template: Address with ``{z}``, ``{x}`` and ``{y}``.
        attribution: HTML that their terms ask for.
    """

    name: str
    template: str
    attribution: str = OSM_ATTRIBUTION


@dataclass(frozen=True)
class Colours:
    """Colours of the drawn map, as CSS writes them."""

    sea: str
    land: str
    line: str

    @property
    def land_style(self) -> dict[str, Any]:
        """How Leaflet draws a country."""
        return {"fillColor": self.land, "fillOpacity": 1, "color": self.line, "weight": 0.8}


LIGHT = Colours(sea="#d9e5ee", land="#f7f5ef", line="#c4c0b4")
DARK = Colours(sea="#131b24", land="#24303d", line="#4a5968")


def tile_choices() -> tuple[Tiles, ...]:
    """Kinds of tiles that may be asked for, whether or not their servers answer.

    ``$GEOCLIP_TILES`` replaces OpenStreetMap's address and ``$GEOCLIP_LIGHT_TILES`` the light one; the value
    ``off`` leaves a kind out, and ``GEOCLIP_TILES=off`` keeps the map offline at all times.
    """
    osm = _template(TILES_VARIABLE, OSM_TILES)
    light = _template(LIGHT_TILES_VARIABLE, LIGHT_TILES)
    kinds = (Tiles("OpenStreetMap", osm), Tiles("Light", light, LIGHT_ATTRIBUTION))
    return tuple(kind for kind in kinds if osm and kind.template)


def _template(variable: str, standard: str) -> str:
    given = os.environ.get(variable, standard).strip()
    return "" if given.lower() == "off" else given


def reachable(url: str, within_s: float = 1.0) -> bool:
    """Whether the host of an address accepts a connection.

    Args:
        url: An http or https address; ``{s}`` in the host stands for a subdomain.
        within_s: Seconds after which the answer is no, the name look-up included.
    """
    try:
        parts = urlsplit(url.replace("{s}", "a"))
        host, port = parts.hostname, parts.port or (80 if parts.scheme == "http" else 443)
    except ValueError:
        return False
    if not host or parts.scheme not in ("http", "https"):
        return False
    answered = threading.Event()

    def connect() -> None:
        try:
            socket.create_connection((host, port), timeout=within_s).close()
        except OSError:
            return
        answered.set()

    # A name look-up has no timeout of its own, and may take much longer than a person wants to wait.
    thread = threading.Thread(target=connect, daemon=True)
    thread.start()
    thread.join(within_s)
    return answered.is_set()


def tile_layers(tiles: Sequence[Tiles]) -> list[Any]:
    """Tiles as layers with their attribution, the first one shown, and a switch where there are several."""
    layers: list[Any] = [
        folium.TileLayer(
            kind.template,
            name=kind.name,
            attr=kind.attribution,
            max_zoom=DEEPEST_TILES,
            no_wrap=True,
            show=number == 0,
            control=len(tiles) > 1,
        )
        for number, kind in enumerate(tiles)
    ]
    return [*layers, folium.LayerControl(position="bottomright")] if len(tiles) > 1 else layers

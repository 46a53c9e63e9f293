"""What lies under the heat: OpenStreetMap tiles where there is a network, drawn countries where there is none."""

from __future__ import annotations

import os
import socket
import threading
from dataclasses import dataclass
from urllib.parse import urlsplit

import folium
from branca.element import MacroElement
from folium.template import Template

TILES_VARIABLE = "GEOCLIP_TILES"
OSM_TILES = "https://tile.openstreetmap.org/{z}/{x}/{y}.png"
OSM_ATTRIBUTION = '&copy; <a href="https://www.openstreetmap.org/copyright" target="_blank">OpenStreetMap</a>'
LAND_ATTRIBUTION = "Natural Earth"
DEEPEST_TILES = 19  # OpenStreetMap's own limit


@dataclass(frozen=True)
class Colours:
    """Colours of the drawn map, as CSS writes them."""

    sea: str
    land: str
    line: str

    @property
    def land_style(self) -> dict[str, object]:
        """How Leaflet draws a country."""
        return {"fillColor": self.land, "fillOpacity": 1, "color": self.line, "weight": 0.8}


LIGHT = Colours(sea="#d9e5ee", land="#f7f5ef", line="#c4c0b4")
DARK = Colours(sea="#131b24", land="#24303d", line="#4a5968")


def tile_template() -> str:
    """Address of the tiles with ``{z}``, ``{x}`` and ``{y}``: ``$GEOCLIP_TILES``, else OpenStreetMap's; "" for none.

    The value ``off`` keeps the map offline at all times.
    """
    given = os.environ.get(TILES_VARIABLE, OSM_TILES).strip()
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


def tile_layer(template: str) -> folium.TileLayer:
    """The tiles as a layer, with their attribution."""
    return folium.TileLayer(template, attr=OSM_ATTRIBUTION, max_zoom=DEEPEST_TILES, no_wrap=True, control=False)


class Land(MacroElement):  # type: ignore[misc]  # branca ships no types
    """The countries of the Earth, fetched by the browser once and drawn in a pane under everything else.

    Args:
        url: Address of a GeoJSON file, relative to the page of the map.
        colours: Of the map.
    """

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            {%- set map = this._parent.get_name() %}
            {{ map }}.attributionControl.addAttribution({{ this.attribution|tojson }});
            fetch({{ this.url|tojson }})
                .then((answer) => answer.json())
                .then((countries) => {
                    L.geoJSON(countries, {
                        pane: "land",
                        interactive: false,
                        renderer: L.canvas({ pane: "land", padding: 1 }),
                        style: {{ this.style|tojson }},
                    }).addTo({{ map }});
                });
        {% endmacro %}
        """
    )

    def __init__(self, url: str, colours: Colours) -> None:
        super().__init__()
        self._name = "Land"
        self.url = url
        self.attribution = LAND_ATTRIBUTION
        self.style = colours.land_style

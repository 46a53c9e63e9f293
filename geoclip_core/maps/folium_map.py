"""The map of an answer: heat, numbered places, and the view to fly to.

The base map is the same at every run of the page, so the browser keeps it; what changes travels as one
feature group. Text that comes from people or from tables is escaped in :func:`quoted`.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

import folium
from branca.element import Element, MacroElement
from folium.template import Template

from geoclip_core.maps.basemap import Land, tile_layer
from geoclip_core.maps.heat import HeatPicture

Corners = tuple[tuple[float, float], tuple[float, float]]

WORLD: Corners = ((-56.0, -168.0), (76.0, 180.0))
"""What a first look shows: all places where people live."""

_LEAFLET_CDN = "https://cdn.jsdelivr.net/npm/leaflet@1.9.4/dist"
_STYLE = """
<style>
  .leaflet-container { background: #d9e5ee; font-family: "Source Sans", system-ui, sans-serif; border-radius: 10px; }
  .dark.leaflet-container { background: #131b24; }
  .dark .leaflet-tile-pane { filter: invert(1) hue-rotate(180deg) brightness(.85) saturate(.6); }
  .dark .leaflet-bar a, .dark .leaflet-tooltip, .dark .leaflet-control-scale-line,
  .dark .leaflet-control-attribution { background: #1d2733; color: #e8edf2; border-color: #41505f; text-shadow: none; }
  .dark .leaflet-control-attribution a { color: #8ab8e6; }
  .dark .leaflet-tooltip-top::before { border-top-color: #1d2733; }
  .place { display: grid; place-items: center; box-sizing: border-box; border-radius: 50%; font-weight: 700;
           background: #fff; color: #14202b; border: 2px solid #14202b; box-shadow: 0 1px 5px rgb(0 0 0 / .45); }
  .place.chosen { background: #14202b; color: #fff; border-color: #fff; }
</style>
"""


@dataclass(frozen=True)
class Spot:
    """A numbered place on the map.

    Attributes:
        number: What is written on it, from 1.
        latlon: Degrees.
        label: A few words, shown when a pointer rests on it.
        chosen: Whether it is the one that is looked at.
    """

    number: int
    latlon: tuple[float, float]
    label: str
    chosen: bool = False


class _Map(folium.Map):  # type: ignore[misc]  # folium ships no types
    """A map that asks for Leaflet and nothing else: no jQuery, Bootstrap or icon fonts."""

    default_js: tuple[tuple[str, str], ...] = ()
    default_css: tuple[tuple[str, str], ...] = ()


class _View(MacroElement):  # type: ignore[misc]  # branca ships no types
    """Flies to a box as soon as the group it belongs to reaches the browser."""

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            // view {{ this.turn }}
            {{ this._parent._parent.get_name() }}.flyToBounds({{ this.corners|tojson }}, {
                duration: 1, animate: !matchMedia("(prefers-reduced-motion: reduce)").matches,
            });
        {% endmacro %}
        """
    )

    def __init__(self, corners: Corners, turn: int) -> None:
        super().__init__()
        self._name = "View"
        self.corners = corners
        self.turn = turn


class _Start(MacroElement):  # type: ignore[misc]  # branca ships no types
    """Shows the world at a size that fits, whatever the width of the page, and tells CSS which theme it is."""

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            {{ this._parent.get_name() }}.getContainer().classList.toggle("dark", {{ this.dark|tojson }});
            {{ this._parent.get_name() }}.fitBounds({{ this.corners|tojson }});
        {% endmacro %}
        """
    )

    def __init__(self, dark: bool) -> None:
        super().__init__()
        self._name = "Start"
        self.dark = dark
        self.corners = WORLD


def base_map(web: str | None, tiles: str = "", dark: bool = False) -> folium.Map:
    """The map without an answer.

    Args:
        web: Address of the folder with leaflet.js, leaflet.css and countries.geojson, relative to the page of
            the map; None takes Leaflet from a CDN and draws no countries.
        tiles: Address of tiles; "" draws the countries instead.
        dark: Whether the page is dark.

    Returns:
        A new map; the same arguments give the same script, so that a browser keeps what it has.
    """
    made = _Map(
        location=(20.0, 6.0),
        zoom_start=2,
        tiles=tile_layer(tiles) if tiles else None,
        control_scale=True,
        zoom_snap=0.25,
        max_bounds=True,
        min_lat=-86.0,
        max_lat=86.0,
        min_lon=-200.0,
        max_lon=200.0,
        max_bounds_viscosity=0.8,
        min_zoom=0,
        max_zoom=18,
        font_size="13px",
    )
    made.default_js = (("leaflet", f"{web or _LEAFLET_CDN}/leaflet.js"),)
    made.default_css = (("leaflet_css", f"{web or _LEAFLET_CDN}/leaflet.css"),)
    made.get_root().header.add_child(Element(_STYLE))
    if web and not tiles:
        made.add_child(Land(f"{web}/countries.geojson", dark))
    made.add_child(_Start(dark))
    return made


def answer_layer(
    heat: HeatPicture | None, spots: Sequence[Spot], view: Corners = WORLD, turn: int = 0, framed: bool = False
) -> folium.FeatureGroup:
    """Everything on the map that belongs to one answer.

    Args:
        heat: The picture of the field.
        spots: Places to mark.
        view: Box in degrees, (south, west), (north, east), to fly to.
        turn: Counts the wishes to fly: the same view with a higher count is flown to again.
        framed: Whether the edge of the picture is drawn, where it is not the whole world.
    """
    group = folium.FeatureGroup("answer", control=False)
    if heat is not None:
        folium.raster_layers.ImageOverlay(heat.url, bounds=heat.corners, interactive=False).add_to(group)
        if framed:
            folium.Rectangle(heat.corners, color="#5b6b7a", weight=1, fill=False, interactive=False).add_to(group)
    for spot in sorted(spots, key=lambda s: (s.chosen, -s.number)):  # later ones lie on top
        size = 30 if spot.chosen else 26
        folium.Marker(
            spot.latlon,
            icon=folium.DivIcon(
                html=str(spot.number),
                icon_size=(size, size),
                icon_anchor=(size // 2, size // 2),
                class_name="place chosen" if spot.chosen else "place",
            ),
            tooltip=folium.Tooltip(quoted(spot.label), sticky=False, direction="top", offset=(0, -size // 2)),
        ).add_to(group)
    group.add_child(_View(view, turn))
    return group


def quoted(text: str) -> str:
    """A text that stays text in HTML, and in the JavaScript template literal that folium writes it into."""
    safe = html.escape(text)
    for character in "\\`$":
        safe = safe.replace(character, f"&#{ord(character)};")
    return safe

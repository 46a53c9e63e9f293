"""The map of an answer: heat, numbered places, and the view to fly to.

The base map is the same at every run of the page, so the browser keeps it; what changes travels as one
feature group. Text that comes from people or from tables is escaped in :func:`quoted`.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import folium
from branca.element import Element, MacroElement
from folium.template import Template

from geoclip_core.maps.basemap import DARK, LIGHT, Land, tile_layer

if TYPE_CHECKING:
    from geoclip_core.maps.heat import HeatPicture
    from geoclip_core.maps.surroundings import Surroundings

Corners = tuple[tuple[float, float], tuple[float, float]]

WORLD: Corners = ((-56.0, -168.0), (76.0, 180.0))
"""What a first look shows: all places where people live."""

_LEAFLET_CDN = "https://cdn.jsdelivr.net/npm/leaflet@1.9.4/dist"
_PANES = {"land": 150, "near": 160, "names": 450}  # Leaflet's own: tiles 200, overlays 400, markers 600
_STYLE = f"""
<style>
  .leaflet-container {{ --ink: #14202b; --paper: #fff; --sea: {LIGHT.sea}; --line: #aab4bd; }}
  .leaflet-container.dark {{ --ink: #eef2f6; --paper: #1d2733; --sea: {DARK.sea}; --line: #4a5968; }}
  .leaflet-container {{ background: var(--sea); font-family: system-ui, sans-serif; border-radius: 10px; }}
  .leaflet-bar a, .leaflet-tooltip, .leaflet-control-scale-line, .leaflet-container .leaflet-control-attribution {{
    background: var(--paper); color: var(--ink); border-color: var(--line); text-shadow: none;
  }}
  .leaflet-control-scale-line, .leaflet-control-attribution {{ font-size: 11px; }}
  .leaflet-control-attribution a {{ color: inherit; }}
  .dark .leaflet-tile-pane {{ filter: invert(1) hue-rotate(180deg) brightness(.85) saturate(.6); }}
  .pin b {{ display: block; width: 26px; height: 26px; box-sizing: border-box; transform: rotate(-45deg);
            border-radius: 50% 50% 50% 0; border: 2px solid #14202b; background: #fff;
            box-shadow: -1px 1px 4px rgb(0 0 0 / .5); }}
  .pin i {{ display: block; transform: rotate(45deg); font: 700 13px/22px system-ui, sans-serif;
            text-align: center; color: #14202b; }}
  .pin.chosen b {{ background: #14202b; border-color: #fff; }}
  .pin.chosen i {{ color: #fff; }}
  .town {{ font-size: 11px; font-weight: 600; white-space: nowrap; color: var(--ink);
           text-shadow: 0 0 2px var(--paper), 0 0 2px var(--paper), 0 0 3px var(--paper), 0 0 4px var(--paper); }}
  .town::before {{ content: "•"; margin: 0 3px 0 -2px; }}
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
            {%- set map = this._parent._parent.get_name() %}
            {{ map }}.goal = {{ this.corners|tojson }};  // wish {{ this.turn }}
            {{ map }}.flyToBounds({{ map }}.goal, {
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
    """Prepares the map in the browser: its layers' order, its theme, and a world that fits the page's width."""

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            {%- set map = this._parent.get_name() %}
            Object.entries({{ this.panes|tojson }}).forEach(([name, level]) => {
                {{ map }}.createPane(name).style.zIndex = level;
            });
            {{ map }}.getContainer().classList.toggle("dark", {{ this.dark|tojson }});
            {{ map }}.attributionControl.setPrefix("Leaflet");
            L.control.scale({ imperial: false }).addTo({{ map }});
            // A frame is given its width late, and a phone may be turned: the view is fitted again until someone
            // takes the map into their own hands.
            {{ map }}.goal = {{ this.corners|tojson }};
            {{ map }}.fitBounds({{ map }}.goal);
            {{ map }}.on("resize", () => {{ map }}.goal && {{ map }}.fitBounds({{ map }}.goal, { animate: false }));
            ["pointerdown", "wheel", "keydown"].forEach((touch) =>
                {{ map }}.getContainer().addEventListener(touch, () => { {{ map }}.goal = null; }, { passive: true }));
        {% endmacro %}
        """
    )

    def __init__(self, dark: bool) -> None:
        super().__init__()
        self._name = "Start"
        self.dark = dark
        self.corners = WORLD
        self.panes = _PANES


class _Near(MacroElement):  # type: ignore[misc]  # branca ships no types
    """Coasts, borders and town names of a close view, in panes under the heat and above it."""

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            {%- set group = this._parent.get_name() %}
            L.rectangle({{ this.near.box|tojson }}, {
                pane: "near", interactive: false, stroke: false, fillOpacity: 1, fillColor: {{ this.sea|tojson }},
            }).addTo({{ group }});
            L.geoJSON({{ this.near.land|tojson }}, {
                pane: "near", interactive: false, style: {{ this.style|tojson }},
            }).addTo({{ group }});
            {%- for town in this.near.towns %}
            L.marker({{ town.latlon|tojson }}, {
                pane: "names", interactive: false, keyboard: false,
                icon: L.divIcon({
                    className: "town", iconSize: null, iconAnchor: [3, 8], html: {{ town.name|e|string|tojson }},
                }),
            }).addTo({{ group }});
            {%- endfor %}
        {% endmacro %}
        """
    )

    def __init__(self, near: Surroundings, dark: bool) -> None:
        super().__init__()
        self._name = "Near"
        self.near = near
        colours = DARK if dark else LIGHT
        self.sea = colours.sea
        self.style = colours.land_style


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
    made.add_child(_Start(dark))
    if web and not tiles:
        made.add_child(Land(f"{web}/countries.geojson", DARK if dark else LIGHT))
    return made


def answer_layer(
    heat: HeatPicture | None = None,
    spots: Sequence[Spot] = (),
    near: Surroundings | None = None,
    *,
    close: bool = False,
    turn: int = 0,
    dark: bool = False,
) -> folium.FeatureGroup:
    """Everything on the map that belongs to one answer.

    Args:
        heat: The picture of the field.
        spots: Places to mark.
        near: What lies around, for a close view without tiles.
        close: Whether to fly to the picture and frame it, rather than to the world.
        turn: Counts the wishes to fly: the same view with a higher count is flown to again.
        dark: Whether the page is dark.
    """
    group = folium.FeatureGroup("answer", control=False)
    if near is not None:
        group.add_child(_Near(near, dark))
    if heat is not None:
        folium.raster_layers.ImageOverlay(heat.url, bounds=heat.corners, interactive=False).add_to(group)
    if heat is not None and close:
        folium.Rectangle(heat.corners, color="#7b8a99", weight=1, fill=False, interactive=False).add_to(group)
    for spot in spots:
        icon = folium.DivIcon(
            html=f"<b><i>{spot.number:d}</i></b>",
            icon_size=(26, 26),
            icon_anchor=(13, 31),  # the tip of a square of 26 pixels that stands on its corner
            class_name="pin chosen" if spot.chosen else "pin",
        )
        tip = folium.Tooltip(quoted(spot.label), sticky=False, direction="top", offset=(0, -32))
        # Leaflet lays southern markers over northern ones, by pixels; here the more probable one is on top.
        rank = 100_000 if spot.chosen else -1000 * spot.number
        folium.Marker(spot.latlon, icon=icon, tooltip=tip, z_index_offset=rank).add_to(group)
    group.add_child(_View(heat.corners if heat is not None and close else WORLD, turn))
    return group


def quoted(text: str) -> str:
    """A text that stays text in HTML, and in the JavaScript template literal that folium writes it into."""
    safe = html.escape(text)
    for character in "\\`$":
        safe = safe.replace(character, f"&#{ord(character)};")
    return safe

"""The map of an answer: heat, outlines, numbered places, and the view to fly to.

The base map is the same at every run of the page, so the browser keeps it; what changes travels as one
feature group that holds plain data. How it is drawn stands in ``assets/web/map.js``, where every name is set as
text, never as markup.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import folium
from branca.element import Element, MacroElement
from folium.template import Template

from geoclip_core.files import asset_path
from geoclip_core.maps.basemap import DARK, LAND_ATTRIBUTION, LIGHT, Tiles, tile_layers

if TYPE_CHECKING:
    from geoclip_core.maps.heat import HeatPicture
    from geoclip_core.maps.surroundings import Surroundings

Corners = tuple[tuple[float, float], tuple[float, float]]

WORLD: Corners = ((-56.0, -168.0), (76.0, 180.0))
"""What a first look shows: all places where people live."""

_LEAFLET_CDN = "https://cdn.jsdelivr.net/npm/leaflet@1.9.4/dist"
_PANES = {"land": 150, "near": 160, "names": 450}  # Leaflet's own: tiles 200, overlays 400, markers 600


@dataclass(frozen=True)
class Pin:
    """A marked place on the map.

    Attributes:
        sign: What is written on it: a number, or a letter for an answer that is compared.
        latlon: Degrees.
        label: A few words, shown when a pointer rests on it and read by screen readers.
        kind: How it looks; ``"known"`` marks a position that is known from elsewhere.
        candidate: Index of the candidate that a click chooses.
    """

    sign: str
    latlon: tuple[float, float]
    label: str
    kind: Literal["", "chosen", "other", "known"] = ""
    candidate: int | None = None


@dataclass(frozen=True)
class Outline:
    """The edge of an area.

    Attributes:
        shape: A GeoJSON geometry, longitude first.
        dashes: Lengths of dashes and gaps in pixels, as SVG writes them; None for a full line.
        other: Whether it belongs to the answer that is compared.
    """

    shape: dict[str, Any]
    dashes: str | None = None
    other: bool = False


@dataclass(frozen=True)
class Legend:
    """What the heat means.

    Attributes:
        gradient: Colours from the faintest to the strongest, as a CSS image.
        ticks: Position along it, 0 to 1, and words, of each mark.
        unit: Of the marks.
        lines: Dashes (None for a full line) and meaning of each outline.
    """

    gradient: str
    ticks: tuple[tuple[float, str], ...]
    unit: str
    lines: tuple[tuple[str | None, str], ...] = ()


@dataclass(frozen=True)
class Track:
    """A line along a great circle.

    Attributes:
        latlons: Pieces of the line, each a sequence of points in degrees.
        label: Written at its middle.
    """

    latlons: tuple[tuple[tuple[float, float], ...], ...]
    label: str


@dataclass(frozen=True)
class Drawing:
    """Everything on the map that belongs to one answer.

    Attributes:
        heat: The picture of the field.
        pins: Places to mark.
        near: What lies around, for a close view without tiles.
        outlines: Edges of credible regions.
        region: GeoJSON of the area that the search is restricted to.
        track: From the answer to the known position.
        legend: What the heat means.
        close: Whether to fly to the picture, rather than to the world.
        frame: Whether to draw the picture's edge, where that cuts off some of the answer.
        fly_count: How often the page has told the map to fly: a higher count flies to the same view again.
    """

    heat: HeatPicture | None = None
    pins: Sequence[Pin] = ()
    near: Surroundings | None = None
    outlines: Sequence[Outline] = ()
    region: dict[str, Any] | None = None
    track: Track | None = None
    legend: Legend | None = None
    close: bool = False
    frame: bool = False
    fly_count: int = 0

    @property
    def view(self) -> Corners:
        """What the map is turned to."""
        return self.heat.corners if self.close and self.heat is not None else WORLD

    def data(self) -> dict[str, Any]:
        """What ``map.drawAnswer`` in the browser reads, as plain JSON types."""
        return {
            "heat": self.heat and {"url": self.heat.url, "corners": self.heat.corners},
            "pins": [asdict(pin) for pin in self.pins],
            "near": self.near
            and {
                "box": self.near.box,
                "land": self.near.land,
                "towns": [[town.name, *town.latlon] for town in self.near.towns],
            },
            "outlines": [asdict(outline) for outline in self.outlines],
            "region": self.region,
            "track": self.track and asdict(self.track),
            "legend": self.legend and asdict(self.legend),
            "close": self.close,
            "frame": self.frame,
            "view": self.view,
            "fly_count": self.fly_count,
        }


class _Map(folium.Map):  # type: ignore[misc]  # folium ships no types
    """A map that asks for Leaflet and nothing else: no jQuery, Bootstrap or icon fonts."""

    default_js: tuple[tuple[str, str], ...] = ()
    default_css: tuple[tuple[str, str], ...] = ()


class _Start(MacroElement):  # type: ignore[misc]  # branca ships no types
    """Gives the map its tools, its theme, and what lies under the heat."""

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            {{ this.code }}
            geoclipMap({{ this._parent.get_name() }}, {{ this.start|tojson }});
        {% endmacro %}
        """
    )

    def __init__(self, start: dict[str, Any]) -> None:
        super().__init__()
        self._name = "Start"
        self.code = asset_path("web/map.js").read_text(encoding="utf-8")
        self.start = start


class _Answer(MacroElement):  # type: ignore[misc]  # branca ships no types
    """Draws an answer into the group it belongs to, as soon as that reaches the browser."""

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            {{ this._parent._parent.get_name() }}.drawAnswer({{ this._parent.get_name() }}, {{ this.data|tojson }});
        {% endmacro %}
        """
    )

    def __init__(self, data: dict[str, Any]) -> None:
        super().__init__()
        self._name = "Answer"
        self.data = data


def base_map(
    web: str | None,
    tiles: Sequence[Tiles] = (),
    dark: bool = False,
    towns: str | None = None,
    words: Mapping[str, str] | None = None,
    tools: bool = True,
) -> folium.Map:
    """The map without an answer.

    Args:
        web: Address of the folder with leaflet.js, leaflet.css and countries.geojson, relative to the page of
            the map; None takes Leaflet from a CDN and draws no countries.
        tiles: Kinds of tiles to choose from, the first one shown; none draws the countries instead.
        dark: Whether the page is dark.
        towns: Address of the names of towns, for a map without tiles.
        tools: Whether the map offers to look closer, to draw a box, and what a click means.
        words: The words of ``assets/web/map.js`` in another language, by the English ones.

    Returns:
        A new map; the same arguments give the same script, so that a browser keeps what it has.
    """
    made = _Map(
        location=(20.0, 6.0),
        zoom_start=2,
        tiles=None,
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
    style = asset_path("web/map.css").read_text(encoding="utf-8")
    made.get_root().header.add_child(Element(f"<style>{style}</style>"))
    colours = DARK if dark else LIGHT
    start = {
        "panes": _PANES,
        "dark": dark,
        "corners": WORLD,
        "sea": colours.sea,
        "land": colours.land_style,
        "attribution": LAND_ATTRIBUTION,
        "countries": f"{web}/countries.geojson" if web and not tiles else None,
        "towns": towns if not tiles else None,
        "words": dict(words or {}),
        "tools": tools,
    }
    made.add_child(_Start(start))
    for layer in tile_layers(tiles):
        made.add_child(layer)
    return made


def answer_layer(drawing: Drawing) -> folium.FeatureGroup:
    """An answer as a layer for :func:`base_map`."""
    group = folium.FeatureGroup("answer", control=False)
    group.add_child(_Answer(drawing.data()))
    return group

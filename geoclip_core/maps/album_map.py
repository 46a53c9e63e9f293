"""The map of an album: every photo at its place, close ones together, ringed by how sure the place is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import folium
from branca.element import MacroElement
from folium.template import Template

from geoclip_core.files import asset_path
from geoclip_core.maps.basemap import Tiles
from geoclip_core.maps.folium_map import WORLD, Corners, base_map

Sure = Literal["sure", "fair", "doubtful"]

_MARKERCLUSTER_CDN = "https://cdn.jsdelivr.net/npm/leaflet.markercluster@1.5.3/dist/leaflet.markercluster.js"


@dataclass(frozen=True)
class PhotoPin:
    """A photo on the map.

    Attributes:
        id: Sent back when it is clicked.
        latlon: Degrees.
        thumbnail: A small picture as a data URL; "" where there is none.
        label: A few words, shown when a pointer rests on it and read by screen readers.
        sure: How sure its place is, which colours its ring.
        chosen: Whether it is looked at.
        fixed: Whether a person has confirmed or moved it.
    """

    id: int
    latlon: tuple[float, float]
    thumbnail: str
    label: str
    sure: Sure
    chosen: bool = False
    fixed: bool = False


class _Script(MacroElement):  # type: ignore[misc]  # branca ships no types
    _template = Template(
        """
        {% macro script(this, kwargs) %}
            {{ this.code }}
            geoclipAlbum({{ this._parent.get_name() }}, {{ this.start|tojson }});
        {% endmacro %}
        """
    )

    def __init__(self, start: dict[str, Any]) -> None:
        super().__init__()
        self._name = "AlbumStart"
        self.code = asset_path("web/album.js").read_text(encoding="utf-8")
        self.start = start


class _Photos(MacroElement):  # type: ignore[misc]  # branca ships no types
    _template = Template(
        """
        {% macro script(this, kwargs) %}
            {{ this._parent._parent.get_name() }}.drawAlbum({{ this.data|tojson }});
        {% endmacro %}
        """
    )

    def __init__(self, data: dict[str, Any]) -> None:
        super().__init__()
        self._name = "Photos"
        self.data = data


def album_map(
    web: str | None,
    tiles: Sequence[Tiles] = (),
    dark: bool = False,
    towns: str | None = None,
    words: Mapping[str, str] | None = None,
) -> folium.Map:
    """The map without photos; arguments as for :func:`geoclip_core.maps.folium_map.base_map`."""
    made = base_map(web, tiles, dark, towns, words, tools=False)
    cluster = f"{web}/markercluster.js" if web else _MARKERCLUSTER_CDN
    made.add_child(_Script({"markercluster": cluster}))
    return made


def album_layer(
    photos: Sequence[PhotoPin],
    view: Corners = WORLD,
    fly_count: int = 0,
    placing: int | None = None,
    legend: Mapping[str, str] | None = None,
) -> folium.FeatureGroup:
    """Photos as a layer for :func:`album_map`.

    Args:
        photos: Those that have a place.
        view: What the map is turned to when it or ``fly_count`` is new.
        fly_count: How often the page has told the map to turn.
        placing: The photo that a click on the map gives a place, if any.
        legend: What each ring means, by ``PhotoPin.sure`` and ``"fixed"``.
    """
    group = folium.FeatureGroup("album", control=False)
    data = {
        "photos": [asdict(photo) for photo in photos],
        "view": view,
        "fly_count": fly_count,
        "placing": placing,
        "legend": list((legend or {}).items()),
    }
    group.add_child(_Photos(data))
    return group

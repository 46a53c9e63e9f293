"""What can be taken along: files made when they are asked for, and a link."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit, urlunsplit

import streamlit as st

from geoclip_core.export import formats as export
from geoclip_core.page.scene import Scene, field_of
from geoclip_core.page.session import Outcome
from geoclip_core.page.views import WORLD, View

if TYPE_CHECKING:
    from geoclip_core.locate.answer import Answer
    from geoclip_core.locate.field import Field

_WORLD_SIZE = (1024, 2048)


def link(outcome: Outcome, page: str) -> str:
    """Address that asks the same text again; photos stay where they are."""
    asked = {"q": outcome.question.text, "region": outcome.question.region}
    parts = urlsplit(page)
    kept = {name: value for name, value in asked.items() if value}
    return urlunsplit((parts.scheme, parts.netloc, parts.path, urlencode(kept), ""))


def panel(outcome: Outcome, answer: Answer, view: View, scene: Scene) -> None:
    """Downloads of the answer, and of the view that the map shows."""
    locator = outcome.locator

    def field() -> Field:
        # The world on a plain grid of degrees, which every program reads, instead of the web map's projection.
        return locator.field(answer.query, None, _WORLD_SIZE) if view is WORLD else field_of(locator, answer, view)

    def geotiff() -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "field.tif"
            field().to_geotiff(path)
            return path.read_bytes()

    def png() -> bytes:
        return export.map_png(answer, field(), regions=scene.regions)

    def geojson() -> str:
        return json.dumps(export.to_geojson(answer, scene.regions), ensure_ascii=False)

    st.caption("Places and credible regions; the field and the picture are those of the view above.")
    files: dict[str, tuple[str, str, Callable[[], str | bytes]]] = {
        "GeoJSON": ("places.geojson", "application/geo+json", geojson),
        "KML": ("places.kml", "application/vnd.google-earth.kml+xml", lambda: export.to_kml(answer, scene.regions)),
        "CSV": ("places.csv", "text/csv", lambda: export.to_csv(answer)),
        "Regions, CSV": ("regions.csv", "text/csv", lambda: export.regions_to_csv(scene.regions)),
        "GeoTIFF": ("field.tif", "image/tiff", geotiff),
        "PNG": ("map.png", "image/png", png),
    }
    with st.container(horizontal=True, gap="small"):
        for name, (file, kind, make) in files.items():
            st.download_button(
                name, make, file, kind, key=f"take {name}", icon=":material/download:", on_click="ignore"
            )
    if outcome.question.text:
        again = link(outcome, st.context.url or "")
        # As a link, not as code: for code the browser would fetch half a megabyte of Streamlit's highlighter.
        st.markdown(f":material/link: [Ask the same text again]({again}): a link to keep or share, without any photo.")

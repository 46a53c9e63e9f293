"""The tab "Take along": the answer as files, made when they are asked for, and a link that asks again."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit, urlunsplit

import streamlit as st

from geoclip_core.page import texts
from geoclip_core.page.map.scene import Scene, field_of
from geoclip_core.page.state.session import Outcome
from geoclip_core.page.state.views import WORLD, View

if TYPE_CHECKING:
    from geoclip_core.locate.answer import Answer
    from geoclip_core.locate.field import Field

_WORLD_SIZE = (1024, 2048)


def link(outcome: Outcome, page: str) -> str:
    """Address that asks the same text again; photos stay where they are.

    Args:
        outcome: Its question has a text.
        page: Address of the page.
    """
    asked = {"q": outcome.question.text, "region": outcome.question.region}
    parts = urlsplit(page)
    kept = {name: value for name, value in asked.items() if value}
    return urlunsplit((parts.scheme, parts.netloc, parts.path, urlencode(kept), ""))


def panel(outcome: Outcome, answer: Answer, view: View, scene: Scene) -> None:
    """Downloads of the answer, and of the view that the map shows."""
    st.caption(texts.TAKE_SAYS)
    with st.container(horizontal=True, gap="small"):
        for name, (file, kind, make) in files(outcome, answer, view, scene).items():
            st.download_button(
                name, make, file, kind, key=f"take {name}", icon=":material/download:", on_click="ignore"
            )
    if outcome.question.text:
        again = link(outcome, st.context.url or "")
        # As a link, not as code: for code the browser would fetch half a megabyte of Streamlit's highlighter.
        st.markdown(texts.ASK_AGAIN.format(link=again))


def files(
    outcome: Outcome, answer: Answer, view: View, scene: Scene
) -> dict[str, tuple[str, str, Callable[[], str | bytes]]]:
    """What can be downloaded: every text format of ``export``, GeoTIFF where rasterio is installed, and a picture.

    Returns:
        By title: the file's name, its media type, and what makes its content.
    """
    from geoclip_core.export.formats import FORMATS
    from geoclip_core.maps.poster import map_png

    def field() -> Field:
        if view is WORLD:
            return outcome.locator.field(answer.query, None, _WORLD_SIZE)
        return field_of(outcome.locator, answer, view)

    def geotiff() -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "field.tif"
            # On a plain grid of degrees, which every program reads, instead of the web map's projection.
            area, size = (None, _WORLD_SIZE) if view is WORLD else (view.window.bounds, view.window.size)
            outcome.locator.field(answer.query, area, size).to_geotiff(path)
            return path.read_bytes()

    made: dict[str, tuple[str, str, Callable[[], str | bytes]]] = {
        known.title: (known.file, known.media_type, functools.partial(known.data, answer, scene.regions))
        for known in FORMATS.values()
    }
    if find_spec("rasterio") is not None:
        made["GeoTIFF"] = ("field.tif", "image/tiff", geotiff)
    made["PNG"] = ("map.png", "image/png", lambda: map_png(answer, field(), regions=scene.regions))
    return made

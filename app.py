"""The page: widgets in, map out. Run it with ``streamlit run app.py``."""

from __future__ import annotations

from typing import Any

import streamlit as st
from streamlit_folium import st_folium

from geoclip_core.errors import GeoclipError
from geoclip_core.files import asset_path
from geoclip_core.maps.folium_map import Spot, answer_layer, base_map
from ui import download, offline, panels, session
from ui.session import Loaded, Outcome
from ui.words import percent, plain

MAP_HEIGHT_PX = 560
PHONE_MAP_HEIGHT_PX = 400


def on_map_click() -> None:
    """A marker was clicked: turn to its candidate."""
    clicked: dict[str, Any] = st.session_state.get("map") or {}
    point = clicked.get("last_object_clicked")
    outcome = st.session_state.get("outcome")
    if point is None or outcome is None or outcome.answer is None:
        return
    for index, candidate in enumerate(outcome.answer.candidates):
        if candidate.latlon == (point["lat"], point["lng"]):
            session.show(index)


def draw_map(loaded: Loaded, outcome: Outcome | None, tiles: str) -> None:
    """The map, and the way back from the surroundings of a place to the world."""
    dark = st.context.theme.type == "dark"
    answer = outcome.answer if outcome is not None else None
    heat, near, candidate, spots = None, None, None, []
    if outcome is not None and answer is not None:
        candidate = session.shown()
        bar = st.container(horizontal=True, vertical_alignment="center")
        bar.button("World", icon=":material/public:", disabled=candidate is None, on_click=session.show, args=(None,))
        try:
            heat = session.picture(loaded.locator, outcome, candidate, dark)
            if candidate is not None and not tiles:
                near = session.near(outcome, candidate)
        except GeoclipError as error:
            st.warning(plain(str(error)))
        bar.caption(panels.map_caption(answer, candidate, heat))
        spots = [
            Spot(i + 1, c.latlon, f"{panels.label(c)} · {percent(c.probability)}", i == candidate)
            for i, c in enumerate(panels.candidates(answer))
        ]
    st_folium(
        base_map(offline.web_address(), tiles, dark),
        key="map",
        height=PHONE_MAP_HEIGHT_PX if "Mobi" in st.context.headers.get("User-Agent", "") else MAP_HEIGHT_PX,
        use_container_width=True,
        returned_objects=["last_object_clicked", "last_object_clicked_count"],  # so that panning reruns nothing
        feature_group_to_add=answer_layer(
            heat, spots, near, close=candidate is not None, turn=session.turn(), dark=dark
        ),
        on_change=on_map_click,
    )


def main() -> None:
    """One run of the page."""
    st.set_page_config("GeoCLIP", page_icon=asset_path("web/icon.svg"), layout="wide")
    title, status = st.columns([4, 1], vertical_alignment="center")
    title.title("GeoCLIP", anchor=False)
    download.status()
    question = panels.question()
    tiles = offline.tiles_now()

    with status:
        try:
            loaded = session.loaded()
        except GeoclipError as error:
            st.error(plain(str(error)))
            st.stop()
        panels.model(loaded)
    outcome = None
    if question is not None:
        with st.spinner("Comparing with every place on Earth"):
            outcome = session.ask(loaded.locator, question)

    left, right = st.columns([2, 1])
    with left:
        draw_map(loaded, outcome, tiles)
    with right:
        if outcome is None:
            panels.landing()
        elif outcome.answer is None:
            panels.trouble(outcome, loaded)
        else:
            panels.places(outcome.answer)
    if outcome is not None:
        boxes = iter(st.columns(2))
        if outcome.answer is not None:
            with next(boxes):
                panels.evidence(outcome.answer)
        if outcome.exif is not None:
            with next(boxes):
                panels.exif(outcome.exif, outcome)
    panels.footer(online=bool(tiles))


main()

"""The page: widgets in, map out."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st
from streamlit_folium import st_folium

from geoclip_core.errors import GeoclipError
from geoclip_core.files import asset_path
from geoclip_core.maps.basemap import Tiles
from geoclip_core.maps.folium_map import Drawing, Pin, answer_layer, base_map
from geoclip_core.page import ask, compare, download, known, offline, panels, paste, scene, session, take, views, wishes
from geoclip_core.page.demo import demo
from geoclip_core.page.scene import Scene
from geoclip_core.page.session import Outcome
from geoclip_core.page.views import View
from geoclip_core.page.words import plain

MAP_HEIGHT_PX = 600
PHONE_MAP_HEIGHT_PX = 420


def seen(outcome: Outcome, view: View) -> Scene | None:
    """What the map shows of an answer; None where there is nothing, which is said."""
    try:
        with st.spinner("Computing the field of this view"):
            return session.scene_of(outcome, view, st.context.theme.type == "dark")
    except GeoclipError as error:
        st.warning(plain(str(error)))
        return None


def drawing(outcome: Outcome, picture: Scene | None, other: Outcome | None, online: bool) -> Drawing:
    """The answer, the one it is compared with, and the known position, for the map."""
    view, answer = views.shown(), outcome.answer
    assert answer is not None
    shown = scene.candidates(answer)
    pins = scene.pins(shown, view.candidate)
    outlines = list(picture.outlines) if picture is not None else []
    if other is not None and other.answer is not None:
        theirs = scene.candidates(other.answer)
        pins += scene.pins(theirs, None, other=True)
        drawn = seen(other, views.WORLD)  # all of it, wherever the map is
        outlines += [replace(outline, other=True) for outline in (drawn.outlines if drawn else ())]
    track, place = None, known.position()
    if place is not None:
        track = scene.track(answer, place, known.error_of(answer, place))
        pins.append(Pin("✓", place, "Known position", "known"))
    close = view is not views.WORLD
    return Drawing(
        heat=picture.heat if picture is not None else None,
        pins=pins,
        near=session.near_of(outcome, view) if close and not online else None,
        outlines=outlines,
        region=scene.region_shape(answer.query.region),
        track=track,
        legend=picture.legend if picture is not None else None,
        close=close,
        turn=views.turn(),
    )


def draw_map(tiles: tuple[Tiles, ...], drawn: Drawing) -> None:
    """The map. Panning and zooming stay in the browser; only a wish comes back."""
    phone = "Mobi" in st.context.headers.get("User-Agent", "")
    dark = st.context.theme.type == "dark"
    st_folium(
        base_map(offline.web_address(), tiles, dark, None if tiles else offline.towns_address()),
        key="map",
        height=PHONE_MAP_HEIGHT_PX if phone else MAP_HEIGHT_PX,
        use_container_width=True,
        returned_objects=[],
        feature_group_to_add=answer_layer(drawn),
        on_change=wishes.heed,
    )


def show() -> None:
    """One run of the page."""
    st.set_page_config("GeoCLIP", page_icon=asset_path("web/icon.svg"), layout="wide")
    # Every part has its place from the start: a map that moved in the page would be loaded anew.
    title, status = st.columns([4, 1], vertical_alignment="center")
    fetching, asking, said = st.container(), st.container(), st.container()
    left, right = st.columns([2, 1])
    with left:
        bar, place, below = st.container(), st.container(), st.empty()
    beside, why, foot = right.container(), st.container(), st.container()

    title.title("GeoCLIP", anchor=False)
    if not demo():
        with fetching:
            download.status()
    with asking:
        question = ask.question()
    tiles = offline.tiles_now()
    with foot:
        panels.footer(online=bool(tiles))
        paste.listen()
    with status:
        try:
            loaded = session.loaded()
        except GeoclipError as error:
            st.error(plain(str(error)))
            st.stop()
        panels.model(loaded)
    outcome = None
    if question is not None:
        with below, st.spinner("Comparing with every place on Earth"):
            outcome = session.ask(loaded.locator, question)
    if problem := st.session_state.pop("trouble", None):
        said.warning(problem)

    if outcome is None or outcome.answer is None:
        with place:
            draw_map(tiles, Drawing(turn=views.turn()))
        with beside:
            if outcome is None:
                panels.landing()
            else:
                panels.photos(outcome)
        if outcome is not None:
            with said:  # above the map, so that a phone shows it at once
                panels.trouble(outcome, loaded)
        return
    answer = outcome.answer
    names = ["Evidence", *(["Photos"] if outcome.photos else []), "Known position", "Compare", "Take along"]
    tabs = dict(zip(names, why.tabs(names), strict=True))
    with tabs["Compare"]:
        other = compare.other(outcome)
    with bar:
        views.breadcrumb()
        panels.restricted(answer)
    with below:
        picture = seen(outcome, views.shown())
        drawn = drawing(outcome, picture, other, bool(tiles))
    with place:
        draw_map(tiles, drawn)
    if picture is not None:
        below.caption(panels.map_caption(picture))
    with beside:
        panels.how_sure(answer, picture)
        panels.places(outcome, answer, views.shown())
    with tabs["Evidence"]:
        panels.evidence(answer)
    if outcome.photos:
        with tabs["Photos"]:
            panels.photos(outcome)
    with tabs["Known position"]:
        known.panel(answer, [photo.exif.latlon for photo in outcome.photos if photo.exif.latlon is not None])
    if other is not None:
        with tabs["Compare"]:
            compare.panel(outcome, other)
    if picture is not None:
        with tabs["Take along"]:
            take.panel(outcome, answer, views.shown(), picture)

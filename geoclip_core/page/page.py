"""One run of the page: where each part stands, and in which order the parts are made."""

from __future__ import annotations

import streamlit as st

from geoclip_core.errors import GeoclipError
from geoclip_core.files import asset_path
from geoclip_core.page import paste, question_form
from geoclip_core.page.map import drawing, map_files
from geoclip_core.page.markdown import plain
from geoclip_core.page.panels import (
    answer,
    answer_files,
    breadcrumb,
    compare,
    evidence,
    full_model_download,
    known_position,
    model,
    notices,
    photos,
)
from geoclip_core.page.state import models, session, views
from geoclip_core.page.state.demo import demo


def show() -> None:
    """One run of the page; Streamlit makes one at every visit and after everything that a visitor does."""
    st.set_page_config("GeoCLIP", page_icon=asset_path("web/icon.svg"), layout="wide")
    # Every part has its place from the start: a map that moved in the page would be loaded anew.
    title, status = st.columns([4, 1], vertical_alignment="center")
    fetching, asking, told = st.container(), st.container(), st.container()
    left, right = st.columns([2, 1])
    with left:
        bar, place, below = st.container(), st.container(), st.empty()
    beside, why, foot = right.container(), st.container(), st.container()

    title.title("GeoCLIP", anchor=False)
    if not demo():
        with fetching:
            full_model_download.status()
    with asking:
        question = question_form.question()
    tiles = map_files.tiles_now()
    with foot:
        notices.footer(online=bool(tiles))
        paste.listen()
    with status:
        try:
            loaded = models.loaded()
        except GeoclipError as error:
            st.error(plain(str(error)))
            st.stop()
        model.panel(loaded)
    outcome = None
    if question is not None:
        with below, st.spinner("Comparing with every place on Earth"):
            outcome = session.ask(loaded.locator, question)
    if problem := st.session_state.pop("trouble", None):
        told.warning(problem)

    if outcome is None or outcome.answer is None:
        with place:
            drawing.draw(tiles)
        with beside:
            if outcome is None:
                notices.landing()
            else:
                photos.panel(outcome)
        if outcome is not None:
            with told:  # above the map, so that a phone shows it at once
                answer.trouble(outcome, loaded)
        return
    found = outcome.answer
    names = ["Evidence", *(["Photos"] if outcome.photos else []), "Known position", "Compare", "Take along"]
    tabs = dict(zip(names, why.tabs(names), strict=True))
    with tabs["Compare"]:
        other = compare.other(outcome)
    with bar:
        breadcrumb.panel()
        answer.restricted(found)
    with below:
        scene = drawing.scene_of(outcome, views.shown())
        drawn = drawing.drawing_of(outcome, scene, other, bool(tiles))
    with place:
        drawing.draw(tiles, drawn)
    if scene is not None:
        below.caption(answer.map_caption(scene))
    with beside:
        answer.warnings(found)
        answer.how_sure(found, scene)
        answer.places(outcome, found, views.shown())
    with tabs["Evidence"]:
        evidence.panel(found)
    if outcome.photos:
        with tabs["Photos"]:
            photos.panel(outcome)
    with tabs["Known position"]:
        known_position.panel(found, [photo.exif.latlon for photo in outcome.photos if photo.exif.latlon is not None])
    if other is not None:
        with tabs["Compare"]:
            compare.panel(outcome, other)
    if scene is not None:
        with tabs["Take along"]:
            answer_files.panel(outcome, found, views.shown(), scene)

"""One run of the page: where each part stands, and in which order the parts are made."""

from __future__ import annotations

import streamlit as st

from geoclip_core.errors import GeoclipError
from geoclip_core.files import asset_path
from geoclip_core.page import paste, question_form, texts
from geoclip_core.page.album import pictures
from geoclip_core.page.album import view as album
from geoclip_core.page.map import drawing, map_files
from geoclip_core.page.markdown import plain
from geoclip_core.page.panels import answer, breadcrumb, full_model_download, model, notices, photos, side
from geoclip_core.page.state import address, models, rooms, session, views
from geoclip_core.page.state.demo import demo


def show() -> None:
    """One run of the page; Streamlit makes one at every visit and after everything that a visitor does."""
    st.set_page_config(texts.TITLE, page_icon=asset_path("web/icon.svg"), layout="wide")
    st.html(asset_path("web/page.css"))
    st.html(map_files.flags_style())
    address.read()
    pictures.keep()
    rooms.keep()
    if rooms.shown() == rooms.ALBUM:
        album.show()
    else:
        _one_place()


def _one_place() -> None:
    # Every part has its place from the start: a map that moved in the page would be loaded anew.
    with st.container(key="bar"):
        brand, ask, where, status = (st.container(key=name) for name in ("brand", "ask", "where", "status"))
    with st.container(key="stage"):
        with st.container(key="map-column"):
            crumbs, place = st.container(key="crumbs"), st.container(key="map-place")
        with st.container(key="side"):
            told, beside, why, foot = st.container(), st.container(), st.container(), st.container(key="foot")

    with brand:
        st.title(texts.TITLE, anchor=False)
        rooms.switch()
    if not demo():
        with told:
            full_model_download.status()
    question = question_form.question(ask, where, told)
    tiles = map_files.tiles_now()
    with foot:
        question_form.examples()
        notices.footer(online=bool(tiles))
        paste.listen()
    if not models.ready():
        with place:  # an open page with a form and a map, while the model is loaded
            drawing.draw(tiles)
        with beside:
            notices.landing()
        with told:
            models.wait()
        st.rerun()
    try:
        loaded = models.loaded()
    except GeoclipError as error:
        told.error(plain(str(error)))
        st.stop()
    with status:
        model.panel(loaded)
    outcome = None
    if question is not None:
        with told, st.spinner(texts.COMPARING):
            outcome = session.ask(loaded.locator, question)
            address.turn()
    address.write(question)
    if problem := st.session_state.pop("trouble", None):
        told.warning(problem)

    if outcome is None or outcome.answer is None:
        with place:
            drawing.draw(tiles)
        with beside:
            if outcome is None:
                notices.landing()
            else:
                answer.trouble(outcome, loaded)
                photos.panel(outcome)
        return
    with crumbs:
        breadcrumb.panel()
    with told:
        scene = drawing.scene_of(outcome, views.shown())
    with why:
        side.tabs(outcome, outcome.answer, scene)
    with place:
        drawing.draw(tiles, drawing.drawing_of(outcome, scene, side.other_of(outcome), bool(tiles)))
    with beside:
        side.places(outcome, outcome.answer, scene)

"""The album as a whole: where its parts stand, and in which order they are made."""

from __future__ import annotations

import time

import streamlit as st

from geoclip_core.errors import GeoclipError
from geoclip_core.locate.wording import duration
from geoclip_core.page import paste, texts
from geoclip_core.page.album import card, drawing, files, intake, state, table
from geoclip_core.page.album.state import AlbumVisit
from geoclip_core.page.map import map_files
from geoclip_core.page.markdown import plain
from geoclip_core.page.panels import model, notices
from geoclip_core.page.state import models, questions_first, rooms

_MOST_DOUBTS = 3  # about clocks, that are told in full
_REDRAWN_SECONDS = 3.0  # the table and the map are drawn anew, at most so often, while photos are answered,
_MORE_SECONDS = 0.004  # and more rarely with each photo that is there


def show() -> None:
    """One run of the page while the album is shown."""
    with st.container(key="bar"):
        brand, ask, status = (st.container(key=name) for name in ("brand", "ask", "status"))
    with st.container(key="stage"):
        with st.container(key="map-column"):
            place = st.container(key="map-place")
        with st.container(key="side"):
            told, beside = st.container(), st.container(key="album")
            foot = st.container(key="foot")
    with brand:
        st.title(texts.TITLE, anchor=False)
        rooms.switch()
    visit = state.visit()
    with foot:
        notices.footer(online=bool(map_files.tiles_now()))
        paste.listen()
    with told:
        if not models.ready():
            models.wait()
        try:
            loaded = models.loaded()
        except GeoclipError as error:
            st.error(plain(str(error)))
            st.stop()
        visit.start_new(loaded.locator)
        _progress(visit, loaded)
        if problem := st.session_state.pop("trouble", None):
            st.warning(problem)
        for sentence in visit.told:
            st.caption(f":material/info: {sentence}")
        if visit.refused:
            st.warning(visit.refused)
    with status:
        model.panel(loaded)
    with ask:
        _actions(visit)
    entries = list(visit.album.entries)
    if not entries:
        with beside:
            if not visit.count:
                st.subheader(texts.ALBUM_TITLE)
                st.markdown(texts.ALBUM_INTRO.format(most=state.MOST_DROPPED))
                intake.panel(visit)
        with place:
            drawing.draw(())
        return
    with beside:
        chosen = state.chosen()
        if chosen is not None:
            card.panel(chosen)
        shown = table.wanted(entries)
        placed = sum(entry.latlon is not None for entry in shown)
        st.caption(texts.ALBUM_COUNT.format(shown=len(shown), count=len(entries), placed=placed))
        table.show(shown)
        _time(visit)
        with st.expander(texts.ALBUM_TAKE, icon=":material/download:"):
            files.take_along(visit, shown)
    with place:
        drawing.draw(shown)


def _actions(visit: AlbumVisit) -> None:
    """What is always at hand once there are photos."""
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        if visit.count:
            with st.popover(texts.ALBUM_ADD, icon=":material/add_photo_alternate:"):
                intake.panel(visit)
            if not visit.working:
                files.save(visit)
        with st.popover(texts.ALBUM_OPEN_FILE, icon=":material/folder_open:"):
            files.open_saved()
        if visit.count:
            st.button(texts.ALBUM_EMPTY, icon=":material/delete:", type="tertiary", on_click=state.replace_album)


def _progress(visit: AlbumVisit, loaded: models.Loaded) -> None:
    """How far the work is, a way to stop it, and how it ended."""
    if visit.work is None:
        return
    if visit.working:
        _wait(visit)
    elif visit.work.stopped:
        if visit.waiting:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.info(texts.ALBUM_CANCELLED.format(waiting=len(visit.waiting)))
                st.button(texts.ALBUM_GO_ON, on_click=visit.start, args=(loaded.locator,))
    else:
        try:
            visit.work.result()
        except Exception as error:  # noqa: BLE001 - told, and what is answered stays
            st.error(plain(texts.ALBUM_FAILED.format(reason=error)))


@st.fragment(run_every=1.0)
def _wait(visit: AlbumVisit) -> None:
    work, now = visit.work, time.monotonic()
    assert work is not None
    drawn, at = st.session_state.get("album drawn", (-1, 0.0))
    count = len(visit.album.entries)
    due = count != drawn and now - at > _REDRAWN_SECONDS + _MORE_SECONDS * count and not questions_first.wanted()
    if not visit.working or due:
        st.session_state["album drawn"] = (count, now)
        st.rerun()
    done, total = work.progress
    left = visit.seconds_left()
    words = texts.ALBUM_WORKING if left is None else texts.ALBUM_TIME_LEFT
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(work.share, words.format(done=done, total=total, left=duration(left or 0.0)))
        st.button(texts.ALBUM_CANCEL, key="album cancel", on_click=work.cancel)


def _time(visit: AlbumVisit) -> None:
    """The switch that places photos by their neighbours in time, and what came of it."""
    from geoclip_core.album.neighbours import clock_doubts

    asked = st.toggle(
        texts.ALBUM_TIME,
        key="album time",
        on_change=_by_time,
        args=(visit,),
        help=texts.ALBUM_TIME_HELP,
        disabled=visit.working,
    )
    if not asked or visit.working:
        return
    placed = sum(entry.by_time is not None for entry in visit.album.entries)
    untimed = sum(entry.taken_at is None for entry in visit.album.entries)
    st.caption(texts.ALBUM_TIME_SAYS.format(placed=placed, untimed=untimed))
    doubts = clock_doubts(visit.album.entries)
    for sentence in doubts[:_MOST_DOUBTS]:
        st.warning(plain(sentence), icon=":material/schedule:")
    if len(doubts) > _MOST_DOUBTS:
        st.caption(texts.ALBUM_TIME_MORE.format(count=len(doubts) - _MOST_DOUBTS))


def _by_time(visit: AlbumVisit) -> None:
    from geoclip_core.album.neighbours import place_by_time, without_time

    turned_on = bool(st.session_state["album time"])
    visit.album.entries[:] = (place_by_time if turned_on else without_time)(visit.album.entries)

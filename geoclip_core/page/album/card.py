"""One photo of the album in full: what the model says, what the file claims, and where a person puts it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from geoclip_core.errors import GeoclipError
from geoclip_core.locate.wording import degrees, distance, percent
from geoclip_core.page import question_form, texts
from geoclip_core.page.album import pictures, state
from geoclip_core.page.markdown import flag, plain
from geoclip_core.page.panels import known_position
from geoclip_core.page.state import rooms

if TYPE_CHECKING:
    from geoclip_core.album.entry import Entry


def panel(entry: Entry) -> None:
    """The photo's card, with what can be done about it."""
    with st.container(border=True, key="album-card"):
        picture, words = st.columns([1, 4])
        if entry.thumbnail is not None and pictures.readable(entry.thumbnail):
            picture.image(entry.thumbnail, width="stretch")
        with words:
            st.markdown(f"##### {plain(entry.name)}")
            _said(entry)
        for warning in entry.warnings:
            st.warning(plain(warning), icon=":material/warning:")
        _person(entry)


def _said(entry: Entry) -> None:
    places = [
        f"{flag(place.country_code)} {plain(place.name)} · **{percent(place.probability)}** · "
        + texts.HALF_WITHIN.format(km=distance(place.radius_km))
        for place in entry.places[:3]
    ]
    if places:
        st.markdown("  \n".join(places))
    if entry.problem:
        st.markdown(plain(entry.problem))
    if entry.by_time is not None:
        st.caption(f":material/schedule: {plain(entry.by_time.sentence)} (± {distance(entry.by_time.spread_km)})")
    for sentence in entry.evidence:
        st.caption(plain(sentence))
    if entry.file_words:
        said = "; ".join(f"{what}: {value}" for what, value in entry.file_words.items())
        st.caption(f":material/photo_camera: {plain(said)}")
    if entry.file_claim is not None and entry.file_claim.sentence:
        st.caption(f":material/gavel: {plain(entry.file_claim.sentence)}")


def _person(entry: Entry) -> None:
    pin = entry.pin
    if pin is not None:
        words = texts.ALBUM_MOVED if pin.moved else texts.ALBUM_CONFIRMED
        st.markdown(f":material/person_pin_circle: {words.format(position=degrees(pin.latlon))}")
    moving = bool(st.session_state.get("album moving"))
    with st.container(horizontal=True, gap="small"):
        st.button(texts.ALBUM_OPEN, on_click=_open, args=(entry,), icon=":material/open_in_full:", type="primary")
        if pin is None and entry.latlon is not None:
            st.button(texts.ALBUM_CONFIRM, on_click=_confirm, args=(entry.number,), icon=":material/check:")
        if pin is not None:
            st.button(texts.ALBUM_UNPIN, on_click=_unpin, args=(entry.number,), icon=":material/undo:")
        st.button(
            texts.ALBUM_MOVE,
            on_click=_move,
            args=(not moving,),
            icon=":material/edit_location_alt:",
            type="primary" if moving else "secondary",
        )
        st.button(texts.ALBUM_CLOSE, on_click=state.close, icon=":material/close:", type="tertiary")
    if moving:
        st.caption(texts.ALBUM_MOVING)
        st.text_input(
            texts.ALBUM_MOVE_TO,
            key=f"album move {entry.number}",
            placeholder=texts.KNOWN_EXAMPLE,
            on_change=_move_to,
            args=(entry.number,),
        )


# What is done to an entry is done to what it is by now: a field and a button may be used before the page is drawn anew.
def _confirm(number: int) -> None:
    album = state.visit().album
    if album.entries[number].pin is None:  # else the person has just placed it
        album.put(album.entries[number].confirmed())


def _unpin(number: int) -> None:
    album = state.visit().album
    album.put(album.entries[number].unpinned())


def _move(on: bool) -> None:
    st.session_state["album moving"] = on


def _move_to(number: int) -> None:
    album = state.visit().album
    try:
        album.put(album.entries[number].moved(known_position.parse(st.session_state[f"album move {number}"])))
    except GeoclipError as error:
        st.session_state["trouble"] = plain(str(error))
        return
    st.session_state["album moving"] = False


def _open(entry: Entry) -> None:
    """Show the photo's own answer in the view of one place."""
    photo = state.visit().photo_of(entry)
    if photo is None:
        st.session_state["trouble"] = texts.ALBUM_NO_ORIGINAL
        return
    try:
        data = photo.source if isinstance(photo.source, bytes) else Path(str(photo.source)).read_bytes()
    except OSError:
        st.session_state["trouble"] = texts.ALBUM_GONE.format(name=plain(entry.name))
        return
    question_form.keep_photos((data,), entry.name)
    question_form.fill("", "")
    rooms.enter(rooms.ONE_PLACE)

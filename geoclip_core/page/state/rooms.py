"""The two views of the page: one place, or an album of many photos; what one holds is kept while the other is shown."""

from __future__ import annotations

from typing import Any

import streamlit as st

from geoclip_core.page import texts

ONE_PLACE, ALBUM = "place", "album"
_NAMES = {ONE_PLACE: texts.ONE_PLACE, ALBUM: texts.ALBUM}
ALBUM_FILTERS: dict[str, Any] = {
    "album find": "",
    "album region": "",
    "album only": [],
    "album sort": next(iter(texts.ALBUM_SORTS)),
    "album falling": False,
    "album time": False,
}
"""What the album's widgets hold as long as nothing is asked of them."""

_KEPT = {  # the widgets of each
    ONE_PLACE: ("text", "regions", "radius", "weight", "known", "other"),
    ALBUM: tuple(ALBUM_FILTERS),
}
_HELD = "kept widgets"


def switch() -> None:
    """The choice between the two."""
    st.segmented_control(
        texts.VIEW,
        list(_NAMES),
        key="room",
        default=None if "room" in st.session_state else ONE_PLACE,
        format_func=_NAMES.__getitem__,
        label_visibility="collapsed",
        on_change=_stay,
    )


def shown() -> str:
    """The one that is shown."""
    return st.session_state.get("room") or ONE_PLACE


def enter(room: str) -> None:
    """Show one of them, in the next run."""
    st.session_state["room"] = room


def keep() -> None:
    """Keep what the widgets of the other view hold, and fill those of this one again, before any is shown."""
    held: dict[str, dict[str, Any]] = st.session_state.setdefault(_HELD, {})
    here = shown()
    for room, keys in _KEPT.items():
        if room == here:
            values = held.pop(room, {})
        else:
            values = held[room] = {key: st.session_state[key] for key in keys if key in st.session_state}
        for key, value in values.items():  # Streamlit forgets a widget that is not shown,
            st.session_state[key] = value  # and tells the browser only what is set anew


def _stay() -> None:
    """A second click on the choice made would leave none."""
    if st.session_state.get("room") is None:
        st.session_state["room"] = st.session_state.get("room before", ONE_PLACE)
    st.session_state["room before"] = st.session_state["room"]

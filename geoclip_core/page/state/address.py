"""The address bar holds the question and the view, so that a reload, Back and a copied address keep both.

Photos are never part of it.
"""

from __future__ import annotations

import streamlit as st

from geoclip_core.errors import GeoclipError
from geoclip_core.page import question_form
from geoclip_core.page.state import views
from geoclip_core.page.state.session import Question
from geoclip_core.page.state.views import View

_TEXT, _REGION, _VIEW = "q", "region", "view"
_WORLD = "world"


def read() -> None:
    """Take over the question and the view of the address: at the start of a visit, and after Back or Forward.

    An address that is not the one written last is a visitor's only where the visitor did nothing else: what is typed
    may reach the server before the browser has taken over the address of the run before.
    """
    asked = st.query_params.to_dict()
    if "address" in st.session_state:
        moved = asked != st.session_state["address"] and _state() == st.session_state["address state"]
        if not moved:
            return
        question_form.fill(asked.get(_TEXT, "").strip(), asked.get(_REGION, "").strip())
    elif asked.get(_TEXT) or asked.get(_REGION):
        question_form.fill(asked.get(_TEXT, "").strip(), asked.get(_REGION, "").strip())
    st.session_state["address"] = asked
    st.session_state["view wanted"] = asked.get(_VIEW, "")


def turn() -> None:
    """Turn the map to the view that the address asks for, if it asks for one; else it stays where it is."""
    wanted = st.session_state.pop("view wanted", None)
    if wanted is None:
        return
    usual = views.usual()
    try:
        path = _visited().get(wanted) or _path(wanted, usual)
    except GeoclipError:
        path = usual
    if path != views.path():
        views.go(*path)


def write(question: Question | None) -> None:
    """Put the question and the view into the address."""
    path = views.path()
    view = _words(path) if question is not None and path != views.usual() else ""
    text = question.text if question is not None else ""
    region = question.region if question is not None else None
    named = {name: value for name, value in ((_TEXT, text), (_REGION, region), (_VIEW, view)) if value}
    if view:
        _visited()[view] = path
    if named != st.query_params.to_dict():
        st.query_params.from_dict(named)
    st.session_state["address"] = named
    st.session_state["address state"] = _state()


def _state() -> tuple[object, ...]:
    """What a visitor can change that the address depends on."""
    memory = st.session_state
    return memory.get("text"), tuple(memory.get("regions", ())), memory.get("sample"), views.path(), views.fly_count()


def _visited() -> dict[str, tuple[View, ...]]:
    visited: dict[str, tuple[View, ...]] = st.session_state.setdefault("views visited", {})
    return visited


def _words(path: tuple[View, ...]) -> str:
    return ",".join(f"{edge:.4f}" for edge in path[-1].window.bounds) if path else _WORLD


def _path(words: str, usual: tuple[View, ...]) -> tuple[View, ...]:
    """The inverse of :func:`_words` as far as the view itself goes.

    Raises:
        CoordinateError: It is no box on Earth.
    """
    if not words:
        return usual
    if words == _WORLD:
        return ()
    try:
        south, west, north, east = (float(part) for part in words.split(","))
    except ValueError:
        return usual
    view = views.boxed(south, west, north, east + 360.0 * (east <= west))
    return (*(kept for kept in usual if kept.width_deg > view.width_deg), view)

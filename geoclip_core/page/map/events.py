"""What a visitor does on the map: choose a place, look closer, restrict the search, state where it was.

``assets/web/map.js`` sends each event as the value of the map's component: ``{"event": {"kind": ..., ...}}``.
"""

from __future__ import annotations

from typing import Any

import streamlit as st

from geoclip_core.errors import GeoclipError
from geoclip_core.page import question_form
from geoclip_core.page.markdown import plain
from geoclip_core.page.panels import known_position
from geoclip_core.page.state import views
from geoclip_core.page.state.session import Outcome


def on_map_event() -> None:
    """Handle an event sent by the map; Streamlit calls this when there is a new one."""
    event: dict[str, Any] = (st.session_state.get("map") or {}).get("event") or {}
    outcome = st.session_state.get("outcome")
    try:
        match event.get("kind"):
            case "region":
                question_form.restrict(_box(event), event.get("point"))
            case "known":
                known_position.set_to((event["point"][0], event["point"][1]))
            case "look" if event.get("point"):
                views.deeper(views.around((event["point"][0], event["point"][1]), event["km"]))
            case "look":
                views.deeper(views.boxed(*event["box"]))
            case "candidate" if isinstance(outcome, Outcome) and outcome.answer:
                look_at(outcome, event["candidate"])
    except GeoclipError as error:
        st.session_state["trouble"] = plain(str(error))


def _box(event: dict[str, Any]) -> list[float] | None:
    if "box" not in event:
        return None
    return [*views.boxed(*event["box"]).window.bounds]


def look_at(outcome: Outcome, index: int) -> None:
    """Fly to the surroundings of a candidate.

    Args:
        outcome: With an answer.
        index: Which of its candidates.
    """
    assert outcome.answer is not None
    candidate = outcome.answer.candidates[index]
    try:
        views.beside(views.around(candidate.latlon, views.CITY_KM, candidate.label, index))
    except GeoclipError as error:
        st.session_state["trouble"] = plain(str(error))

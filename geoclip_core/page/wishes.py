"""What a visitor asks for by touching the map."""

from __future__ import annotations

from typing import Any

import streamlit as st

from geoclip_core.errors import GeoclipError
from geoclip_core.page import ask, known, views
from geoclip_core.page.session import Outcome
from geoclip_core.page.words import plain


def heed() -> None:
    """Do what the map asks for; called when it says something new."""
    wish: dict[str, Any] = (st.session_state.get("map") or {}).get("wish") or {}
    outcome = st.session_state.get("outcome")
    try:
        match wish.get("kind"):
            case "region":
                ask.restrict(_box(wish), wish.get("point"))
            case "known":
                known.set_to((wish["point"][0], wish["point"][1]))
            case "look" if wish.get("point"):
                views.deeper(views.around((wish["point"][0], wish["point"][1]), wish["km"]))
            case "look":
                views.deeper(views.boxed(*wish["box"]))
            case "candidate" if isinstance(outcome, Outcome) and outcome.answer:
                look_at(outcome, wish["candidate"])
    except GeoclipError as error:
        st.session_state["trouble"] = plain(str(error))


def _box(wish: dict[str, Any]) -> list[float] | None:
    if "box" not in wish:
        return None
    return [*views.boxed(*wish["box"]).window.bounds]


def look_at(outcome: Outcome, index: int) -> None:
    """Turn the map to the surroundings of a candidate."""
    assert outcome.answer is not None
    candidate = outcome.answer.candidates[index]
    try:
        views.go(views.around(candidate.latlon, views.CITY_KM, candidate.label, index))
    except GeoclipError as error:
        st.session_state["trouble"] = plain(str(error))

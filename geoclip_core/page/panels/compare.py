"""Two answers of one visit, side by side and on one map."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from geoclip_core.locate.wording import percent
from geoclip_core.page import texts
from geoclip_core.page.markdown import plain
from geoclip_core.page.state.session import Outcome, history

if TYPE_CHECKING:
    from geoclip_core.locate.answer import Answer


def _earlier(current: Outcome) -> dict[str, Outcome]:
    return {outcome.key: outcome for outcome in history() if outcome.key != current.key}


def chosen(current: Outcome) -> Outcome | None:
    """The earlier outcome that the visitor has chosen to compare with, if any."""
    return _earlier(current).get(st.session_state.get("other") or "")


def panel(current: Outcome) -> None:
    """The choice of an earlier answer, then the places of both.

    The current one has numbers and the earlier one letters, as on the map.
    """
    earlier = _earlier(current)
    if not earlier:
        st.caption(texts.COMPARE_LATER)
        return
    if st.session_state.get("other") not in earlier:
        st.session_state["other"] = None
    st.selectbox(
        texts.COMPARE_WITH,
        list(earlier),
        index=None,
        key="other",
        format_func=lambda key: _name(earlier[key], current) if key in earlier else "",
        placeholder=texts.NONE,
    )
    other = chosen(current)
    if other is None:
        return
    for column, outcome, letters in zip(st.columns(2), (current, other), (False, True), strict=True):
        if outcome.answer is None:
            continue
        column.markdown(f"**{plain(_name(outcome, current if letters else other))}**")
        column.markdown("  \n".join(_lines(outcome.answer, letters)))


def _name(outcome: Outcome, beside: Outcome) -> str:
    """What was asked, and the model that answered where that is not the same for both."""
    by = f" · {outcome.locator.name}" if outcome.locator.name != beside.locator.name else ""
    return outcome.question.label + by


def _lines(answer: Answer, letters: bool) -> list[str]:
    return [
        f"{chr(ord('A') + index) if letters else index + 1} · {plain(candidate.label)} · "
        f"**{percent(candidate.probability)}**"
        for index, candidate in enumerate(answer.candidates)
    ]

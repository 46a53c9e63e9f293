"""Two answers of one visit, side by side and on one map."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from geoclip_core.locate.wording import percent
from geoclip_core.page.markdown import plain
from geoclip_core.page.state.session import Outcome, history

if TYPE_CHECKING:
    from geoclip_core.locate.answer import Answer


def other(current: Outcome) -> Outcome | None:
    """An earlier answer to compare with, if the visitor chooses one."""
    earlier = {outcome.key: outcome for outcome in history() if outcome.key != current.key}
    if not earlier:
        st.caption("Ask something else as well; then both answers can be shown on one map.")
        return None
    if st.session_state.get("other") not in earlier:
        st.session_state["other"] = None
    key = st.selectbox(
        "Compare with an earlier answer",
        list(earlier),
        index=None,
        key="other",
        format_func=lambda key: _name(earlier[key], current) if key in earlier else "",
        placeholder="none",
    )
    return earlier.get(key) if key else None


def _name(outcome: Outcome, beside: Outcome) -> str:
    """What was asked, and the model that answered where that is not the same for both."""
    by = f" · {outcome.locator.name}" if outcome.locator.name != beside.locator.name else ""
    return outcome.question.label + by


def panel(current: Outcome, earlier: Outcome) -> None:
    """The places of both answers: numbers for the current one, letters for the earlier one, as on the map."""
    for column, outcome, letters in zip(st.columns(2), (current, earlier), (False, True), strict=True):
        if outcome.answer is None:
            continue
        column.markdown(f"**{plain(_name(outcome, current if letters else earlier))}**")
        column.markdown("  \n".join(_lines(outcome.answer, letters)))


def _lines(answer: Answer, letters: bool) -> list[str]:
    return [
        f"{chr(ord('A') + index) if letters else index + 1} · {plain(candidate.label)} · "
        f"**{percent(candidate.probability)}**"
        for index, candidate in enumerate(answer.candidates)
    ]

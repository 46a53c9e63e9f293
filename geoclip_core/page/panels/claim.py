"""A claimed place held against a photo: the verdict, and what speaks for and against it, source by source."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from geoclip_core.errors import GeoclipError
from geoclip_core.locate.wording import distance
from geoclip_core.page import texts
from geoclip_core.page.markdown import plain
from geoclip_core.page.state.session import Outcome

if TYPE_CHECKING:
    from geoclip_core.locate.claim.check import ClaimCheck

_ICONS = {"not contradicted": ":material/rule:", "doubtful": ":material/help:", "contradicted": ":material/block:"}
_SIDES = {"for": ":material/add_circle:", "against": ":material/do_not_disturb_on:", "neither": ":material/circle:"}
_BY_FILE = ""


def chosen(outcome: Outcome) -> ClaimCheck | None:
    """The check of the claim that stands in the field, if that could be made."""
    if not outcome.question.photos:
        return None
    try:
        return _checked(outcome)
    except GeoclipError:
        return None


def panel(outcome: Outcome) -> None:
    """The field for the claim, for a question with photos, and the verdict."""
    count = len(outcome.question.photos)
    st.caption(texts.CLAIM_SAYS)
    if count > 1:
        st.selectbox(
            texts.CLAIM_PHOTO,
            range(count),
            key="claim photo",
            format_func=lambda n: texts.CLAIM_PHOTO_N.format(n=n + 1),
        )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(texts.CLAIMED, key="claim", placeholder=texts.CLAIM_EXAMPLE, on_change=_typed)
        index = _index(outcome)
        if index < len(outcome.photos) and outcome.photos[index].exif.latlon is not None:
            st.button(texts.CLAIM_OF_FILE, on_click=_of_file)
    try:
        with st.spinner(texts.CLAIM_CHECKING):
            found = _checked(outcome)
    except GeoclipError as error:
        st.error(plain(str(error)))
        return
    if found is not None:
        _verdict(found)


def _verdict(found: ClaimCheck) -> None:
    show = {"not contradicted": st.info, "doubtful": st.warning, "contradicted": st.error}[found.verdict]
    show(
        f"**{texts.CLAIM_VERDICTS[found.verdict]}.** {plain(found.sentence)}",
        icon=_ICONS[found.verdict],
    )
    region = (
        texts.CLAIM_OUTSIDE if found.inside is None else texts.CLAIM_INSIDE.format(share=f"{100 * found.inside:g} %")
    )
    lines = [f"{texts.CLAIM_LIES} **{region}**", f"{texts.CLAIM_TIMES} **{_times(found.times)}**"]
    if found.distance_km > 0:
        lines.append(texts.CLAIM_AWAY.format(km=distance(found.distance_km)))
    st.markdown("  \n".join(lines))
    st.markdown(f"##### {texts.CLAIM_SIDES}")
    for side in found.sides:
        told = "" if side.used else texts.NOT_USED
        factor = side.factor if side.factor >= 1 else 1 / max(side.factor, 1e-12)
        words = texts.CLAIM_FACTORS[side.says].format(times=_times(factor))
        st.markdown(f"{_SIDES[side.says]} {plain(side.label)}: **{words}**{told}")


def _times(times: float) -> str:
    """How many times likelier, with two digits that mean something."""
    if times >= 1e6:
        return texts.CLAIM_MILLION
    return f"{times:,.0f}×" if times >= 9.95 else f"{times:.1f}×"


def _index(outcome: Outcome) -> int:
    index = st.session_state.get("claim photo", 0)
    return index if isinstance(index, int) and index < len(outcome.question.photos) else 0


def _typed() -> None:
    st.session_state["claim by file"] = False


def _of_file() -> None:
    st.session_state["claim"] = ""
    st.session_state["claim by file"] = True


def _checked(outcome: Outcome) -> ClaimCheck | None:
    """The check of the claim in the field; computed when it is new.

    Raises:
        GeoclipError: The claim cannot be read, or there is nothing to hold it against.
    """
    words = st.session_state.get("claim", "").strip()
    if not words and not st.session_state.get("claim by file"):
        return None
    index = _index(outcome)
    key = (index, words or _BY_FILE)
    if key not in outcome.checks:
        try:
            outcome.checks[key] = outcome.locator.check(outcome.question.photos[index], words or None)
        except GeoclipError as error:
            outcome.checks[key] = error
    found = outcome.checks[key]
    if isinstance(found, GeoclipError):
        raise found
    return found

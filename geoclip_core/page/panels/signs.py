"""The lines of text that were read in a photo: outlined on it, listed, and each a clue at one click."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st
from PIL import Image, ImageDraw

from geoclip_core.page import texts
from geoclip_core.page.markdown import plain
from geoclip_core.page.state.session import Outcome

if TYPE_CHECKING:
    from geoclip_core.evidence.source import Offer

_USED, _OFFERED = "#1b7f3b", "#d9480f"
_WIDTH_PX = 2
_LISTED = 12  # lines, the tallest first; a page of print has more than anybody reads here


def panel(outcome: Outcome, index: int) -> None:
    """The lines of one photo, where any were read, with and without an answer.

    Args:
        outcome: With an answer or an error.
        index: Which of its photos.
    """
    offers = offers_of(outcome, index)
    photo = outcome.photos[index]
    if not offers or photo.thumbnail is None:
        return
    st.markdown(f"##### {texts.SIGNS}")
    st.image(outlined(photo.thumbnail, photo.size, offers), width="stretch")
    listed = sorted(range(len(offers)), key=lambda i: -_height(offers[i]))[:_LISTED]
    for number in sorted(listed):
        offer = offers[number]
        used = f" ({texts.SIGN_USED})" if offer.used else ""
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(
                f"“{plain(offer.text)}”{used}",
                key=f"sign {index} {number}",
                icon=":material/add:",
                on_click=add_clue,
                args=(offer.text,),
                help=texts.SIGN_AS_CLUE,
            )
            if offer.names:
                st.caption(texts.SIGN_MAY_NAME.format(names=plain("; ".join(offer.names))))
    st.caption(texts.SIGNS_ELSEWHERE)


def offers_of(outcome: Outcome, index: int) -> Sequence[Offer]:
    """What was read in a photo of a question, from its answer or from why there is none."""
    reports: Sequence[Any] = ()
    if outcome.answer is not None:
        reports = outcome.answer.asked
    elif outcome.error is not None:
        reports = getattr(outcome.error, "reports", ())
    about = ("the photo", f"photo {index + 1}")
    return [offer for report in reports if report.about in about for offer in report.offers]


def add_clue(text: str) -> None:
    """Add words to the text of the question."""
    words = str(st.session_state.get("text") or "").strip()
    st.session_state["text"] = f"{words}, {text}" if words else text


def outlined(thumbnail: Image.Image, size: tuple[int, int], offers: Sequence[Offer]) -> Image.Image:
    """The small picture with a line around each line of text.

    Args:
        thumbnail: The photo, reduced.
        size: Width and height of the photo itself, in whose pixels the boxes are.
        offers: What was read.
    """
    drawn = thumbnail.copy()
    pen = ImageDraw.Draw(drawn)
    across, down = (small / max(1, full) for small, full in zip(thumbnail.size, size, strict=True))
    for offer in offers:
        corners = [(x * across, y * down) for x, y in offer.box]
        pen.line([*corners, corners[0]], fill=_USED if offer.used else _OFFERED, width=_WIDTH_PX, joint="curve")
    return drawn


def _height(offer: Offer) -> float:
    (ax, ay), _, _, (bx, by) = offer.box
    return float(((ax - bx) ** 2 + (ay - by) ** 2) ** 0.5)

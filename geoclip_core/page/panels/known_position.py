"""A position that is known from elsewhere, and how far off the answer is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from geoclip_core.errors import GeoclipError, QueryError
from geoclip_core.evaluation.metrics import GEOGUESSR_BEST, error_km, geoguessr_score
from geoclip_core.locate.wording import degrees, distance
from geoclip_core.page import texts
from geoclip_core.page.markdown import plain
from geoclip_core.text.position.coordinates import parse_coordinates

if TYPE_CHECKING:
    from geoclip_core.locate.answer import Answer


def parse(text: str) -> tuple[float, float]:
    """Read a position as people copy it from a map; see :func:`parse_coordinates`.

    Raises:
        QueryError: Not coordinates, or not a point on Earth.
    """
    point = parse_coordinates(text)
    if point is None:
        raise QueryError(texts.NO_POSITION.format(given=text[:60]), allowed=texts.NO_POSITION_ALLOWED)
    return point


def position() -> tuple[float, float] | None:
    """The known position, if one is given and can be read."""
    try:
        return parse(st.session_state.get("known", ""))
    except GeoclipError:
        return None


def set_to(point: tuple[float, float]) -> None:
    """Fill in a point, degrees, as the known position."""
    st.session_state["known"] = f"{point[0]:.5f}, {point[1]:.5f}"


def error_of(answer: Answer, known: tuple[float, float]) -> float:
    """Kilometres from the first candidate to the known position."""
    return float(error_km([answer.candidates[0].latlon], [known])[0])


def panel(answer: Answer, stated: list[tuple[float, float]]) -> None:
    """The field for the known position (typed, clicked on the map, or taken from a photo's file), and the error.

    Args:
        answer: The answer.
        stated: Positions that the photos' files give.
    """
    with st.container(horizontal=True, vertical_alignment="bottom"):
        given = st.text_input(
            texts.KNOWN,
            key="known",
            placeholder=texts.KNOWN_EXAMPLE,
            help=texts.KNOWN_HELP,
        )
        for index, latlon in enumerate(stated[:1]):
            st.button(texts.AS_THE_PHOTO_SAYS, key=f"stated {index}", on_click=set_to, args=(latlon,))
    if not given.strip():
        st.caption(texts.KNOWN_ASK)
        return
    try:
        known = parse(given)
    except GeoclipError as error:
        st.error(plain(str(error)))
        return
    km = error_of(answer, known)
    off, score = st.columns(2)
    off.metric(texts.OFF_BY, distance(km))
    points = texts.SCORE_OF.format(score=float(geoguessr_score([km])[0]), best=GEOGUESSR_BEST)
    score.metric(texts.SCORE, points)
    st.caption(texts.TRACK_DRAWN.format(position=degrees(known)))

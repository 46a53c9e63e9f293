"""The photos of a question, what their files say, and which parts of them matter."""

from __future__ import annotations

import streamlit as st

from geoclip_core.locate.wording import file_words
from geoclip_core.page import texts
from geoclip_core.page.markdown import plain
from geoclip_core.page.panels import explanation, signs
from geoclip_core.page.state.session import Outcome, ShownPhoto
from geoclip_core.photo.exif import ExifRecord


def panel(outcome: Outcome) -> None:
    """Each photo in a box of its own; with an answer, its parts can be explained."""
    for index, photo in enumerate(outcome.photos):
        with st.container(border=True):
            _photo(photo)
            signs.panel(outcome, index)
            if outcome.answer is not None and photo.thumbnail is not None:
                explanation.panel(outcome, index)


def _photo(photo: ShownPhoto) -> None:
    picture, claims = st.columns([1, 2])
    if photo.thumbnail is not None:
        picture.image(photo.thumbnail, width="stretch")
    else:
        picture.markdown(f":material/broken_image: {texts.NO_PIXELS}")
    claims.markdown(f"##### {texts.FILE_SAYS}")
    lines = file_says(photo.exif)
    claims.markdown("  \n".join(lines) if lines else texts.FILE_SAYS_NOTHING)
    for problem in photo.exif.problems:
        claims.caption(f":material/warning: {plain(problem)}")
    if lines:
        claims.caption(texts.FILE_IS_A_CLAIM)


def file_says(record: ExifRecord) -> list[str]:
    """What a photo's file states about itself, as lines of Markdown: claims, not facts."""
    return [f"{what}: **{plain(value)}**" for what, value in file_words(record).items()]

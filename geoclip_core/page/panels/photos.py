"""The photos of a question, what their files say, and which parts of them matter."""

from __future__ import annotations

import streamlit as st

from geoclip_core.locate.wording import file_words
from geoclip_core.page.markdown import plain
from geoclip_core.page.panels import explanation
from geoclip_core.page.state.session import Outcome, ShownPhoto
from geoclip_core.photo.exif import ExifRecord


def panel(outcome: Outcome) -> None:
    """Each photo in a box of its own; with an answer, its parts can be explained."""
    for index, photo in enumerate(outcome.photos):
        with st.container(border=True):
            _photo(photo)
            if outcome.answer is not None and photo.thumbnail is not None:
                explanation.panel(outcome, index)


def _photo(photo: ShownPhoto) -> None:
    picture, claims = st.columns([1, 2])
    if photo.thumbnail is not None:
        picture.image(photo.thumbnail, width="stretch")
    else:
        picture.markdown(":material/broken_image: Its pixels cannot be read.")
    claims.markdown("##### What the photo's file says")
    lines = file_says(photo.exif)
    claims.markdown("  \n".join(lines) if lines else "Nothing about place, time or camera.")
    for problem in photo.exif.problems:
        claims.caption(f":material/warning: {plain(problem)}")
    if lines:
        claims.caption("Such notes can be edited or copied; they are shown apart from what the model found.")


def file_says(record: ExifRecord) -> list[str]:
    """What a photo's file states about itself, as lines of Markdown: claims, not facts."""
    return [f"{what}: **{plain(value)}**" for what, value in file_words(record).items()]

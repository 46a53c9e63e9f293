"""The photos of a question, what their files say, and which parts of them matter."""

from __future__ import annotations

import streamlit as st

from geoclip_core.locate.wording import degrees
from geoclip_core.page.markdown import plain
from geoclip_core.page.panels import explanation
from geoclip_core.page.state.session import Outcome, ShownPhoto
from geoclip_core.photo.exif import ExifRecord


def panel(outcome: Outcome) -> None:
    """Each photo in a box of its own; with an answer, its parts can be explained."""
    for index, photo in enumerate(outcome.photos):
        with st.container(border=True):
            _photo(photo)
            if outcome.answer is not None:
                explanation.panel(outcome, index)


def _photo(photo: ShownPhoto) -> None:
    picture, claims = st.columns([1, 2])
    picture.image(photo.thumbnail, width="stretch")
    claims.markdown("##### What the photo's file says")
    lines = file_says(photo.exif)
    claims.markdown("  \n".join(lines) if lines else "Nothing about place, time or camera.")
    for problem in photo.exif.problems:
        claims.caption(f":material/warning: {plain(problem)}")
    if lines:
        claims.caption("Such notes can be edited or copied; they are shown apart from what the model found.")


def file_says(record: ExifRecord) -> list[str]:
    """What a photo's file states about itself, as lines of Markdown: claims, not facts."""
    claims = {
        "Position": degrees(record.latlon) if record.latlon else None,
        "Taken": f"{record.taken_at:%d %B %Y, %H:%M}" if record.taken_at else None,
        "Camera": record.camera,
        "Altitude": f"{record.altitude_m:.0f} m" if record.altitude_m is not None else None,
        "Heading": f"{record.heading_deg:.0f}°" if record.heading_deg is not None else None,
        "Error": f"{record.error_m:.0f} m" if record.error_m else None,
    }
    return [f"{word}: **{plain(value)}**" for word, value in claims.items() if value]

"""What the page says whatever was asked: what to expect, that nothing leaves the machine, and what it is not for."""

from __future__ import annotations

import streamlit as st


def landing() -> None:
    """What to expect, before the first question."""
    st.subheader("Where on Earth is this?")
    st.markdown(
        "Type a place or show a photo. You get the **places it may be**, how probable each is, and a heat map "
        "of the whole Earth; choose a place, click the map or draw a box to look closer.\n\n"
        ":material/lock: Photos stay on this machine. Nothing is sent, logged or kept.\n\n"
        ":material/help: Where there is nothing to go by, the answer says so. It never makes up a point."
    )


def footer(online: bool) -> None:
    """Honesty, misuse, privacy.

    Args:
        online: Whether the map shows tiles of a server.
    """
    map_says = "Map tiles come from a tile server." if online else "The map is drawn on this machine."
    st.caption(
        "Probabilities are the model's own and not calibrated: 80 % does not mean right four times in five. "
        "**Do not use this to find or follow people.**  \n"
        f":material/lock: Photos and questions stay on this machine, unlogged. {map_says}"
    )

"""What the page says whatever was asked: what to expect, that nothing leaves the machine, and what it is not for."""

from __future__ import annotations

import streamlit as st

from geoclip_core.page import texts


def landing() -> None:
    """What to expect, before the first question."""
    st.subheader(texts.LANDING_TITLE)
    st.markdown(texts.LANDING)


def footer(online: bool) -> None:
    """Honesty, misuse, privacy.

    Args:
        online: Whether the map shows tiles of a server.
    """
    map_says = texts.TILES if online else texts.NO_TILES
    st.caption(f"{texts.HONESTY}  \n{texts.PRIVACY} {map_says}")

"""What the visitor wants photos to be searched for: sources of evidence that are turned on or off."""

from __future__ import annotations

import streamlit as st

from geoclip_core.page import texts


def key(name: str) -> str:
    """The key of the box of a source.

    Args:
        name: Of the source.
    """
    return f"look for {name}"


def left_out() -> tuple[str, ...]:
    """Names of the sources that are turned off."""
    return tuple(name for name in texts.LOOKED_AT if not st.session_state.get(key(name), True))

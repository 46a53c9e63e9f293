"""The row of buttons above the map: back to each larger view, and on to the streets."""

from __future__ import annotations

import streamlit as st

from geoclip_core.page import texts
from geoclip_core.page.markdown import plain
from geoclip_core.page.state.views import SAMPLED_KM, STREET_KM, WORLD, around, deeper, go, path


def panel() -> None:
    """A button for each view from the world to the one shown, and one for a closer view where there is one."""
    steps = (WORLD, *path())
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        for depth, view in enumerate(steps):
            last = depth == len(steps) - 1
            st.button(
                plain(view.label),
                key=f"step {depth}",
                icon=":material/public:" if view is WORLD else ":material/chevron_right:",
                disabled=last,
                type="tertiary",
                on_click=go,
                args=steps[1 : depth + 1],
            )
        here = steps[-1]
        if here is not WORLD and 2 * STREET_KM < here.height_km <= SAMPLED_KM:
            closer = around(here.centre, STREET_KM)
            st.button(texts.CLOSER.format(km=STREET_KM), icon=":material/zoom_in:", on_click=deeper, args=(closer,))

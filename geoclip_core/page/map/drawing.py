"""The map on the page: everything that is drawn of an answer, put together and handed to the browser."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st
from streamlit_folium import st_folium

from geoclip_core.errors import GeoclipError
from geoclip_core.maps.basemap import Tiles
from geoclip_core.maps.folium_map import Drawing, Pin, answer_layer, base_map
from geoclip_core.page import texts
from geoclip_core.page.map import events, map_files
from geoclip_core.page.map.scene import Scene, make_scene, pins, region_shape, surroundings_of, track
from geoclip_core.page.markdown import plain
from geoclip_core.page.panels import claim, known_position
from geoclip_core.page.state import questions_first, views
from geoclip_core.page.state.session import Outcome
from geoclip_core.page.state.views import View

if TYPE_CHECKING:
    from geoclip_core.maps.surroundings import Surroundings

_HEIGHT_PX = 600  # until the page's style sheet, which fills the window, has arrived


def scene_of(outcome: Outcome, view: View) -> Scene | None:
    """A view of an answer, computed when it is new; None where nothing of the answer lies there, which is said."""
    assert outcome.answer is not None
    dark = st.context.theme.type == "dark"
    if (view, dark) not in outcome.scenes:
        try:
            with st.spinner(texts.COMPUTING), questions_first.asking():
                outcome.scenes[view, dark] = make_scene(outcome.locator, outcome.answer, view, dark)
        except GeoclipError as error:
            st.warning(plain(str(error)))
            return None
    return outcome.scenes[view, dark]


def drawing_of(outcome: Outcome, scene: Scene | None, other: Outcome | None, online: bool) -> Drawing:
    """What the map draws.

    Args:
        outcome: With an answer.
        scene: The view of it that is shown, if anything of the answer lies there.
        other: An earlier outcome to compare with.
        online: Whether the map shows tiles, which need no coasts and towns drawn over them.
    """
    view, answer = views.shown(), outcome.answer
    assert answer is not None
    marks = [] if answer.only_regions else pins(answer.candidates, view.candidate)
    outlines = list(scene.outlines) if scene is not None else []
    if other is not None and other.answer is not None:
        marks += [] if other.answer.only_regions else pins(other.answer.candidates, None, other=True)
        whole = scene_of(other, views.WORLD)  # all of it, wherever the map is
        outlines += [replace(outline, other=True) for outline in (whole.outlines if whole else ())]
    line, known = None, known_position.position()
    if known is not None:
        line = track(answer, known, known_position.error_of(answer, known))
        marks.append(Pin("✓", known, "Known position", "known"))
    check = claim.chosen(outcome)
    if check is not None:
        marks.append(Pin("?", check.claim.latlon, texts.CLAIM_PIN.format(words=check.claim.words), "known"))
    close = view is not views.WORLD
    return Drawing(
        heat=scene.heat if scene is not None else None,
        pins=marks,
        near=_near(outcome, view) if close and not online else None,
        outlines=outlines,
        region=region_shape(answer.query.region),
        track=line,
        legend=scene.legend if scene is not None else None,
        close=close,
        frame=close and (view,) != views.usual()[-1:],
        fly_count=views.fly_count(),
    )


def _near(outcome: Outcome, view: View) -> Surroundings | None:
    """Coasts and towns of a view, found when it is new."""
    if view not in outcome.near:
        outcome.near[view] = surroundings_of(view)
    return outcome.near[view]


def draw(tiles: tuple[Tiles, ...], drawing: Drawing | None = None) -> None:
    """The map. Panning and zooming stay in the browser; only events that need the model come back.

    Args:
        tiles: Kinds of tiles to choose from; none draws the countries instead.
        drawing: What to draw; nothing without it.
    """
    dark = st.context.theme.type == "dark"
    st_folium(
        base_map(map_files.web_address(), tiles, dark, map_files.towns_address(), texts.MAP),
        key="map",
        height=_HEIGHT_PX,
        use_container_width=True,
        returned_objects=[],
        feature_group_to_add=answer_layer(drawing or Drawing(fly_count=views.fly_count())),
        on_change=events.on_map_event,
    )

"""What stands beside the map once there is an answer: its places, then a tab for each further panel.

A further panel of its own is one line in :data:`_TABS`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import streamlit as st

from geoclip_core.page import texts
from geoclip_core.page.map.scene import Scene
from geoclip_core.page.panels import answer as words
from geoclip_core.page.panels import answer_files, claim, compare, evidence, known_position, photos
from geoclip_core.page.state import views
from geoclip_core.page.state.session import Outcome

if TYPE_CHECKING:
    from geoclip_core.locate.answer import Answer

Panel = Callable[[Outcome, "Answer", Scene | None], None]


def places(outcome: Outcome, answer: Answer, scene: Scene | None) -> None:
    """The answer in words: its doubts, how sure it is, its places, and how to read the map."""
    words.warnings(answer)
    words.restricted(answer)
    words.how_sure(answer, scene)
    words.places(outcome, answer, views.shown())
    words.other_readings(outcome)
    if scene is not None:
        st.caption(words.map_caption(scene))


def tabs(outcome: Outcome, answer: Answer, scene: Scene | None) -> None:
    """The further panels, each in its tab; one that has nothing to show has none."""
    shown = {name: panel for name, (panel, wanted) in _TABS.items() if wanted(outcome, scene)}
    for tab, panel in zip(st.tabs(list(shown)), shown.values(), strict=True):
        with tab:
            panel(outcome, answer, scene)


def other_of(outcome: Outcome) -> Outcome | None:
    """The earlier outcome that the visitor compares with, if any."""
    return compare.chosen(outcome)


def _take_along(outcome: Outcome, answer: Answer, scene: Scene | None) -> None:
    assert scene is not None
    answer_files.panel(outcome, answer, views.shown(), scene)


def _always(outcome: Outcome, scene: Scene | None) -> bool:
    del outcome, scene
    return True


_TABS: dict[str, tuple[Panel, Callable[[Outcome, Scene | None], bool]]] = {
    texts.EVIDENCE: (lambda _, answer, __: evidence.panel(answer), _always),
    texts.PHOTOS_TAB: (lambda outcome, _, __: photos.panel(outcome), lambda outcome, _: bool(outcome.photos)),
    texts.CLAIM: (lambda outcome, _, __: claim.panel(outcome), lambda outcome, _: bool(outcome.question.photos)),
    texts.KNOWN: (
        lambda outcome, answer, _: known_position.panel(
            answer, [photo.exif.latlon for photo in outcome.photos if photo.exif.latlon is not None]
        ),
        _always,
    ),
    texts.COMPARE: (lambda outcome, _, __: compare.panel(outcome), _always),
    texts.TAKE: (
        _take_along,
        lambda _, scene: scene is not None,
    ),
}

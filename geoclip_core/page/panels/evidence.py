"""What an answer rests on, and which model gave it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from geoclip_core.page import texts
from geoclip_core.page.markdown import plain
from geoclip_core.page.panels.model import what_model_does

if TYPE_CHECKING:
    from geoclip_core.locate.answer import Answer

_ICONS = {"visual": ":material/visibility:", "text": ":material/text_fields:", "exif": ":material/photo_camera:"}
_OTHER_ICON = ":material/lightbulb:"


def icon(kind: str) -> str:
    """The icon of a kind of evidence; a kind that has none of its own gets the same as all such kinds."""
    return _ICONS.get(kind, _OTHER_ICON)


def panel(answer: Answer) -> None:
    """The pieces of evidence, used or not, then the model and its remarks."""
    st.markdown(f"##### {texts.RESTS_ON}")
    for note in answer.evidence:
        unused = "" if note.used else texts.NOT_USED
        st.markdown(f"{icon(note.kind)} {plain(note.label)}{unused}")
    st.caption(texts.ANSWERED_BY.format(model=plain(answer.model), does=what_model_does(answer.model)))
    for remark in answer.notes:
        st.caption(plain(remark))

"""Which model is in use, why, and the way to another one."""

from __future__ import annotations

import streamlit as st

from geoclip_core.page import texts
from geoclip_core.page.markdown import plain
from geoclip_core.page.panels import full_model_download
from geoclip_core.page.state import looking
from geoclip_core.page.state.demo import demo
from geoclip_core.page.state.models import AUTO, Loaded


def what_model_does(name: str) -> str:
    """What a model can do, as the end of a sentence that begins with its name."""
    return texts.MODELS.get(name, texts.LOCAL_MODEL)


def panel(loaded: Loaded) -> None:
    """The model in use; the choice among the models on this machine; the offer of the full model."""
    from geoclip_core.weights.local import survey_models

    name = loaded.locator.name
    local, wrong = survey_models()
    with st.popover(texts.MODEL.format(name=plain(name)), icon=":material/memory:", width="stretch"):
        st.markdown(f"**{plain(name)}** {what_model_does(name)}.")
        for reason in (loaded.locator.reason, loaded.trouble):
            if reason:
                st.caption(plain(reason))
        if local:
            names = {AUTO: texts.USUAL_MODEL} | {str(record.folder): plain(record.name) for record in local}
            st.radio(
                texts.ASK_MODEL,
                list(names),
                key="model",
                captions=[texts.USUAL_MODEL_IS, *(plain(record.summary) for record in local)],
                format_func=lambda option: names.get(option, option),
            )
        _looked_at(loaded)
        for words in wrong if not demo() else ():  # they name folders of this machine
            st.caption(f":material/warning: {plain(words)}")
        if name == "embedded" and not demo():
            full_model_download.offer("offer in the model's panel")


def _looked_at(loaded: Loaded) -> None:
    """Which sources of evidence photos are shown to, each with a box to turn it off."""
    asked = {source.name for source in loaded.locator.sources}
    st.markdown(f"**{texts.LOOK_IN_PHOTOS}**", help=texts.LOOK_IN_PHOTOS_HELP)
    for name, words in texts.LOOKED_AT.items():
        if name in asked:
            # The value is given here, not in the session: the box is made anew in the browser whenever the panel opens.
            st.checkbox(words, value=True, key=looking.key(name))

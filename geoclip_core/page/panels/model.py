"""Which model is in use, why, and the way to another one."""

from __future__ import annotations

import streamlit as st

from geoclip_core.page.markdown import plain
from geoclip_core.page.panels import full_model_download
from geoclip_core.page.state.demo import demo
from geoclip_core.page.state.models import AUTO, Loaded

_MODELS = {
    "geoclip": "looks at pixels, and understands sentences",
    "embedded": "knows place names and what they mean, and what can be seen without the full model: the position "
    "a photo's file states, and views from above where it was trained for them",
}
_LOCAL = "was trained and exported here"


def what_model_does(name: str) -> str:
    """What a model can do, as the end of a sentence that begins with its name."""
    return _MODELS.get(name, _LOCAL)


def panel(loaded: Loaded) -> None:
    """The model in use; the choice among the models on this machine; the offer of the full model."""
    from geoclip_core.weights.local import survey_models

    name = loaded.locator.name
    local, wrong = survey_models()
    with st.popover(f"Model: {plain(name)}", icon=":material/memory:", width="stretch"):
        st.markdown(f"**{plain(name)}** {what_model_does(name)}.")
        for reason in (loaded.locator.reason, loaded.trouble):
            if reason:
                st.caption(plain(reason))
        if local:
            names = {AUTO: "the usual model"} | {str(record.folder): plain(record.name) for record in local}
            usual = "geoclip where its weights are here, else embedded"
            st.radio(
                "Ask",
                list(names),
                key="model",
                captions=[usual, *(plain(record.summary) for record in local)],
                format_func=lambda option: names.get(option, option),
            )
        for words in wrong if not demo() else ():  # they name folders of this machine
            st.caption(f":material/warning: {plain(words)}")
        if name == "embedded" and not demo():
            full_model_download.offer("offer in the model's panel")

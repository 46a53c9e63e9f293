"""The model that answers: loaded once for all visitors, in a thread, while the page shows how far that is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from geoclip_core.errors import GeoclipError, WeightsError
from geoclip_core.files import Progress
from geoclip_core.page import texts
from geoclip_core.page.markdown import plain
from geoclip_core.page.state.job import Job
from geoclip_core.page.state.memory import keep_loaded

if TYPE_CHECKING:  # it imports torch, which the first sight of the page does not wait for
    from geoclip_core.locate.locator import Locator

AUTO = "auto"
_MOST_MODELS = 3
_POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Loaded:
    """The model in use.

    Attributes:
        locator: Answers questions with it.
        trouble: Why it is not the model that was asked for, or "".
    """

    locator: Locator
    trouble: str = ""


@st.cache_resource(show_spinner=False, max_entries=_MOST_MODELS)
def loading(name: str) -> Job[Loaded]:
    """The work of loading a model, under way or done; one for all visitors.

    Args:
        name: The model's name or its folder; ``"auto"`` for the usual one.
    """
    return Job(lambda progress: _load(name, progress))


def _load(name: str, progress: Progress) -> Loaded:
    from geoclip_core.evidence.clip import ClipSource
    from geoclip_core.locate.load import load_locator
    from geoclip_core.places.gazetteer import prepare_gazetteer

    prepare_gazetteer(progress)
    trouble = ""
    try:
        locator = load_locator(name, progress=progress)
    except WeightsError as error:
        if name != AUTO:
            raise
        locator, trouble = load_locator("embedded", progress=progress), str(error)
    locator.locate(text="Paris")  # reads the tables that are read on first use
    if not any(isinstance(source, ClipSource) and source.network.text_encoder for source in locator.sources):
        Job(lambda _: _prepare_descriptions(locator))
    keep_loaded()
    return Loaded(locator, trouble)


def _prepare_descriptions(locator: Locator) -> None:
    """Behind the page, which answers names meanwhile: the tables and the network that only descriptions need."""
    from geoclip_core.text.reader import shared_reader

    shared_reader().prepare()
    locator.locate(text="sand dunes")
    keep_loaded("descriptions")


def ready() -> bool:
    """Whether the model that the visitor chose answers at once."""
    return not loading(st.session_state.get("model", AUTO)).running


def loaded() -> Loaded:
    """The model that the visitor chose; where it cannot be loaded the page says so, and the usual one is taken.

    Raises:
        GeoclipError: The usual model cannot be loaded either.
    """
    name = st.session_state.get("model", AUTO)
    if name != AUTO:
        try:
            return _result(name)
        except GeoclipError as error:
            st.session_state["model"] = AUTO
            st.session_state["trouble"] = plain(texts.MODEL_UNUSABLE.format(name=Path(name).name, reason=error))
    return _result(AUTO)


def wait() -> None:
    """Wait behind a progress bar until the model that the visitor chose is loaded, or cannot be."""
    job = loading(st.session_state.get("model", AUTO))
    bar = st.progress(0.0, texts.LOADING)
    while not job.wait(_POLL_SECONDS):
        done, total = job.progress
        bar.progress(job.share, texts.TABLES.format(done=done, total=total) if total else texts.LOADING)
    bar.empty()


def _result(name: str) -> Loaded:
    """A model, which may still be on its way.

    Raises:
        GeoclipError: It cannot be loaded.
    """
    try:
        return loading(name).result()
    except GeoclipError:
        loading.clear(name)  # the next visit tries again
        raise

"""The model that answers: loaded once for all visitors, in a thread, while the page shows how far that is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from geoclip_core.errors import GeoclipError, WeightsError
from geoclip_core.files import Progress
from geoclip_core.page.markdown import plain
from geoclip_core.page.state.job import Job

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
    from geoclip_core.locate.load import load_locator

    trouble = ""
    try:
        locator = load_locator(name, progress=progress)
    except WeightsError as error:
        if name != AUTO:
            raise
        locator, trouble = load_locator("embedded", progress=progress), str(error)
    locator.locate(text="Paris")  # reads the tables that are read on first use
    Job(lambda _: locator.locate(text="sand dunes"))  # and behind the page those that only descriptions need
    return Loaded(locator, trouble)


def loaded() -> Loaded:
    """The model that the visitor chose; where it cannot be loaded the page says so, and the usual one is taken.

    Raises:
        GeoclipError: The usual model cannot be loaded either.
    """
    name = st.session_state.get("model", AUTO)
    if name != AUTO:
        try:
            return _awaited(name)
        except GeoclipError as error:
            st.session_state["model"] = AUTO
            st.session_state["trouble"] = plain(f"The model {Path(name).name} cannot be used: {error}")
    return _awaited(AUTO)


def _awaited(name: str) -> Loaded:
    """A model; waits for it behind a progress bar.

    Raises:
        GeoclipError: It cannot be loaded.
    """
    job = loading(name)
    if job.running:
        bar = st.progress(0.0, "Loading the model")
        while not job.wait(_POLL_SECONDS):
            done, total = job.progress
            if total:
                bar.progress(job.share, f"Encoding the points of the Earth, once: {done:,} of {total:,}")
            else:
                bar.progress(0.0, "Loading the model and its tables; the first time takes a minute")
        bar.empty()
    try:
        return job.result()
    except GeoclipError:
        loading.clear(name)  # the next visit tries again
        raise

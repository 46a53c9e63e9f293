"""The download of the full model: offered, confirmed, shown while it runs, and stoppable."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from geoclip_core.errors import GeoclipError
from geoclip_core.page import texts
from geoclip_core.page.markdown import plain
from geoclip_core.page.state.job import CancelledError, Job
from geoclip_core.page.state.models import loading
from geoclip_core.weights.registry import CLIP_ON_HUB
from geoclip_core.weights.resolve import fetch_clip

SIZE = f"{CLIP_ON_HUB.file.size / 1e9:.1f} GB"


@st.cache_resource(show_spinner=False)
def downloads() -> list[Job[Path]]:
    """The download in progress, if any; one for all visitors."""
    return []


def offer(key: str) -> None:
    """A button that leads to the full model, and asks before it fetches anything.

    Args:
        key: Tells several of them on one page apart.
    """
    asking = f"asking {key}"

    def ask_first(on: bool) -> None:
        st.session_state[asking] = on

    def fetch() -> None:
        ask_first(False)
        if not downloads():
            downloads().append(Job(fetch_clip))

    if not st.session_state.get(asking):
        name = texts.GET_FULL_MODEL.format(size=SIZE)
        busy = bool(downloads())
        st.button(name, key=key, icon=":material/download:", disabled=busy, on_click=ask_first, args=(True,))
        return
    st.markdown(texts.FULL_MODEL_NEEDS.format(size=SIZE, repo=CLIP_ON_HUB.repo))
    with st.container(horizontal=True):
        st.button(texts.DOWNLOAD, key=f"{key}: yes", type="primary", on_click=fetch)
        st.button(texts.NOT_NOW, key=f"{key}: no", on_click=ask_first, args=(False,))


@st.fragment(run_every=1.0)
def _progress(job: Job[Path]) -> None:
    if not job.running:
        st.rerun()
    done, total = job.progress
    bar, stop = st.columns([5, 1], vertical_alignment="bottom")
    known = texts.FETCHED.format(done=done / 1e9, total=total / 1e9) if total else texts.CONNECTING
    bar.progress(job.share, texts.FETCHING.format(known=known))
    if stop.button(texts.STOP, width="stretch"):
        job.cancel()


def status() -> None:
    """The download in progress, or how the last one ended."""
    if not downloads():
        return
    job = downloads()[0]
    if job.running:
        _progress(job)
        return
    downloads().clear()
    try:
        job.result()
    except CancelledError:
        st.info(texts.FETCH_STOPPED)
    except GeoclipError as error:
        st.error(plain(str(error)))
    else:
        loading.clear()
        st.toast(texts.FULL_MODEL_HERE, icon=":material/check:")

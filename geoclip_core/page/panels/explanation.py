"""Which parts of a photo matter, computed behind the page when a visitor asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from geoclip_core.errors import GeoclipError
from geoclip_core.page import texts
from geoclip_core.page.markdown import plain
from geoclip_core.page.state.job import CancelledError, Job
from geoclip_core.page.state.session import Outcome

if TYPE_CHECKING:
    from geoclip_core.locate.explain import Method, PhotoExplanation

_NAMES: dict[Method, str] = {"gradient": texts.EXPLAIN_QUICKLY, "occlusion": texts.EXPLAIN_THOROUGHLY}


def panel(outcome: Outcome, index: int) -> None:
    """Offer to explain a photo, show how far that is, then the photo with its parts marked.

    Args:
        outcome: With an answer.
        index: Which of its photos.
    """
    from geoclip_core.locate.explain import explains

    if outcome.answer is None or not explains(outcome.locator):
        st.caption(texts.ONLY_FULL_MODEL_EXPLAINS)
        return
    job = outcome.explanations.get(index)
    if job is None:
        _offer(outcome, index)
    elif job.running:
        _wait(job, index)
    else:
        _show(job, outcome, index)


def _offer(outcome: Outcome, index: int) -> None:
    with st.container(horizontal=True):
        for method, name in _NAMES.items():
            st.button(name, key=f"{method} {index}", on_click=_start, args=(outcome, index, method))


def _start(outcome: Outcome, index: int, method: Method) -> None:
    from geoclip_core.locate.explain import explain_photo

    answer, photo = outcome.answer, outcome.question.photos[index]
    assert answer is not None
    outcome.explanations[index] = Job(
        lambda progress: explain_photo(outcome.locator, photo, answer, method=method, progress=progress)
    )


@st.fragment(run_every=0.5)
def _wait(job: Job[PhotoExplanation], index: int) -> None:
    if not job.running:
        st.rerun()
    done, total = job.progress
    bar, stop = st.columns([5, 1], vertical_alignment="bottom")
    words = texts.EXPLAINING_PARTS.format(done=done, total=total) if total else texts.EXPLAINING
    bar.progress(job.share, words)
    if stop.button(texts.STOP, key=f"stop explaining {index}", width="stretch"):
        job.cancel()


def _forget(outcome: Outcome, index: int) -> None:
    del outcome.explanations[index]


def _show(job: Job[PhotoExplanation], outcome: Outcome, index: int) -> None:
    try:
        found = job.result()
    except CancelledError:
        del outcome.explanations[index]
        st.caption(texts.STOPPED)
        _offer(outcome, index)
        return
    except GeoclipError as error:
        st.error(plain(str(error)))
        return
    st.image(found.overlay(outcome.question.photos[index]), width="stretch")
    st.caption(texts.EXPLAINED)
    st.button(texts.AGAIN, key=f"again {index}", on_click=_forget, args=(outcome, index))

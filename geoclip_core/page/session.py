"""What the page remembers: one model for everybody, and for each visitor questions, answers and views."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st
from PIL import Image

from geoclip_core.errors import GeoclipError, WeightsError
from geoclip_core.page import views
from geoclip_core.page.job import Job, Progress
from geoclip_core.page.words import area_named, plain

if TYPE_CHECKING:  # these import torch, which the first sight of the page does not wait for
    from geoclip_core.locate.answer import Answer
    from geoclip_core.locate.explain import PhotoExplanation
    from geoclip_core.locate.locator import Locator
    from geoclip_core.maps.surroundings import Surroundings
    from geoclip_core.page.scene import Scene
    from geoclip_core.page.views import View
    from geoclip_core.photo.exif import ExifRecord

AUTO = "auto"
MOST_KEPT = 8
_MOST_MODELS = 3
_THUMBNAIL_PX = 480
_POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Loaded:
    """The model in use.

    Attributes:
        locator: It.
        trouble: Why it is not the one that was wanted, or "".
    """

    locator: Locator
    trouble: str = ""


@dataclass(frozen=True)
class Question:
    """What a visitor asks.

    Attributes:
        text: As typed; "" for none.
        photos: The bytes of photos of one place.
        region: A restriction that ``parse_region`` reads; None for the whole Earth.
        text_weight: 0 is the photos alone, 1 the text alone, see ``Locator.locate``.
    """

    text: str = ""
    photos: tuple[bytes, ...] = ()
    region: str | None = None
    text_weight: float = 0.5

    def key(self, model: str) -> str:
        """Digest of the question and of who is asked."""
        photos = [hashlib.sha256(photo).hexdigest() for photo in self.photos]
        weight = self.text_weight if self.photos and self.text else 0.5
        return "\n".join((model, self.region or "", f"{weight:g}", *photos, self.text))

    @property
    def label(self) -> str:
        """A few words that tell questions apart."""
        photos = {0: "", 1: "a photo"}.get(len(self.photos), f"{len(self.photos)} photos")
        asked = " and ".join(part for part in (f"“{self.text}”" if self.text else "", photos) if part)
        return f"{asked} · {area_named(self.region)}" if self.region else asked


@dataclass(frozen=True)
class PhotoSeen:
    """A photo as the page keeps it: small and without metadata, and apart from it what its file says.

    Attributes:
        thumbnail: The picture.
        exif: Position, time and camera.
    """

    thumbnail: Image.Image
    exif: ExifRecord


@dataclass
class Outcome:
    """What came of a question.

    Attributes:
        key: Of the question.
        question: As it was asked.
        locator: Who was asked.
        answer: None where there is none.
        error: Why not.
        photos: What was shown.
        scenes: What was drawn so far, by view and by theme.
        near: Coasts and towns found so far, by view.
        explanations: Which parts of a photo matter, by its index, where that was asked for.
    """

    key: str
    question: Question
    locator: Locator
    answer: Answer | None = None
    error: GeoclipError | None = None
    photos: list[PhotoSeen] = field(default_factory=list)
    scenes: dict[tuple[View, bool], Scene] = field(default_factory=dict)
    near: dict[View, Surroundings | None] = field(default_factory=dict)
    explanations: dict[int, Job[PhotoExplanation]] = field(default_factory=dict)


@st.cache_resource(show_spinner=False, max_entries=_MOST_MODELS)
def loading(name: str) -> Job[Loaded]:
    """A model, by its name or its folder, on its way or loaded; one for all visitors."""
    return Job(lambda progress: _load(name, progress))


def _load(name: str, progress: Progress) -> Loaded:
    from geoclip_core.locate.locator import load_locator

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
    """The model that the visitor chose; where it cannot be loaded that is told, and the usual one is taken.

    Raises:
        GeoclipError: That cannot be loaded either.
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


def ask(locator: Locator, question: Question) -> Outcome:
    """The outcome of a question; computed when the question or the model is new."""
    key = question.key(locator.name)
    known = st.session_state.get("outcome")
    if isinstance(known, Outcome) and known.key == key:
        return known
    earlier = next((outcome for outcome in history() if outcome.key == key), None)
    outcome = earlier or _asked(locator, question, key)
    st.session_state["outcome"] = outcome
    if outcome.answer is not None:
        st.session_state["history"] = [outcome, *(o for o in history() if o.key != key)][:MOST_KEPT]
    region = outcome.answer.query.region if outcome.answer is not None else None
    views.go(*([views.framed(region)] if region is not None else []))
    return outcome


def history() -> list[Outcome]:
    """Answers of this visit, the newest first."""
    kept: list[Outcome] = st.session_state.get("history", [])
    return kept


def _asked(locator: Locator, question: Question, key: str) -> Outcome:
    from geoclip_core.photo.decode import open_photo
    from geoclip_core.photo.exif import read_exif

    outcome = Outcome(key, question, locator)
    try:
        photos = [open_photo(data) for data in question.photos]
        for photo in photos:
            small = photo.image.copy()
            small.thumbnail((_THUMBNAIL_PX, _THUMBNAIL_PX))
            small.info.clear()
            outcome.photos.append(PhotoSeen(small, read_exif(photo)))
        outcome.answer = locator.locate(
            photos or None, question.text or None, region=question.region, text_weight=question.text_weight
        )
    except GeoclipError as error:
        outcome.error = error
    return outcome


def scene_of(outcome: Outcome, view: View, dark: bool) -> Scene:
    """What the map draws of a view; computed when it is new.

    Raises:
        GeoclipError: Nothing of the answer lies there.
    """
    from geoclip_core.page.scene import scene

    assert outcome.answer is not None
    if (view, dark) not in outcome.scenes:
        outcome.scenes[view, dark] = scene(outcome.locator, outcome.answer, view, dark)
    return outcome.scenes[view, dark]


def near_of(outcome: Outcome, view: View) -> Surroundings | None:
    """Coasts and towns of a view, for a map without tiles; found when it is new."""
    from geoclip_core.page.scene import surroundings_of

    if view not in outcome.near:
        outcome.near[view] = surroundings_of(view)
    return outcome.near[view]

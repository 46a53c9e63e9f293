"""What the page remembers: one model for everybody, and for each visitor the question, answer and view."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import streamlit as st
from PIL import Image

from geoclip_core.errors import GeoclipError, WeightsError
from geoclip_core.maps.heat import HeatPicture, heat_picture
from ui.job import Job, Progress

if TYPE_CHECKING:  # these import torch, which the first sight of the page does not wait for
    from geoclip_core.locate.answer import Answer
    from geoclip_core.locate.locator import Locator
    from geoclip_core.maps.surroundings import Surroundings
    from geoclip_core.photo.exif import ExifRecord

WORLD_PX = 1024
CITY_KM = 50.0
CITY_PX = 256
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
        photo: The bytes of an uploaded file.
        region: Country code or another restriction that ``parse_region`` reads; None for the whole Earth.
    """

    text: str = ""
    photo: bytes | None = None
    region: str | None = None

    def key(self, model: str) -> str:
        """Digest of the question and of who is asked."""
        photo = hashlib.sha256(self.photo).hexdigest() if self.photo is not None else ""
        return "\n".join((model, self.region or "", photo, self.text))


@dataclass
class Outcome:
    """What came of a question, kept until the next one.

    Attributes:
        key: Of the question.
        answer: None where there is none.
        error: Why not.
        thumbnail: The photo, small and without metadata.
        exif: What its file says of itself.
        pictures: Heat drawn so far, by index of the candidate (None for the world) and by theme.
        surroundings: Coasts and towns found so far, by index of the candidate.
    """

    key: str
    answer: Answer | None = None
    error: GeoclipError | None = None
    thumbnail: Image.Image | None = None
    exif: ExifRecord | None = None
    pictures: dict[tuple[int | None, bool], HeatPicture] = field(default_factory=dict)
    surroundings: dict[int, Surroundings] = field(default_factory=dict)


@st.cache_resource(show_spinner=False)
def loading() -> Job[Loaded]:
    """The model on its way, or loaded; one for all visitors."""
    return Job(_load)


def _load(progress: Progress) -> Loaded:
    from geoclip_core.locate.locator import load_locator

    trouble = ""
    try:
        locator = load_locator("auto", progress=progress)
    except WeightsError as error:
        locator, trouble = load_locator("embedded", progress=progress), str(error)
    locator.locate(text="Paris")  # reads the tables that are read on first use
    Job(lambda _: locator.locate(text="sand dunes"))  # and behind the page those that only descriptions need
    return Loaded(locator, trouble)


def loaded() -> Loaded:
    """The model; waits for it behind a progress bar.

    Raises:
        GeoclipError: It cannot be loaded.
    """
    job = loading()
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
        loading.clear()  # the next visit tries again
        raise


def ask(locator: Locator, question: Question) -> Outcome:
    """The outcome of a question; computed when the question or the model is new."""
    key = question.key(locator.name)
    known = st.session_state.get("outcome")
    if not isinstance(known, Outcome) or known.key != key:
        known = st.session_state["outcome"] = _asked(locator, question, key)
        show(None)
    return known


def _asked(locator: Locator, question: Question, key: str) -> Outcome:
    from geoclip_core.photo.decode import open_photo
    from geoclip_core.photo.exif import read_exif

    outcome = Outcome(key)
    try:
        photo = None
        if question.photo is not None:
            photo = open_photo(question.photo)
            outcome.exif = read_exif(photo)
            outcome.thumbnail = photo.image.copy()
            outcome.thumbnail.thumbnail((_THUMBNAIL_PX, _THUMBNAIL_PX))
            outcome.thumbnail.info.clear()
        outcome.answer = locator.locate(photo, question.text or None, region=question.region)
    except GeoclipError as error:
        outcome.error = error
    return outcome


def show(candidate: int | None) -> None:
    """Turn the map to a candidate, or (None) to the world."""
    st.session_state["candidate"] = candidate
    st.session_state["turn"] = st.session_state.get("turn", 0) + 1


def shown() -> int | None:
    """Index of the candidate that the map shows, None for the world."""
    candidate: int | None = st.session_state.get("candidate")
    return candidate


def turn() -> int:
    """How often the map was turned; see ``answer_layer``."""
    return int(st.session_state.get("turn", 0))


def picture(locator: Locator, outcome: Outcome, candidate: int | None, dark: bool) -> HeatPicture:
    """Heat of the world, or of the surroundings of a candidate.

    Raises:
        GeoclipError: There is no map of it, as at the poles.
    """
    from geoclip_core.earth.window import Window

    assert outcome.answer is not None
    known = outcome.pictures.get((candidate, dark))
    if known is None:
        window = Window.world((WORLD_PX, WORLD_PX), "mercator")
        if candidate is not None:
            latlon = outcome.answer.candidates[candidate].latlon
            window = Window.around(latlon, CITY_KM, (CITY_PX, CITY_PX), "mercator")
        known = heat_picture(locator.field(outcome.answer.query, window), dark)
        outcome.pictures[candidate, dark] = known
    return known


def near(outcome: Outcome, candidate: int) -> Surroundings:
    """Coasts and towns around a candidate, for a map without tiles.

    Raises:
        GeoclipError: There is no map of it, as at the poles.
    """
    from geoclip_core.maps.surroundings import surroundings

    assert outcome.answer is not None
    if candidate not in outcome.surroundings:
        outcome.surroundings[candidate] = surroundings(outcome.answer.candidates[candidate].latlon, CITY_KM)
    return outcome.surroundings[candidate]

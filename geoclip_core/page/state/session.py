"""What one visit remembers: questions, answers, and what was computed of them for the page."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import streamlit as st
from PIL import Image

from geoclip_core.errors import GeoclipError
from geoclip_core.page import texts
from geoclip_core.page.markdown import area_named
from geoclip_core.page.state import questions_first, views
from geoclip_core.page.state.job import Job
from geoclip_core.page.state.memory import keep_loaded
from geoclip_core.page.state.views import View

if TYPE_CHECKING:  # these import torch, which the first sight of the page does not wait for
    from geoclip_core.locate.answer import Answer
    from geoclip_core.locate.claim.check import ClaimCheck
    from geoclip_core.locate.explain import PhotoExplanation
    from geoclip_core.locate.fusion.looking import Looked
    from geoclip_core.locate.locator import Locator
    from geoclip_core.maps.surroundings import Surroundings
    from geoclip_core.page.map.scene import Scene
    from geoclip_core.photo.decode import Photo
    from geoclip_core.photo.exif import ExifRecord

MOST_KEPT = 8
_THUMBNAIL_PX = 480


@dataclass(frozen=True)
class Question:
    """What a visitor asks.

    Attributes:
        text: As typed; "" for none.
        photos: The bytes of photos of one place.
        region: A restriction that ``parse_region`` reads; None for the whole Earth.
        text_weight: 0 is the photos alone, 1 the text alone, see ``Locator.locate``.
        without: Names of sources of evidence that photos are not shown to.
    """

    text: str = ""
    photos: tuple[bytes, ...] = ()
    region: str | None = None
    text_weight: float = 0.5
    without: tuple[str, ...] = ()

    def key(self, model: str) -> str:
        """A text that is the same only for the same question to the same model.

        Args:
            model: The model's name.
        """
        photos = [hashlib.sha256(photo).hexdigest() for photo in self.photos]
        weight = self.text_weight if self.photos and self.text else 0.5
        without = ",".join(self.without) if self.photos else ""
        return "\n".join((model, self.region or "", f"{weight:g}", without, *photos, self.text))

    @property
    def label(self) -> str:
        """A few words that tell questions apart."""
        photos = {0: "", 1: "a photo"}.get(len(self.photos), f"{len(self.photos)} photos")
        asked = " and ".join(part for part in (f"“{self.text}”" if self.text else "", photos) if part)
        left_out = ", ".join(texts.LOOKED_AT[name] for name in self.without if self.photos)
        without = texts.ASKED_WITHOUT.format(what=left_out) if left_out else ""
        return " · ".join(part for part in (asked, self.region and area_named(self.region), without) if part)


@dataclass(frozen=True)
class ShownPhoto:
    """A photo as the page keeps it: small and without metadata, and apart from it what its file says.

    Attributes:
        thumbnail: The picture; None where its pixels cannot be read.
        exif: Position, time and camera.
        size: Width and height of the photo itself, in pixels as shown upright.
    """

    thumbnail: Image.Image | None
    exif: ExifRecord
    size: tuple[int, int] = (0, 0)


@dataclass
class Outcome:
    """What came of a question.

    Attributes:
        key: Of the question.
        question: As it was asked.
        locator: The model that was asked.
        answer: None where there is none.
        error: Why there is no answer.
        photos: The photos of the question, those that can be decoded.
        looked: What the model has found in them, where all could be decoded.
        scenes: What was drawn so far, by view and by theme (dark or not).
        near: Coasts and towns found so far, by view.
        checks: Claims held against its photos so far, by photo and claim ("" for what the file claims).
        explanations: Which parts of a photo matter, by its index, where that was asked for.
    """

    key: str
    question: Question
    locator: Locator
    answer: Answer | None = None
    error: GeoclipError | None = None
    photos: list[ShownPhoto] = field(default_factory=list)
    looked: list[Looked] = field(default_factory=list)
    scenes: dict[tuple[View, bool], Scene] = field(default_factory=dict)
    near: dict[View, Surroundings | None] = field(default_factory=dict)
    explanations: dict[int, Job[PhotoExplanation]] = field(default_factory=dict)
    checks: dict[tuple[int, str], ClaimCheck | GeoclipError] = field(default_factory=dict)


def ask(locator: Locator, question: Question) -> Outcome:
    """The outcome of a question; computed when the question or the model is new to this visit.

    Where it is not the question of the run before, the map flies to the answer, by way of the search area.
    """
    key = question.key(locator.name)
    known = st.session_state.get("outcome")
    if isinstance(known, Outcome) and known.key == key:
        return known
    earlier = next((outcome for outcome in history() if outcome.key == key), None)
    outcome = earlier or answered(locator, question, _same_photos(locator, question, known))
    st.session_state["outcome"] = outcome
    if outcome.answer is not None:
        st.session_state["history"] = [outcome, *(o for o in history() if o.key != key)][:MOST_KEPT]
    st.session_state["claim"], st.session_state["claim by file"] = "", False
    if outcome.answer is None:
        views.opens_on()
        return outcome
    region = outcome.answer.query.region
    area = views.framed(region) if region is not None else views.WORLD
    opened = views.of_answer(outcome.answer)
    views.opens_on(*(view for view in (area, opened) if view is opened or view.width_deg > opened.width_deg))
    return outcome


def history() -> list[Outcome]:
    """Answers of this visit, the newest first."""
    kept: list[Outcome] = st.session_state.get("history", [])
    return kept


def _same_photos(locator: Locator, question: Question, known: object) -> Outcome | None:
    """An outcome whose photos the same model has looked at for the same things."""
    for outcome in (known, *history()):
        if isinstance(outcome, Outcome) and outcome.looked and outcome.locator is locator:
            asked = outcome.question
            if (asked.photos, asked.without) == (question.photos, question.without):
                return outcome
    return None


def answered(locator: Locator, question: Question, before: Outcome | None = None) -> Outcome:
    """Ask a model; an error is part of the outcome, and so are the photos that could be decoded before it.

    Args:
        locator: The model.
        question: What it is asked.
        before: An outcome of the same photos, which are then not looked at again.
    """
    from geoclip_core.photo.decode import open_photo

    outcome = Outcome(question.key(locator.name), question, locator)
    without = question.without if question.photos else ()
    photos: list[Photo] = []
    try:
        with questions_first.asking():
            if before is not None:
                outcome.photos, outcome.looked = before.photos, before.looked
            else:
                # Keeps those before one that cannot be decoded.
                photos.extend(open_photo(data, pixels_needed=False) for data in question.photos)
                outcome.looked = locator.look(photos, without=without)
            outcome.answer = locator.locate(
                outcome.looked or None,
                question.text or None,
                region=question.region,
                text_weight=question.text_weight,
                without=without,
            )
    except GeoclipError as error:
        outcome.error = error
    if photos:
        keep_loaded("photos")
        outcome.photos = [
            ShownPhoto(_thumbnail(photo), record, photo.size)
            for photo, record in zip(photos, _records(outcome, photos), strict=True)
        ]
    return outcome


def _records(outcome: Outcome, photos: Sequence[Photo]) -> Sequence[ExifRecord]:
    """What the photos' files say: as the model has read it, else read here."""
    from geoclip_core.photo.exif import read_exif

    return [looked.exif for looked in outcome.looked] or [read_exif(photo) for photo in photos]


def _thumbnail(photo: Photo) -> Image.Image | None:
    if photo.pixels is None:
        return None
    small = photo.pixels.copy()
    small.thumbnail((_THUMBNAIL_PX, _THUMBNAIL_PX))
    small.info.clear()
    return small

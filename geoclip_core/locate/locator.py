"""The locator: one object that answers questions."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from torch import Tensor

from geoclip_core.earth.projection import Projection
from geoclip_core.earth.regions import Region, parse_region
from geoclip_core.earth.window import Window
from geoclip_core.errors import GeoclipError, QueryError
from geoclip_core.evaluation.calibration_file import Calibration
from geoclip_core.evidence.registry import check_names
from geoclip_core.evidence.source import EvidenceSource
from geoclip_core.locate.answer import Answer
from geoclip_core.locate.candidates import MERGE_KM
from geoclip_core.locate.claim.ask import check_claim, check_looked
from geoclip_core.locate.claim.check import ClaimCheck
from geoclip_core.locate.claim.claimed import ClaimLike, read_claim
from geoclip_core.locate.field import Field, make_field
from geoclip_core.locate.fusion.answering import Model, answered
from geoclip_core.locate.fusion.fuse import check_settings
from geoclip_core.locate.fusion.looking import Looked, Sources, look_together
from geoclip_core.locate.gallery import Gallery
from geoclip_core.locate.many.pipeline import Checker, Outcome, Scorer, answer_groups, answer_many
from geoclip_core.locate.many.settings import AnswerSettings
from geoclip_core.locate.posterior import Posterior, posterior
from geoclip_core.locate.query import Query
from geoclip_core.locate.refine import refine
from geoclip_core.model.location_encoder import BaseLocationEncoder
from geoclip_core.photo.decode import Photo, PhotoSource, open_photo
from geoclip_core.photo.limits import MAX_PHOTOS
from geoclip_core.text.cleaning import clean_text

RegionLike = Region | str | None
PhotosLike = PhotoSource | Photo | Looked | Sequence[PhotoSource | Photo | Looked] | None
_KEPT_POSTERIORS = 8


class Locator:
    """Answers where a photo or a text is. Made by :func:`load_locator`; safe to share between threads.

    Args:
        name: Which model it is.
        sources: Sources of evidence that answers rest on, in the order in which they are asked.
        encoder: The location encoder.
        gallery: The points that are compared.
        scale: Factor on cosines.
        shown: Sources whose findings are only told beside the answer.
        reason: Why this model was chosen, where that was automatic.
        hint: What to try where there is no evidence, for the error's message.
        calibration: How answers are calibrated, by kind of evidence; None leaves them as they are.
    """

    def __init__(
        self,
        name: str,
        sources: Sequence[EvidenceSource],
        encoder: BaseLocationEncoder,
        gallery: Gallery,
        scale: float,
        *,
        shown: Sequence[EvidenceSource] = (),
        reason: str = "",
        hint: str | None = None,
        calibration: Calibration | None = None,
    ) -> None:
        self.name = name
        self.calibration = calibration
        self.reason = reason
        self.asked = Sources(tuple(sources), tuple(shown))
        self.gallery = gallery
        self.encoder = encoder
        self.scale = scale
        self._hint = hint
        self._posteriors: OrderedDict[str, Posterior] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def sources(self) -> tuple[EvidenceSource, ...]:
        """Sources of evidence that answers rest on."""
        return self.asked.asked

    @property
    def shown(self) -> tuple[EvidenceSource, ...]:
        """Sources whose findings are only told beside the answer."""
        return self.asked.shown

    def locate(
        self,
        photo: PhotosLike = None,
        text: str | None = None,
        top_k: int = 5,
        region: RegionLike = None,
        *,
        crops: int = 1,
        text_weight: float = 0.5,
        off_gallery: bool = False,
        merge_km: float = MERGE_KM,
        without: Sequence[str] = (),
    ) -> Answer:
        """Where on Earth this is.

        Args:
            photo: One photo, or several of the same place: a path, bytes, an open file, or a PIL image; or what
                :meth:`look` has found in it.
            text: A place name or a description.
            top_k: Number of distinct places, 1 to 100.
            region: A country code or name, several, a box or a circle (see ``earth.regions.parse_region``).
            crops: 1, or 10 for the paper's ten-crop evaluation (ten times slower).
            text_weight: Where there are photo and text: 0 is the photo alone, 1 the text alone, and at 0.5
                both are full witnesses.
            off_gallery: Move each candidate from the gallery to the peak of the field near it.
            merge_km: Points nearer than this to a more probable one belong to its place.
            without: Names of sources of evidence that are not asked, such as ``("metadata",)``; see
                ``evidence.registry.SOURCES``.

        Returns:
            The answer.

        Raises:
            QueryError: Neither photo nor text, or a setting out of range.
            PhotoError: A photo that cannot be decoded.
            RegionError: A region that cannot be read or holds nothing.
            NoEvidenceError: The model has nothing to go by.
        """
        settings = AnswerSettings(top_k, parse_region(region) if region is not None else None, merge_km, off_gallery)
        check_settings(crops, text_weight)
        words = None if text is None else clean_text(text)
        sources = self.asked.without(check_names(without))
        looked = self.look(photo, crops=crops, without=without)
        answer = answered(self._model, sources, looked, settings, words, text_weight, crops=crops).answer
        self._keep(answer.query, answer.posterior)
        return answer

    def look(self, photo: PhotosLike, *, crops: int = 1, without: Sequence[str] = ()) -> list[Looked]:
        """What there is to find in photos, without their pixels: to be asked about again, with other words, fast.

        Args:
            photo: As for :meth:`locate`.
            crops: As for :meth:`locate`, and the same there.
            without: As for :meth:`locate`, and the same there.

        Returns:
            One for each photo, which :meth:`locate` takes in its place.
        """
        check_settings(crops)
        sources, photos = self.asked.without(check_names(without)), _photos(photo)
        several = len(photos) > 1  # only then has one to be told from another
        viewed = [p if isinstance(p, Looked) else sources.view(p, crops, key=p.key if several else "") for p in photos]
        return look_together(viewed)

    def locate_many(
        self,
        photos: Iterable[PhotoSource | Photo],
        top_k: int = 5,
        region: RegionLike = None,
        *,
        crops: int = 1,
        off_gallery: bool = False,
        merge_km: float = MERGE_KM,
        without: Sequence[str] = (),
    ) -> Iterator[Answer | GeoclipError]:
        """Where each of many photos was taken, each by itself.

        Photos are decoded in threads, go through the networks in batches and are scored together; the answers are those
        of :meth:`locate` for one photo at a time. Memory does not grow with the number of photos.

        Args:
            photos: Paths, bytes, open files or PIL images; a generator is read about two batches ahead.
            top_k: Number of distinct places of each, 1 to 100.
            region: Restriction of all of them, as for :meth:`locate`.
            crops: 1 or 10, as for :meth:`locate`.
            off_gallery: As for :meth:`locate`.
            merge_km: As for :meth:`locate`.
            without: As for :meth:`locate`.

        Returns:
            One for each photo, in order: its answer, or the error that :meth:`locate` would raise. Closing the
            iterator ends the work.

        Raises:
            QueryError: A setting out of range; at once.
            RegionError: A region that cannot be read; at once.
        """
        settings = AnswerSettings(top_k, parse_region(region) if region is not None else None, merge_km, off_gallery)
        return (outcome.result for outcome in self.outcomes(photos, settings, crops=crops, without=without))

    def outcomes(
        self,
        photos: Iterable[PhotoSource | Photo],
        settings: AnswerSettings | None = None,
        *,
        crops: int = 1,
        without: Sequence[str] = (),
        aside: Callable[[Photo], Any] | None = None,
        check_files: bool = False,
        batch: int | None = None,
        pause: Callable[[], None] | None = None,
    ) -> Iterator[Outcome]:
        """As :meth:`locate_many`, with what each photo's file says even where there is no answer.

        Args:
            photos: As for :meth:`locate_many`.
            settings: How places are read off.
            crops: 1 or 10, as for :meth:`locate`.
            without: As for :meth:`locate`.
            aside: Called with each photo, such as to make a thumbnail; its result is in ``Outcome.aside``.
            check_files: Whether a position that a photo's file states is held against the other evidence, as by
                :meth:`check`; the result is in ``Outcome.check``.
            batch: Photos that go through the networks together.
            pause: Called before a photo is opened or a source looks at it; may wait for other work; a core is left.

        Raises:
            QueryError: A setting out of range; at once.
        """
        sources, score = self._asking(settings, crops, without)
        check = self._checker(sources.without_file(), crops) if check_files else None
        return answer_many(
            photos, sources, score, self.gallery, crops=crops, aside=aside, check=check, batch=batch, pause=pause
        )

    def outcomes_in_groups(
        self,
        groups: Iterable[Sequence[PhotoSource | Photo]],
        settings: AnswerSettings | None = None,
    ) -> Iterator[Outcome]:
        """As :meth:`outcomes`, where the caller says which photos go through the networks together.

        The last bits of an answer may depend on that: equal groups have equal answers to the last bit.

        Args:
            groups: Photos; read two groups ahead.
            settings: How places are read off.
        """
        return answer_groups(groups, *self._asking(settings, 1, ()), self.gallery)

    def _asking(self, settings: AnswerSettings | None, crops: int, without: Sequence[str]) -> tuple[Sources, Scorer]:
        chosen = settings or AnswerSettings()
        check_settings(crops)
        sources = self.asked.without(check_names(without))

        def score(looked: Looked, cosines: Sequence[Tensor | None] | None) -> Answer:
            return answered(self._model, sources, [looked], chosen, cosines=cosines, crops=crops).answer

        return sources, score

    def _checker(self, witnesses: Sources, crops: int) -> Checker:
        def check(looked: Looked, cosines: Sequence[Tensor | None] | None) -> ClaimCheck:
            claimed = read_claim(None, looked.exif)
            return check_looked(self._model, witnesses, looked, claimed, cosines=cosines, crops=crops)

        return check

    def check(
        self,
        photo: PhotoSource | Photo,
        claim: ClaimLike = None,
        *,
        crops: int = 1,
        without: Sequence[str] = (),
    ) -> ClaimCheck:
        """Hold a claimed place against what the photo shows and says.

        Args:
            photo: One photo, as for :meth:`locate`.
            claim: A place in words or coordinates, (latitude, longitude) in degrees, or None for the place that the
                photo's own file states; what the file says is then no evidence.
            crops: As for :meth:`locate`.
            without: As for :meth:`locate`.

        Returns:
            Where the claim lies in the answer, and which source speaks for it and against it.

        Raises:
            QueryError: The claim is no known place, the file states none, or a setting is out of range.
            CoordinateError: The claim is not on Earth.
            PhotoError: The photo cannot be decoded.
            NoEvidenceError: There is nothing to hold the claim against.
        """
        check_settings(crops)
        sources = self.asked.without(check_names(without))
        opened = photo if isinstance(photo, Photo) else open_photo(photo, pixels_needed=False)
        return check_claim(self._model, sources, opened, claim, crops=crops)

    @property
    def _model(self) -> Model:
        return Model(self.name, self.encoder, self.gallery, self.scale, self._hint, self.calibration)

    def field(
        self,
        query: Query,
        window: Window | tuple[float, float, float, float] | None = None,
        size: tuple[int, int] = (512, 1024),
        projection: Projection = "equirectangular",
    ) -> Field:
        """Probability per pixel of a window.

        Args:
            query: ``Answer.query``.
            window: (south, west, north, east) in degrees, a :class:`Window`, or None for the world.
            size: (height, width) in pixels, for a window given as a tuple or None.
            projection: Map projection, for a window given as a tuple or None.

        Returns:
            The field; it sums to 1 over the window.

        Raises:
            CoordinateError: An impossible window.
            QueryError: Nothing of the answer lies in it.
        """
        if window is None:
            window = Window.world(size, projection)
        elif not isinstance(window, Window):
            window = Window.box(*window, size, projection)
        return make_field(query, self._posterior(query), window, self.encoder, self.scale, self.gallery)

    def refine(self, answer: Answer, latlon: tuple[float, float]) -> tuple[float, float]:
        """The peak of the answer's field near a point, off the gallery."""
        return refine(answer.query, latlon, self.encoder, self.scale, gallery=self.gallery)

    def _posterior(self, query: Query) -> Posterior:
        key = query.key
        with self._lock:
            if key in self._posteriors:
                self._posteriors.move_to_end(key)
                return self._posteriors[key]
        return self._keep(query, posterior(query, self.gallery, self.encoder, self.scale))

    def _keep(self, query: Query, found: Posterior) -> Posterior:
        with self._lock:
            self._posteriors[query.key] = found
            while len(self._posteriors) > _KEPT_POSTERIORS:
                self._posteriors.popitem(last=False)
        return found


def _photos(photo: PhotosLike) -> list[Photo | Looked]:
    if photo is None:
        return []
    several: list[PhotoSource | Photo | Looked] = list(photo) if isinstance(photo, list | tuple) else [photo]  # type: ignore[list-item]
    if len(several) > MAX_PHOTOS:
        raise QueryError(
            f"{len(several)} photos were given", allowed=f"up to {MAX_PHOTOS} of one place", hint="give fewer"
        )
    return [p if isinstance(p, Photo | Looked) else open_photo(p, pixels_needed=False) for p in several]

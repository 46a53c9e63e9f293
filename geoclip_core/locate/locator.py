"""The locator: one object that answers questions."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from geoclip_core.earth.projection import Projection
from geoclip_core.earth.regions import Region, parse_region
from geoclip_core.earth.window import Window
from geoclip_core.errors import NoEvidenceError, QueryError
from geoclip_core.evidence.registry import check_names
from geoclip_core.evidence.source import EvidenceSource
from geoclip_core.locate.answer import Answer, Candidate
from geoclip_core.locate.candidates import MERGE_KM, distinct_places
from geoclip_core.locate.field import Field, make_field
from geoclip_core.locate.fusion.conflict import Conflict, separate
from geoclip_core.locate.fusion.fuse import gather
from geoclip_core.locate.gallery import Gallery
from geoclip_core.locate.posterior import Posterior, combine, compare, posterior
from geoclip_core.locate.query import Query
from geoclip_core.locate.refine import refine
from geoclip_core.locate.wording import percent
from geoclip_core.model.location_encoder import BaseLocationEncoder
from geoclip_core.photo.decode import Photo, PhotoSource, open_photo
from geoclip_core.photo.exif import read_exif
from geoclip_core.photo.limits import MAX_PHOTOS
from geoclip_core.places.nearest import nearest_places
from geoclip_core.text.cleaning import clean_text

RegionLike = Region | str | None
_KEPT_POSTERIORS = 8

LEAST_SHARE = 0.01
"""A region that held less of the probability than this before the search was restricted to it is warned of."""


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
    ) -> None:
        self.name = name
        self.reason = reason
        self.sources = tuple(sources)
        self.shown = tuple(shown)
        self.gallery = gallery
        self.encoder = encoder
        self.scale = scale
        self._hint = hint
        self._posteriors: OrderedDict[str, Posterior] = OrderedDict()
        self._lock = threading.Lock()

    def locate(
        self,
        photo: PhotoSource | Photo | Sequence[PhotoSource | Photo] | None = None,
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
            photo: One photo, or several of the same place: a path, bytes, an open file, or a PIL image.
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
        if not 1 <= top_k <= 100:
            raise QueryError(f"top_k is {top_k}", allowed="1 to 100")
        limits = parse_region(region) if region is not None else None
        photos = _photos(photo)
        words = None if text is None else clean_text(text)
        try:
            found = gather(
                self.sources,
                self.shown,
                photos,
                words,
                crops=crops,
                text_weight=text_weight,
                without=check_names(without),
            )
        except NoEvidenceError as error:
            raise NoEvidenceError(error.problem, hint=self._hint) from error
        query = Query(found.evidence, limits)
        compared = compare(query, self.gallery, self.encoder, self.scale)
        query, conflicts = separate(query, compared)
        world = self._keep(query, combine(query, compared))
        peaks = distinct_places(world, query, top_k, merge_km)
        if off_gallery:
            peaks = tuple(
                replace(p, latlon=refine(query, p.latlon, self.encoder, self.scale)) if p.disk is None else p
                for p in peaks
            )
        places = nearest_places([p.latlon for p in peaks], [p.radius_km for p in peaks])
        # Retrieval takes the most similar point, however often it stands in the gallery.
        counts = np.ones(len(world.latlon))
        counts[: len(self.gallery)] = self.gallery.weights
        best = world.latlon[int((world.probability / counts).argmax())]
        return Answer(
            tuple(
                Candidate(p.latlon, p.probability, p.radius_km, place, p.disk.name if p.disk else "")
                for p, place in zip(peaks, places, strict=True)
            ),
            self.name,
            found.told(),
            query,
            world,
            (float(best[0]), float(best[1])),
            tuple(read_exif(p) for p in photos),
            found.notes,
            (*found.warnings, *_warnings(query, world, conflicts)),
        )

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
        return make_field(query, self._posterior(query), window, self.encoder, self.scale)

    def refine(self, answer: Answer, latlon: tuple[float, float]) -> tuple[float, float]:
        """The peak of the answer's field near a point, off the gallery."""
        return refine(answer.query, latlon, self.encoder, self.scale)

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


def _warnings(query: Query, world: Posterior, conflicts: Sequence[Conflict]) -> tuple[str, ...]:
    """What makes an answer doubtful, one sentence each."""
    told = [conflict.sentence for conflict in conflicts]
    if query.region is not None and world.region_share < LEAST_SHARE:
        told.append(
            f"{query.region.label} held {percent(world.region_share)} of the probability before the search was "
            "restricted to it: the answer may well be wrong."
        )
    return tuple(told)


def _photos(photo: PhotoSource | Photo | Sequence[PhotoSource | Photo] | None) -> list[Photo]:
    if photo is None:
        return []
    several: list[PhotoSource | Photo] = list(photo) if isinstance(photo, list | tuple) else [photo]  # type: ignore[list-item]
    if len(several) > MAX_PHOTOS:
        raise QueryError(
            f"{len(several)} photos were given", allowed=f"up to {MAX_PHOTOS} of one place", hint="give fewer"
        )
    return [p if isinstance(p, Photo) else open_photo(p, pixels_needed=False) for p in several]

"""Readers: how a model turns a photo or a text into evidence."""

from __future__ import annotations

import functools
from typing import Protocol

import numpy as np
import torch

from geoclip_core.errors import NoEvidenceError
from geoclip_core.locate.gallery import encode
from geoclip_core.locate.query import Anchor, Evidence, from_points, from_vectors
from geoclip_core.model.geoclip import GeoCLIP
from geoclip_core.model.image_encoder import ImageEncoder
from geoclip_core.model.location_encoder import LocationEncoder
from geoclip_core.overhead.network import FROM_ABOVE, NOT_FROM_ABOVE, OverheadModel
from geoclip_core.photo.decode import Photo
from geoclip_core.photo.exif import read_exif
from geoclip_core.photo.preprocess import Preprocess
from geoclip_core.text.reader import TextReader
from geoclip_core.weights.local import LocalModel, LocalRecord

EXIF_ERROR_KM = 0.05
"""Assumed error of an EXIF position that states none: what phones reach between houses."""

NO_PHOTO_EVIDENCE = (
    "no evidence in this photo: its file states no usable position, and the embedded model does not look at pixels"
)
NO_VIEW_EVIDENCE = f"no evidence in this photo: its file states no usable position, and {NOT_FROM_ABOVE}"


class Reader(Protocol):
    """From a question to evidence; empty where the model has nothing to go by."""

    def photo(self, photo: Photo, crops: int) -> tuple[Evidence, ...]:
        """Evidence of one photo; ``crops`` is 1 or 10."""

    def text(self, text: str) -> tuple[Evidence, ...]:
        """Evidence of one text."""

    def why_not(self, text: str | None) -> str:
        """One sentence on why there was no evidence in the text, or (None) in the photo."""


class GeoclipReader:
    """Photos and texts through CLIP and GeoCLIP's heads.

    Args:
        model: The network.
        preprocess: What photos go through.
    """

    def __init__(self, model: GeoCLIP, preprocess: Preprocess) -> None:
        self.model = model
        self.preprocess = preprocess

    def photo(self, photo: Photo, crops: int) -> tuple[Evidence, ...]:
        """What the pixels look like to CLIP; ten crops are averaged as in the paper."""
        return _look("CLIP", self.model.image_encoder, self.preprocess, photo, crops)

    def text(self, text: str) -> tuple[Evidence, ...]:
        """What the sentence means to CLIP."""
        with torch.inference_mode():
            vectors = self.model.text_encoder([text])
        return from_vectors("text", f"what CLIP understands by “{text}”", vectors)

    def why_not(self, text: str | None) -> str:
        """Never needed: CLIP answers anything."""
        return f"no evidence in {text!r}" if text else "no evidence in this photo"


class LocalReader:
    """Photos through a tower that was trained here; texts through its CLIP, or as names of places.

    Args:
        record: What is known of the model.
        model: The model.
    """

    def __init__(self, record: LocalRecord, model: LocalModel) -> None:
        self.name, self.preprocess, self.model = record.name, record.preprocess, model
        self.names = EmbeddedReader(model.location_encoder)

    def photo(self, photo: Photo, crops: int) -> tuple[Evidence, ...]:
        """What the pixels look like to the model; ten crops are averaged as in the paper."""
        return _look(self.name, self.model.image_encoder, self.preprocess, photo, crops)

    def text(self, text: str) -> tuple[Evidence, ...]:
        """What the sentence means to CLIP, or the places that it names."""
        if self.model.text_encoder is None:
            return self.names.text(text)
        with torch.inference_mode():
            vectors = self.model.text_encoder([text])
        return from_vectors("text", f"what CLIP understands by “{text}”", vectors)

    def why_not(self, text: str | None) -> str:
        """Needed for texts without a known place only."""
        return self.names.why_not(text)


def _look(who: str, encoder: ImageEncoder, preprocess: Preprocess, photo: Photo, crops: int) -> tuple[Evidence, ...]:
    views = preprocess.ten_crops(photo.image) if crops == 10 else preprocess.pixels(photo.image)[None]
    with torch.inference_mode():
        vectors = encoder(torch.from_numpy(views))
    width, height = photo.size
    return from_vectors("visual", f"what {who} sees in a photo of {width} x {height} pixels", vectors)


class EmbeddedReader:
    """What can be known without CLIP: names and their meaning, what a photo's file says of itself, views from above.

    Args:
        encoder: The location encoder, which maps places into the common space.
        eye: Looks at photos whose file states no position; the shipped one by default, loaded when it is needed.
    """

    def __init__(self, encoder: LocationEncoder, eye: OverheadModel | None = None) -> None:
        self.encoder = encoder
        self.places = TextReader()
        if eye is not None:
            self.eye = eye

    @functools.cached_property
    def eye(self) -> OverheadModel | None:
        """The eye for views from above; None where an installation has none."""
        return OverheadModel.shipped()

    def photo(self, photo: Photo, crops: int) -> tuple[Evidence, ...]:  # noqa: ARG002 - the eye has views of its own
        """The position in the EXIF block, if there is one; else what a view from above shows."""
        record = read_exif(photo)
        if record.latlon is None:
            return self._from_above(photo)
        point = np.array([record.latlon])
        error_km = record.error_m / 1000 if record.error_m else EXIF_ERROR_KM
        camera = f", written by {record.camera}" if record.camera else ""
        label = f"the position in the photo's EXIF block{camera}"
        anchor = Anchor("", record.latlon, error_km)
        vectors = encode(self.encoder, point)
        return (from_points("exif", label, vectors, point, np.ones(1), np.array([error_km]), (anchor,)),)

    def _from_above(self, photo: Photo) -> tuple[Evidence, ...]:
        """Where a view from above may be, as points: the eye's own space stays its own."""
        if self.eye is None:
            return ()
        try:
            seen = self.eye.read(photo.image)
        except NoEvidenceError:
            return ()
        anchors = tuple(Anchor("", spot.latlon, spot.radius_km, spot.weight) for spot in seen.spots)
        vectors, spread = encode(self.encoder, seen.latlon), np.full(len(seen.latlon), seen.spread_km)
        return (from_points("visual", FROM_ABOVE, vectors, seen.latlon, seen.probability, spread, anchors),)

    def text(self, text: str) -> tuple[Evidence, ...]:
        """The places that the text names or means, spread over their extents."""
        reading = self.places.read(text)
        if not reading.recognised:
            return ()
        spread = reading.spread()
        anchors = tuple(Anchor(a.name, a.latlon, a.extent_km, a.weight) for a in reading.disks())
        vectors = encode(self.encoder, spread.latlon)
        return (
            from_points("text", reading.explanation, vectors, spread.latlon, spread.weights, spread.spread_km, anchors),
        )

    def why_not(self, text: str | None) -> str:
        """The reader's own words."""
        if text is None:
            return NO_PHOTO_EVIDENCE if self.eye is None else NO_VIEW_EVIDENCE
        return f"no place recognised in “{text[:80]}”: {self.places.read(text).explanation}"

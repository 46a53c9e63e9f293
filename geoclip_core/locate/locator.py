"""The locator: one object that answers questions."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from geoclip_core.earth.regions import Region, parse_region
from geoclip_core.earth.window import Projection, Window
from geoclip_core.errors import MissingWeightsError, NoEvidenceError, QueryError
from geoclip_core.locate.answer import Answer, Candidate, EvidenceNote
from geoclip_core.locate.field import Field, make_field
from geoclip_core.locate.gallery import Gallery, Progress, load_gallery
from geoclip_core.locate.posterior import Posterior, distinct_places, posterior
from geoclip_core.locate.query import Evidence, Query
from geoclip_core.locate.read import EmbeddedReader, GeoclipReader, LocalReader, Reader
from geoclip_core.locate.refine import refine
from geoclip_core.model.location_encoder import LocationEncoder
from geoclip_core.model.packed import pack
from geoclip_core.photo.decode import Photo, PhotoSource, open_photo
from geoclip_core.photo.exif import ExifRecord, read_exif
from geoclip_core.places.nearest import nearest_places
from geoclip_core.text.cleaning import clean_text
from geoclip_core.weights.load import LocationEncoder as PretrainedLocationEncoder
from geoclip_core.weights.load import load_geoclip, read_gallery, read_logit_scale
from geoclip_core.weights.local import find_local, load_local
from geoclip_core.weights.registry import MODELS, find_record
from geoclip_core.weights.resolve import find_clip

RegionLike = Region | str | None
MAX_PHOTOS = 20
_KEPT_POSTERIORS = 8

FULL_MODEL = "get the full model with `python -m geoclip_core weights fetch` or the button on the page"


class Locator:
    """Answers where a photo or a text is. Made by :func:`load_locator`; safe to share between threads.

    Args:
        name: Which model it is.
        reader: Turns photos and texts into evidence.
        encoder: The location encoder.
        gallery: The points that are compared.
        scale: Factor on cosines.
        reason: Why this model was chosen, where that was automatic.
    """

    def __init__(
        self, name: str, reader: Reader, encoder: LocationEncoder, gallery: Gallery, scale: float, reason: str = ""
    ) -> None:
        self.name = name
        self.reason = reason
        self.gallery = gallery
        self.encoder = encoder
        self.scale = scale
        self._reader = reader
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
        query, notes = self._ask(photos, text, crops, text_weight)
        query = query.within(limits)
        found = self._posterior(query)
        peaks = distinct_places(found, query, top_k)
        if off_gallery:
            peaks = tuple(
                replace(p, latlon=refine(query, p.latlon, self.encoder, self.scale)) if p.anchor is None else p
                for p in peaks
            )
        places = nearest_places([p.latlon for p in peaks], [p.radius_km for p in peaks])
        # Retrieval takes the most similar point, however often it stands in the gallery.
        counts = np.ones(len(found.latlon))
        counts[: len(self.gallery)] = self.gallery.weights
        best = found.latlon[int((found.probability / counts).argmax())]
        records = tuple(read_exif(p) for p in photos)
        return Answer(
            tuple(
                Candidate(p.latlon, p.probability, p.radius_km, place, p.anchor.name if p.anchor else "")
                for p, place in zip(peaks, places, strict=True)
            ),
            self.name,
            _notes_of(query, records),
            query,
            found,
            (float(best[0]), float(best[1])),
            records,
            tuple(notes),
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
            projection: Likewise.

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
        found = posterior(query, self.gallery, self.encoder, self.scale)
        with self._lock:
            self._posteriors[key] = found
            while len(self._posteriors) > _KEPT_POSTERIORS:
                self._posteriors.popitem(last=False)
        return found

    def _ask(self, photos: list[Photo], text: str | None, crops: int, text_weight: float) -> tuple[Query, list[str]]:
        if crops not in (1, 10):
            raise QueryError(f"crops is {crops}", allowed="1 or 10")
        if not 0 <= text_weight <= 1:
            raise QueryError(f"text_weight is {text_weight}", allowed="0 (photo alone) to 1 (text alone)")
        if not photos and text is None:
            raise QueryError("Neither a photo nor a text was given", allowed="one of them, or both")
        notes = [note for photo in photos for note in photo.notes]
        said: list[str] = []
        seen: list[Evidence] = []
        for photo in photos:
            found = self._reader.photo(photo, crops)
            seen += found
            if not found:
                said.append(self._reader.why_not(None))
        words: tuple[Evidence, ...] = ()
        if text is not None:
            text = clean_text(text)
            words = self._reader.text(text)
            if not words:
                said.append(self._reader.why_not(text))
        if not seen and not words:
            reasons = "; ".join(dict.fromkeys(said))
            raise NoEvidenceError(
                reasons[0].upper() + reasons[1:], hint=FULL_MODEL if self.name == "embedded" else None
            )
        if seen and words:
            # Both at full power in the middle; towards either end the other one fades.
            photo_power, text_power = min(1.0, 2 - 2 * text_weight), min(1.0, 2 * text_weight)
            seen = [replace(part, power=part.power * photo_power) for part in seen]
            words = tuple(replace(part, power=part.power * text_power) for part in words)
        return Query((*seen, *words)), notes + list(dict.fromkeys(said))


def _photos(photo: PhotoSource | Photo | Sequence[PhotoSource | Photo] | None) -> list[Photo]:
    if photo is None:
        return []
    several: list[PhotoSource | Photo] = list(photo) if isinstance(photo, list | tuple) else [photo]  # type: ignore[list-item]
    if len(several) > MAX_PHOTOS:
        raise QueryError(f"{len(several)} photos were given", allowed=f"up to {MAX_PHOTOS} of one place")
    return [p if isinstance(p, Photo) else open_photo(p) for p in several]


def _notes_of(query: Query, records: Sequence[ExifRecord]) -> tuple[EvidenceNote, ...]:
    used: dict[tuple[str, str], EvidenceNote] = {}
    for part in query.evidence:
        if part.power > 0:
            latlon = part.anchors[0].latlon if part.kind == "exif" and part.anchors else None
            used[part.kind, part.label] = EvidenceNote(part.kind, part.label, True, latlon)
    notes = list(used.values())
    if not any(note.kind == "exif" for note in notes):
        shown = "the photo's EXIF block states a position; it is shown, not used"
        notes += [EvidenceNote("exif", shown, False, r.latlon) for r in records if r.latlon is not None]
    return tuple(notes)


def load_locator(
    name: str = "auto",
    device: str = "auto",
    precision: str = "auto",
    *,
    clip: str | Path | None = None,
    progress: Progress | None = None,
) -> Locator:
    """Load a model. Nothing is ever downloaded here.

    Args:
        name: ``"geoclip"``, ``"embedded"``, or ``"auto"``: ``geoclip`` where CLIP's weights are on this
            machine, else ``embedded``; ``Locator.reason`` says why. Or a model that was trained and exported
            here: its name, or the path of its folder (see ``weights.local``).
        device: ``"auto"``, ``"cpu"``, ``"cuda"``, ``"mps"``, or any torch device.
        precision: Of CLIP's towers: ``"float32"``, ``"bfloat16"``, or ``"auto"``: bfloat16 where the device
            computes in it. What is stored or compared is always float32.
        clip: Where CLIP's weights are; see ``weights.resolve.find_clip``.
        progress: Told how far the first encoding of the gallery is: points done, points in all.

    Raises:
        MissingWeightsError: ``"geoclip"`` was asked for and CLIP's weights are not on this machine.
        WeightsError: An unknown model, or a damaged file.
        QueryError: An unknown device or precision.
    """
    reason = ""
    if name == "auto":
        try:
            name, reason = "geoclip", f"CLIP's weights were found in {find_clip(clip).found}"
        except MissingWeightsError as error:
            if clip is not None:
                raise
            name, reason = "embedded", error.problem.partition(" Looked in")[0]
    where = _device(device)
    dtype = _dtype(precision, where)
    if name not in MODELS:
        local = find_local(name)
        trained = load_local(local, clip, dtype=dtype).to(where)
        pack(trained.image_encoder.tower)
        points = load_gallery(trained.location_encoder, trained.gallery, progress)
        return Locator(local.name, LocalReader(local, trained), trained.location_encoder, points, trained.scale)
    record = find_record(name)
    if record.needs_clip:
        model = load_geoclip(clip, dtype=dtype, name=name).to(where)
        pack(model.image_encoder.tower)
        encoder: LocationEncoder = model.location_encoder
        reader: Reader = GeoclipReader(model, record.preprocess)
    else:
        encoder = PretrainedLocationEncoder.from_pretrained(name).to(where)
        reader = EmbeddedReader(encoder)
    gallery = load_gallery(encoder, read_gallery(record), progress)
    return Locator(name, reader, encoder, gallery, read_logit_scale(record), reason)


def _device(name: str) -> torch.device:
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise QueryError(f"The device {name!r} is not here ({error})", allowed="auto, cpu, cuda, mps") from error
    return device


def _dtype(name: str, device: torch.device) -> torch.dtype:
    if name == "float32":
        return torch.float32
    if name == "bfloat16":
        return torch.bfloat16
    if name != "auto":
        raise QueryError(f"The precision is {name!r}", allowed="auto, float32, bfloat16")
    if device.type == "cuda":
        return torch.bfloat16
    capable = any(have for what, have in torch.cpu.get_capabilities().items() if "bf16" in what)
    return torch.bfloat16 if device.type == "cpu" and capable else torch.float32

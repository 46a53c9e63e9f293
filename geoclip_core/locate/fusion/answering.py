"""From what sources of evidence found to an answer: compared at every point, combined, read off as places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from torch import Tensor

from geoclip_core.earth.coordinates import Floats
from geoclip_core.earth.countries import country_at
from geoclip_core.earth.regions import COAST_TOLERANCE_KM
from geoclip_core.errors import NoEvidenceError
from geoclip_core.evaluation.calibration_file import Calibration, KindCalibration
from geoclip_core.evidence.calibrated import calibrated
from geoclip_core.locate.answer import Answer, Candidate
from geoclip_core.locate.candidates import distinct_places
from geoclip_core.locate.density import only_regions
from geoclip_core.locate.fusion.conflict import Conflict, separate
from geoclip_core.locate.fusion.fuse import gather
from geoclip_core.locate.fusion.hearing import reports
from geoclip_core.locate.fusion.looking import Looked, Sources
from geoclip_core.locate.gallery import Gallery
from geoclip_core.locate.many.settings import AnswerSettings
from geoclip_core.locate.posterior import Comparison, Posterior, combine, compare
from geoclip_core.locate.query import Query
from geoclip_core.locate.refine import refine
from geoclip_core.locate.wording import percent
from geoclip_core.model.location_encoder import BaseLocationEncoder
from geoclip_core.places.nearest import nearest_places

LEAST_SHARE = 0.01
"""A region that held less of the probability than this before the search was restricted to it is warned of."""


@dataclass(frozen=True)
class Model:
    """What answers are computed with.

    Attributes:
        name: Which model it is.
        encoder: The location encoder.
        gallery: The points that are compared.
        scale: Factor on cosines.
        hint: What to try where there is no evidence.
        calibration: How answers are calibrated, by kind of evidence; None leaves them as they are.
    """

    name: str
    encoder: BaseLocationEncoder
    gallery: Gallery
    scale: float
    hint: str | None = None
    calibration: Calibration | None = None


@dataclass(frozen=True)
class Answered:
    """An answer and what it was made from.

    Attributes:
        answer: The answer; its query has its evidence in groups.
        compared: Every piece of the evidence at every point.
    """

    answer: Answer
    compared: Comparison


def answered(
    model: Model,
    sources: Sources,
    looked: Sequence[Looked],
    settings: AnswerSettings,
    text: str | None = None,
    text_weight: float = 0.5,
    *,
    cosines: Sequence[Tensor | None] | None = None,
    also: Floats | None = None,
    crops: int = 1,
) -> Answered:
    """Answer from what sources found.

    Args:
        model: The model.
        sources: Which are asked about the text.
        looked: What they found in each photo of one place.
        settings: How places are read off.
        text: A cleaned text, or None.
        text_weight: See ``Locator.locate``.
        cosines: See ``posterior.compare``.
        also: See ``posterior.compare``.
        crops: How many of each photo were looked at; only of one is the calibration measured.

    Raises:
        NoEvidenceError: The sources found nothing.
        RegionError: The region holds nothing.
    """
    try:
        found = gather(sources, looked, text, text_weight, settings.region)
    except NoEvidenceError as error:
        told = NoEvidenceError(error.problem, hint=model.hint)
        told.reports = error.reports
        raise told from error
    query = Query(calibrated(found.evidence, model.calibration), settings.region)
    compared = compare(query, model.gallery, model.encoder, model.scale, cosines, also)
    query, conflicts = separate(query, compared)
    world = combine(query, compared)
    peaks = distinct_places(world, query, settings.top_k, settings.merge_km)
    if settings.off_gallery:
        peaks = tuple(
            replace(p, latlon=refine(query, p.latlon, model.encoder, model.scale, gallery=model.gallery))
            if p.disk is None
            else p
            for p in peaks
        )
    places = nearest_places([p.latlon for p in peaks], [p.radius_km for p in peaks])
    # Retrieval takes the most similar point, however often it stands in the gallery.
    counts = np.where(compared.prior > 0, compared.prior, 1.0)
    best = world.latlon[int((world.named / counts).argmax())]
    answer = Answer(
        tuple(
            Candidate(p.latlon, p.probability, p.radius_km, place, p.disk.name if p.disk else "")
            for p, place in zip(peaks, places, strict=True)
        ),
        model.name,
        found.told(),
        query,
        world,
        (float(best[0]), float(best[1])),
        tuple(photo.exif for photo in looked),
        found.notes,
        (*found.warnings, *_warnings(query, world, conflicts)),
        _measured(model.calibration, query, crops),
        reports(found.hearings, compared),
        _countries(world, model.gallery) if only_regions(query) else (),
    )
    return Answered(answer, compared)


def _countries(world: Posterior, gallery: Gallery) -> tuple[tuple[str, float], ...]:
    """How much of the probability lies in each country, the largest first."""
    beside = country_at(world.latlon[len(gallery) :], COAST_TOLERANCE_KM)
    codes, rows = np.unique(np.concatenate([gallery.countries, beside]), return_inverse=True)
    shares = np.bincount(rows, world.probability, len(codes))
    held = ((str(code), float(share)) for code, share in zip(codes, shares, strict=True) if code and share > 0)
    return tuple(sorted(held, key=lambda country: -country[1]))


def _measured(calibration: Calibration | None, query: Query, crops: int) -> KindCalibration | None:
    """What was measured of such questions: of one witness, one kind of evidence, on the whole Earth."""
    heard = {(part.witness, part.family) for part in query.evidence if part.power > 0}
    if calibration is None or len(heard) != 1 or query.region is not None or crops != 1:
        return None
    return calibration.of(next(iter(heard))[1])


def _warnings(query: Query, world: Posterior, conflicts: Sequence[Conflict]) -> tuple[str, ...]:
    """What makes an answer doubtful, one sentence each."""
    told = [conflict.sentence for conflict in conflicts]
    if query.region is not None and world.region_share < LEAST_SHARE:
        told.append(
            f"{query.region.label} held {percent(world.region_share)} of the probability before the search was "
            "restricted to it: the answer may well be wrong."
        )
    return tuple(told)

"""An answer: distinct places with probabilities, and what they rest on."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from geoclip_core.earth.country_names import country_name
from geoclip_core.earth.distance import great_circle_km
from geoclip_core.evaluation.calibration_file import KindCalibration
from geoclip_core.evidence.source import EvidenceNote, Report
from geoclip_core.locate.density import only_regions
from geoclip_core.locate.posterior import Posterior
from geoclip_core.locate.query import Query
from geoclip_core.locate.wording import area, percent
from geoclip_core.photo.exif import ExifRecord
from geoclip_core.places.nearest import NearbyPlace

if TYPE_CHECKING:
    from geoclip_core.locate.credible import CredibleRegion

_COUNTRIES_TOLD = 3
_MOST = 0.9  # of the probability: as much as the larger of the usual credible regions holds


@dataclass(frozen=True)
class Candidate:
    """A distinct place where it may be.

    Attributes:
        latlon: Degrees, latitude first.
        probability: Summed over the points of the gallery, and of the question, that the place stands for.
            Over all places it sums to 1, less what a calibration leaves to "could be anywhere"; whether it is
            calibrated says :attr:`Answer.calibrated`.
        radius_km: Radius around ``latlon`` that holds half of that probability.
        place: Name, country and distance of the nearest known place.
        named: What the question called it, or "".
    """

    latlon: tuple[float, float]
    probability: float
    radius_km: float
    place: NearbyPlace
    named: str = ""

    @property
    def label(self) -> str:
        """What to call it: as the question named it, else by what is near."""
        return self.named or self.place.name

    @property
    def google_maps(self) -> str:
        """Address of the point on Google Maps."""
        return f"https://www.google.com/maps/search/?api=1&query={self.latlon[0]:.5f},{self.latlon[1]:.5f}"

    @property
    def openstreetmap(self) -> str:
        """Address of the point on OpenStreetMap."""
        lat, lon = self.latlon
        return f"https://www.openstreetmap.org/?mlat={lat:.5f}&mlon={lon:.5f}#map=13/{lat:.5f}/{lon:.5f}"


@dataclass(frozen=True)
class Answer:
    """The answer to a question.

    Attributes:
        candidates: Distinct places by falling probability.
        model: Which model answered.
        evidence: From what.
        query: The question, for ``Locator.field`` and ``Locator.refine``.
        posterior: Probability of every point that was compared.
        peak_latlon: The single most similar point, which is what retrieval in the papers returns.
        exif: What the photos say of themselves, one record per photo.
        notes: What a careful reader should know.
        warnings: What makes the answer doubtful: evidence that disagrees, a region that hardly held any of it.
        calibration: What was measured of such answers, on data with known positions; None where nothing was.
        asked: Every source with each photo and text: what came of it, what it read, its own best place.
        countries: Of a wide map (:attr:`only_regions`) the ISO 3166-1 alpha-2 codes of its countries with the
            probability in each, the largest first; empty for other answers.
    """

    candidates: tuple[Candidate, ...]
    model: str
    evidence: tuple[EvidenceNote, ...]
    query: Query
    posterior: Posterior
    peak_latlon: tuple[float, float]
    exif: tuple[ExifRecord, ...] = ()
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    calibration: KindCalibration | None = None
    asked: tuple[Report, ...] = ()
    countries: tuple[tuple[str, float], ...] = ()

    @property
    def calibrated(self) -> bool:
        """Whether answers like this one were measured, so that probabilities are as often right as they say."""
        return self.calibration is not None

    @property
    def only_regions(self) -> bool:
        """Whether all it rests on are regions, such as where a kind of thing is photographed: a map, never a point."""
        return only_regions(self.query)

    @property
    def region(self) -> str | None:
        """The region that was searched, in words; None for the whole Earth."""
        return self.query.region.label if self.query.region is not None else None

    @property
    def next_km(self) -> tuple[float | None, ...]:
        """Kilometres from each candidate to the one after it in the list; None for the last."""
        points = [candidate.latlon for candidate in self.candidates]
        apart = great_circle_km(points[:-1], points[1:]) if len(points) > 1 else ()
        return (*(float(km) for km in apart), None)

    def holding(self, share: float = _MOST) -> tuple[Candidate, ...]:
        """The most probable candidates, as many as are needed to hold a share; none where all of them hold less.

        Args:
            share: Above 0, at most 1; of what the evidence speaks for, without what "could be anywhere".
        """
        held, share = 0.0, share * float(self.posterior.named.sum())
        for count, candidate in enumerate(self.candidates, start=1):
            held += candidate.probability
            if held >= share:
                return self.candidates[:count]
        return ()

    def confidence_text(self, region: CredibleRegion | None = None) -> str:
        """How sure the answer is, in plain words.

        Args:
            region: A credible region of the answer, to tell its area as well.
        """
        if self.only_regions:
            within = f"; {_within(region)}" if region is not None else ""
            return f"{self.wide_text}{within}. {self.calibration_text}"
        shares = [candidate.probability for candidate in self.candidates]
        count, held = 1, shares[0]
        while held < _MOST and count < len(shares):
            held += shares[count]
            count += 1
        best = f"The first place holds {percent(shares[0])} of the probability"
        if held >= _MOST and count == 1:
            said = best
        elif held >= _MOST:
            said = f"{best}, and {count} places together hold {percent(held)}"
        elif count == 1:
            said = f"{best}, and the rest lies elsewhere"
        else:
            said = f"{best}, and all {count} places together only {percent(held)}: the rest lies elsewhere"
        if region is not None:
            said += f"; {_within(region)}"
        return f"{said}. {self.calibration_text}"

    @property
    def wide_text(self) -> str:
        """A wide map in a few words: the countries that hold most of it, without a full stop."""
        told = ", ".join(f"{country_name(code)} {percent(share)}" for code, share in self.countries[:_COUNTRIES_TOLD])
        return f"A wide map, not a place: {told}" if told else "A wide map, not a place"

    @property
    def calibration_text(self) -> str:
        """One sentence on how far the first place's probability can be trusted."""
        if self.calibration is None:
            return "This is the model's own confidence, which is not calibrated."
        return f"{self.calibration.sentence(self.candidates[0].probability)}."

    def to_geojson(self) -> dict[str, Any]:
        """Candidates as a GeoJSON FeatureCollection (RFC 7946: longitude comes first)."""
        collection: dict[str, Any] = _export("geojson").to_geojson(self)
        return collection

    def to_dict(self) -> dict[str, Any]:
        """Everything a person would want to keep, as plain JSON types; points as latitude, longitude."""
        plain: dict[str, Any] = _export("json").to_dict(self)
        return plain


def _within(region: CredibleRegion) -> str:
    most = "at most " if region.upper_bound else ""
    return f"{percent(region.level)} lies within {most}{area(region.area_km2)}"


def _export(name: str) -> Any:
    """A module of ``export/``, which stands above this folder: loaded when an answer is asked for a file."""
    return import_module(f"geoclip_core.export.{name}")

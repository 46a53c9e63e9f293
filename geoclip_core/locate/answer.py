"""An answer: distinct places with probabilities, and what they rest on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from geoclip_core.earth.distance import great_circle_km
from geoclip_core.locate.posterior import Posterior
from geoclip_core.locate.query import Query
from geoclip_core.photo.exif import ExifRecord
from geoclip_core.places.nearest import NearbyPlace

if TYPE_CHECKING:
    from geoclip_core.locate.credible import CredibleRegion

_MOST = 0.9  # of the probability: as much as the larger of the usual credible regions holds


@dataclass(frozen=True)
class Candidate:
    """A distinct place where it may be.

    Attributes:
        latlon: Degrees, latitude first.
        probability: Summed over the points of the gallery, and of the question, that the place stands for.
            Over all places it sums to 1; it is the model's own confidence and is not calibrated.
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
class EvidenceNote:
    """One piece of evidence, in words.

    Attributes:
        kind: visual, text, or exif.
        label: One plain sentence.
        used: Whether the answer rests on it; a model that looks at pixels shows EXIF without using it.
        latlon: A position that it states by itself, degrees.
    """

    kind: str
    label: str
    used: bool = True
    latlon: tuple[float, float] | None = None


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
    """

    candidates: tuple[Candidate, ...]
    model: str
    evidence: tuple[EvidenceNote, ...]
    query: Query
    posterior: Posterior
    peak_latlon: tuple[float, float]
    exif: tuple[ExifRecord, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def next_km(self) -> tuple[float | None, ...]:
        """Kilometres from each candidate to the one after it in the list; None for the last."""
        points = [candidate.latlon for candidate in self.candidates]
        apart = great_circle_km(points[:-1], points[1:]) if len(points) > 1 else ()
        return (*(float(km) for km in apart), None)

    def sure(self, region: CredibleRegion | None = None) -> str:
        """How sure the answer is, in plain words.

        Args:
            region: A credible region of the answer, to tell its area as well.
        """
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
            most = "at most " if region.upper_bound else ""
            said += f"; {percent(region.level)} lies within {most}{area(region.area_km2)}"
        return said + ". This is the model's own confidence, which is not calibrated."

    def to_geojson(self) -> dict[str, Any]:
        """Candidates as a GeoJSON FeatureCollection (RFC 7946: longitude comes first)."""
        features = [
            {
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": [candidate.latlon[1], candidate.latlon[0]]},
                "properties": {
                    "rank": rank,
                    "probability": candidate.probability,
                    "radius_km": candidate.radius_km,
                    "place": candidate.place.name,
                    "country_code": candidate.place.country_code,
                    "model": self.model,
                },
            }
            for rank, candidate in enumerate(self.candidates, start=1)
        ]
        return {"type": "FeatureCollection", "features": features}

    def to_dict(self) -> dict[str, Any]:
        """Everything a person would want to keep, as plain JSON types; points as latitude, longitude."""
        return {
            "model": self.model,
            "evidence": [
                {"kind": e.kind, "label": e.label, "used": e.used, "latlon": e.latlon and list(e.latlon)}
                for e in self.evidence
            ],
            "region": self.query.region.label if self.query.region else None,
            "region_share": self.posterior.region_share,
            "calibrated": False,
            "candidates": [
                {
                    "latlon": list(c.latlon),
                    "probability": c.probability,
                    "radius_km": c.radius_km,
                    "place": c.place.name,
                    "country_code": c.place.country_code,
                    "named": c.named,
                }
                for c in self.candidates
            ],
            "notes": list(self.notes),
        }


def percent(share: float) -> str:
    """A share in words that never round to a certainty."""
    if share >= 0.995:
        return "100 %" if share == 1 else "more than 99 %"
    return f"{100 * share:.0f} %" if share >= 0.01 else "less than 1 %"


def area(km2: float) -> str:
    """An area with two significant digits."""
    digits = f"{float(f'{km2:.2g}'):,.0f}" if km2 >= 10 else f"{km2:.2g}"
    return f"{digits.replace(',', ' ')} km²"

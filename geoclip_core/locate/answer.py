"""An answer: distinct places with probabilities, and what they rest on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from geoclip_core.locate.fuse import Query
from geoclip_core.locate.score import Posterior
from geoclip_core.photo.exif import ExifRecord
from geoclip_core.places.nearest import NearbyPlace


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

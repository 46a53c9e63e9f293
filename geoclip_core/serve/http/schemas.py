"""What the service takes and gives, as the OpenAPI document describes it."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from geoclip_core.text.cleaning import MAX_TEXT_LENGTH

MAX_POINTS = 2_000
"""Points of one request for vectors: 20 MB of JSON."""

Latitude = Annotated[float, Field(ge=-90, le=90)]
Longitude = Annotated[float, Field(ge=-180, le=360)]

_BOSTON: JsonDict = {
    "latlon": [42.35843, -71.05977],
    "rank": 1,
    "latitude": 42.35843,
    "longitude": -71.05977,
    "probability": 0.97,
    "radius_km": 8.9,
    "next_km": None,
    "place": "Boston, Massachusetts, US",
    "country_code": "US",
    "named": "Boston",
}


class CandidateOut(BaseModel):
    """A distinct place; further columns are those of every export."""

    model_config = ConfigDict(extra="allow")

    latlon: list[float] = Field(description="latitude, longitude in degrees", min_length=2, max_length=2)
    rank: int = Field(description="from 1")
    probability: float = Field(description="sums to 1 over all points that are compared; not calibrated")
    radius_km: float = Field(description="holds half of what the place absorbed")
    place: str | None = Field(description="the nearest named place")
    country_code: str | None = Field(description="ISO 3166-1 alpha-2")


class AnswerOut(BaseModel):
    """Where a question is."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "example": {
                "model": "embedded",
                "evidence": [{"kind": "text", "label": "“Boston” is the name of Boston", "used": True, "latlon": None}],
                "region": None,
                "region_share": 1.0,
                "calibrated": False,
                "candidates": [_BOSTON],
                "notes": [],
                "warnings": [],
                "photos": [],
            }
        },
    )

    model: str
    evidence: list[dict[str, Any]] = Field(description="what the answer rests on")
    region: str | None = Field(description="what the search was restricted to")
    region_share: float = Field(description="probability that lay there before")
    candidates: list[CandidateOut]
    notes: list[str]
    warnings: list[str] = Field(description="what makes the answer doubtful")
    photos: list[dict[str, Any]] = Field(description="what each photo's file says of itself: claims, not facts")


class PhotoOut(BaseModel):
    """One photo of several: an answer, or why there is none."""

    number: int = Field(description="of the photo in the request, from 1")
    answer: AnswerOut | None
    problem: str | None
    allowed: str | None
    hint: str | None
    photos: list[dict[str, Any]] = Field(description="what the file says, where there is no answer")


class ManyOut(BaseModel):
    """Every photo by itself, in the order of the request."""

    results: list[PhotoOut]


class CheckOut(BaseModel):
    """A claimed place held against what a photo shows and says; a claim is never confirmed."""

    model_config = ConfigDict(extra="allow")

    verdict: str = Field(description="not contradicted, doubtful, or contradicted")
    sentence: str
    level: float = Field(description="probability of all that is more probable than the claimed place")
    distance_km: float = Field(description="from the claimed place to the best place")
    claim: dict[str, Any]
    sources: list[dict[str, Any]] = Field(description="which source speaks for the claim, and which against it")
    answer: AnswerOut


class TextIn(BaseModel):
    """A text."""

    model_config = ConfigDict(json_schema_extra={"example": {"text": "Pyramids of Giza", "region": "EG"}})

    text: str = Field(min_length=1, max_length=MAX_TEXT_LENGTH)
    region: str | None = Field(default=None, description="FR, a box, a circle: where the places must lie")


class NamedPlace(BaseModel):
    """A place that a text may mean."""

    name: str
    kind: str
    latlon: list[float] = Field(min_length=2, max_length=2)
    extent_km: float
    country_code: str
    weight: float = Field(description="share of belief; all sum to 1")
    matched: str = Field(description="the words that name it")
    how: str


class PlacesOut(BaseModel):
    """What a text means as places; none where nothing was recognised, and why."""

    recognised: bool
    explanation: str
    places: list[NamedPlace]
    suggestions: list[str]


class PointsIn(BaseModel):
    """Points to encode."""

    model_config = ConfigDict(json_schema_extra={"example": {"points": [[42.36, -71.06], [48.8584, 2.2945]]}})

    points: list[tuple[Latitude, Longitude]] = Field(min_length=1, max_length=MAX_POINTS)


class VectorsOut(BaseModel):
    """Vectors of the location encoder, as released, not of length 1."""

    model: str
    dim: int
    vectors: list[list[float]]


class ModelOut(BaseModel):
    """Which model answers, and what it may be asked."""

    model: str
    reason: str = Field(description="why it was chosen")
    version: str = Field(description="of the package")
    sources: list[str] = Field(description="sources of evidence that answers rest on")
    gallery_points: int
    limits: dict[str, float]


class HealthOut(BaseModel):
    """That the service is alive; it does not depend on the workers."""

    status: str
    model: str
    reason: str


class ReadyOut(BaseModel):
    """Whether a question would be answered now."""

    ready: bool
    open_questions: int

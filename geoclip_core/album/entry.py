"""One photo of an album: what the model answered, what the file claims, and where a person put it, kept apart.

An entry holds no pixels but a small thumbnail, and no probabilities over the Earth: hundreds of them fit into a few
megabytes.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from geoclip_core.earth.coordinates import check_latlon

Point = tuple[float, float]
"""Latitude and longitude in degrees."""

Status = Literal["answered", "no_evidence", "failed"]
"""What came of a photo; the words of ``export.parquet``."""

Origin = Literal["person", "model", "time", "nothing"]
"""Whom an entry's best position comes from."""


@dataclass(frozen=True)
class AlbumPlace:
    """A place that the model found, a candidate without what only a running model needs.

    Attributes:
        latlon: Degrees.
        probability: As ``Candidate.probability``.
        radius_km: As ``Candidate.radius_km``.
        name: What to call it.
        country_code: ISO 3166-1 alpha-2, or "".
    """

    latlon: Point
    probability: float
    radius_km: float
    name: str
    country_code: str = ""


@dataclass(frozen=True)
class FileClaim:
    """The position that a photo's file states, against what the other evidence says.

    Attributes:
        latlon: The stated position, degrees.
        distance_km: To the best place of the evidence that is not the claim itself; None where there is none.
        level: Smallest of 0.5, 0.9 and 0.99 whose credible region holds the claim; None outside all, or not checked.
        contradicted: Whether the claim lies outside of all of them; None where nothing could be checked.
        sentence: The careful verdict in words.
    """

    latlon: Point
    distance_km: float | None = None
    level: float | None = None
    contradicted: bool | None = None
    sentence: str = ""


@dataclass(frozen=True)
class TimePlace:
    """A position between neighbours in time: evidence of its own, which no pixel and no file stated.

    Attributes:
        latlon: Degrees.
        spread_km: How far off it may be, standard deviation along each axis.
        sentence: What it rests on, such as "11 minutes after IMG_1 in Lisbon, 20 minutes before IMG_3 in Sintra".
    """

    latlon: Point
    spread_km: float
    sentence: str


@dataclass(frozen=True)
class Pin:
    """Where a person says that the photo was taken.

    Attributes:
        latlon: Degrees.
        moved: False where the person confirmed the model's best place, True where it was moved or set anew.
    """

    latlon: Point
    moved: bool = False


@dataclass(frozen=True)
class Entry:
    """One photo of an album.

    Attributes:
        number: Its place in the order in which the photos came, from 0; it tells entries apart.
        name: Name of the file, as text, without its folder.
        status: What came of it.
        places: The model's candidates by falling probability; empty without an answer, and of one that is a wide map.
        model: Which model answered.
        evidence: What the answer rests on, one sentence each.
        warnings: What makes the answer doubtful.
        problem: Why there is no answer; "" where there is one.
        taken_at: When the file says that it was taken; local time, with its zone only where the file gives one.
        camera: Maker and model, as the file says.
        file_words: What the file says of itself, by what it is about, in words.
        file_claim: The position that the file states; None where it states none.
        pin: Where a person put it; None until somebody did.
        by_time: Where its neighbours in time put it; None unless that was asked for and the model knows no better.
        thumbnail: A small JPEG picture without metadata; None where the pixels cannot be read.
        path: Where the file was read, where it came from this machine's disk; never part of a saved album.
        key: Tells whether two are the same photo; "" where that is not known. Never part of a saved album.
    """

    number: int
    name: str
    status: Status
    places: tuple[AlbumPlace, ...] = ()
    model: str = ""
    evidence: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    problem: str = ""
    taken_at: datetime | None = None
    camera: str = ""
    file_words: dict[str, str] = field(default_factory=dict)
    file_claim: FileClaim | None = None
    pin: Pin | None = None
    by_time: TimePlace | None = None
    thumbnail: bytes | None = None
    path: str | None = None
    key: str = ""

    @property
    def best(self) -> AlbumPlace | None:
        """The model's best place; None where there is no answer, or only a wide map."""
        return self.places[0] if self.places else None

    @property
    def probability(self) -> float:
        """Of the model's best place; 0 without an answer."""
        return self.places[0].probability if self.places else 0.0

    @property
    def origin(self) -> Origin:
        """Whom :attr:`latlon` comes from: a person before neighbours in time, if asked for, before the model."""
        if self.pin is not None:
            return "person"
        return "time" if self.by_time is not None else "model" if self.places else "nothing"

    @property
    def latlon(self) -> Point | None:
        """Where to draw it: the person's pin, else between its neighbours, else the model's best place; else None."""
        if self.pin is not None:
            return self.pin.latlon
        if self.by_time is not None:
            return self.by_time.latlon
        return self.places[0].latlon if self.places else None

    @property
    def contradicted(self) -> bool:
        """Whether the evidence contradicts what the file claims: "claims that the pixels contradict" as a filter."""
        return self.file_claim is not None and self.file_claim.contradicted is True

    def confirmed(self) -> Entry:
        """The same with :attr:`latlon` confirmed by a person; unchanged without one."""
        return self if self.latlon is None else replace(self, pin=Pin(self.latlon))

    def moved(self, latlon: Point) -> Entry:
        """The same with a person's pin somewhere else; the model's answer stays as it was.

        Raises:
            CoordinateError: Not a point on Earth.
        """
        lat, lon = check_latlon(latlon).reshape(2)
        return replace(self, pin=Pin((float(lat), float(lon)), moved=True))

    def unpinned(self) -> Entry:
        """The same without a person's pin."""
        return replace(self, pin=None)

"""An album's entries as a table shows them: chosen by what they are, sorted by any column."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from geoclip_core.album.entry import Entry, Origin, Status
from geoclip_core.earth.regions import Region
from geoclip_core.errors import QueryError

SortKey = Literal[
    "number",
    "name",
    "place",
    "country",
    "probability",
    "radius_km",
    "claim_km",
    "taken_at",
    "status",
    "origin",
    "warnings",
]
"""What entries may be sorted by; ``claim_km`` is the distance between the file's claim and the answer."""


@dataclass(frozen=True)
class Choice:
    """Which entries are shown; every condition must hold, and an absent one holds for all.

    Attributes:
        region: The position lies in it.
        least_probability: Of the model's best place.
        status: One of these.
        origin: The position comes from one of these.
        contradicted: Only those whose claim the evidence contradicts.
        claimed: Only those whose file states a position.
        warned: Only those with warnings.
        words: All of these words are in the name, the place, the camera or the caption.
        least_claim_km: The file's claim and the answer are at least so far apart.
    """

    region: Region | None = None
    least_probability: float = 0.0
    status: tuple[Status, ...] = ()
    origin: tuple[Origin, ...] = ()
    contradicted: bool = False
    claimed: bool = False
    warned: bool = False
    words: str = ""
    least_claim_km: float | None = None


def choose(entries: Sequence[Entry], choice: Choice) -> list[Entry]:
    """Those entries for which all conditions hold, in the given order."""
    inside: set[int] | None = None
    if choice.region is not None:
        placed = [(entry.number, entry.latlon) for entry in entries if entry.latlon is not None]
        held: list[bool] = choice.region.contains([latlon for _, latlon in placed]).tolist() if placed else []
        inside = {number for (number, _), yes in zip(placed, held, strict=True) if yes}
    words = choice.words.casefold().split()
    return [entry for entry in entries if _holds(entry, choice, words) and (inside is None or entry.number in inside)]


def sort(entries: Sequence[Entry], key: SortKey, *, falling: bool = False) -> list[Entry]:
    """The entries by one column; those without a value come last either way, equal ones stay in their order.

    Raises:
        QueryError: There is no such column.
    """
    if key not in _VALUES:
        raise QueryError(f"An album cannot be sorted by {key!r}", allowed=", ".join(_VALUES))
    value = _VALUES[key]
    with_value = [entry for entry in entries if value(entry) is not None]
    without = [entry for entry in entries if value(entry) is None]
    return [*sorted(with_value, key=value, reverse=falling), *without]


def _holds(entry: Entry, choice: Choice, words: Sequence[str]) -> bool:
    claim = entry.file_claim
    if choice.status and entry.status not in choice.status:
        return False
    if choice.origin and entry.origin not in choice.origin:
        return False
    if (choice.contradicted and not entry.contradicted) or (choice.claimed and claim is None):
        return False
    if choice.warned and not entry.warnings:
        return False
    if entry.probability < choice.least_probability:
        return False
    far = claim.distance_km if claim is not None else None
    if choice.least_claim_km is not None and (far is None or far < choice.least_claim_km):
        return False
    places = " ".join(place.name for place in entry.places)
    text = f"{entry.name} {places} {entry.camera} {entry.file_words.get('Caption', '')}".casefold()
    return all(word in text for word in words)


def _time(entry: Entry) -> tuple[datetime, str] | None:
    """By the clock on the wall: times with and without a zone cannot be compared otherwise."""
    return None if entry.taken_at is None else (entry.taken_at.replace(tzinfo=None), entry.name)


_VALUES: dict[str, Callable[[Entry], Any]] = {
    "number": lambda e: e.number,
    "name": lambda e: e.name.casefold(),
    "place": lambda e: e.best.name.casefold() if e.best else None,
    "country": lambda e: (e.best.country_code or None) if e.best else None,
    "probability": lambda e: e.best.probability if e.best else None,
    "radius_km": lambda e: e.best.radius_km if e.best else None,
    "claim_km": lambda e: e.file_claim.distance_km if e.file_claim else None,
    "taken_at": _time,
    "status": lambda e: e.status,
    "origin": lambda e: e.origin,
    "warnings": lambda e: len(e.warnings) or None,
}

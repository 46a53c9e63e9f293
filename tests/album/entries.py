"""Entries of an album that several tests use."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from geoclip_core.album.entry import AlbumPlace, Entry, FileClaim

LISBON, SINTRA, KYIV = (38.7223, -9.1393), (38.8029, -9.3817), (50.4501, 30.5234)


def answered(number: int, name: str, latlon: tuple[float, float], place: str, **changes: Any) -> Entry:
    """A photo with one place."""
    settings: dict[str, Any] = {"probability": 0.9, "radius_km": 0.5, "country_code": "PT"}
    settings |= {key: changes.pop(key) for key in list(changes) if key in settings}
    found = AlbumPlace(
        latlon, settings["probability"], settings["radius_km"], place, country_code=settings["country_code"]
    )
    return Entry(number, name, "answered", (found,), "embedded", ("what it shows",), **changes)


def unanswered(number: int, name: str, **changes: Any) -> Entry:
    """A photo without evidence."""
    return Entry(number, name, "no_evidence", model="embedded", problem="No evidence.", **changes)


def several() -> list[Entry]:
    """Four entries with everything that an entry can hold."""
    return [
        answered(
            0,
            "IMG_1.jpg",
            LISBON,
            "Lisbon, Portugal",
            taken_at=datetime(2024, 5, 1, 10, 0),
            camera="=cmd|x",
            file_words={"Caption": "the river"},
            warnings=("A doubt.",),
            file_claim=FileClaim(KYIV, 3364.0, None, True, "The evidence contradicts it."),
            thumbnail=b"\xff\xd8\xffsmall",
            path="/home/somebody/IMG_1.jpg",
        ),
        unanswered(1, "IMG_2.jpg", taken_at=datetime(2024, 5, 1, 10, 11)),
        answered(2, "IMG_3.jpg", SINTRA, "Sintra, Portugal", taken_at=datetime(2024, 5, 1, 10, 31)).moved((38.8, -9.4)),
        Entry(3, "bad <&>.jpg", "failed", problem="It is no photo."),
    ]

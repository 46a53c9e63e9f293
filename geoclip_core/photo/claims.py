"""A claim: one statement that a photo's file makes about the photo, with where it stands and what speaks against it.

Nothing that a file says is a fact: it can be edited, copied from another photo, or come from a device without a fix.
Every reader of a kind of block (``exif_block``, ``xmp``, ``iptc``, ``sidecars``) makes claims; ``exif.read_exif`` sums
them up.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

What = Literal[
    "position",  # where it was taken
    "place",  # in words, where it was taken
    "shown position",  # of what is to be seen
    "shown place",
    "caption",  # what somebody wrote about it
    "taken",
    "digitized",
    "gps time",
    "changed",
    "altitude",
    "heading",
    "camera",
    "projection",
]

Point = tuple[float, float]
"""Latitude and longitude in degrees."""

Value = Point | float | str | datetime


@dataclass(frozen=True)
class Claim:
    """One statement.

    Attributes:
        what: What it is about.
        value: A position in degrees, metres above the sea, degrees clockwise from north, a time, or words.
        source: Where it is written, such as "EXIF", "XMP", "IPTC" or "the file photo.jpg.json".
        error_km: How far off a position may be, as the file states it or its own rounding has it; else None.
        doubts: Whole sentences on what speaks against it.
        alternatives: Further values of which one may be meant instead, all as likely.
    """

    what: What
    value: Value
    source: str
    error_km: float | None = None
    doubts: tuple[str, ...] = ()
    alternatives: tuple[Point, ...] = ()

    @property
    def points(self) -> tuple[Point, ...]:
        """The positions that are claimed: one, or several of which one is meant; none for other claims."""
        return (self.value, *self.alternatives) if isinstance(self.value, tuple) else ()

    def to_dict(self) -> dict[str, Any]:
        """The claim as plain JSON types; a time in ISO 8601, with its zone where that is known."""
        value: Any = self.value
        if isinstance(value, tuple):
            value = list(value)
        elif isinstance(value, datetime):
            value = value.isoformat()
        plain = {"what": self.what, "value": value, "source": self.source, "error_km": self.error_km}
        others = [list(point) for point in self.alternatives]
        return {**plain, "alternatives": others, "doubts": list(self.doubts)}


@dataclass(frozen=True)
class Said:
    """What one block says.

    Attributes:
        claims: Its claims.
        problems: Whole sentences on what was there but could not be used.
    """

    claims: tuple[Claim, ...] = ()
    problems: tuple[str, ...] = ()


def finite(value: object) -> float | None:
    """A finite number from a number, a text such as "10.5" or "105/10", or a tuple of one; else None."""
    if isinstance(value, tuple | list) and len(value) == 1:
        value = value[0]
    try:
        if isinstance(value, str) and "/" in value:
            above, below = value.split("/", 1)
            number = float(above) / float(below)
        else:
            number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def words(value: object, most: int = 2000) -> str:
    """Printable text of a value, without spaces around it; "" where there is none."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if value is None or isinstance(value, tuple | list):
        return ""
    text = " ".join(str(value)[: 2 * most].split())
    return "".join(c for c in text if c.isprintable()).strip()[:most]

"""Photos without evidence worth the name, placed between their neighbours in time.

A person who was at one place at one time cannot be far away a little later. Between two known places the expected place
lies on the way, in proportion to time; how far off it may be grows with speed times ``t1 t2 / (t1 + t2)``, which is 0
at either end, as for a Brownian bridge. It is a source of evidence of its own, and off until somebody asks for it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from geoclip_core.album.entry import Entry, Point, TimePlace
from geoclip_core.earth.distance import bearing_deg, destination, great_circle_km
from geoclip_core.locate.wording import distance

SPEED_KMH = 30.0
"""Of a person on average, between walking and driving."""

LEAST_SPREAD_KM = 1.0
MOST_HOURS = 6.0
"""A neighbour further away in time says nothing."""

MOST_SPEED_KMH = 1000.0
"""Two neighbours that only a faster person could have taken have wrong clocks or wrong places, and are not gone by."""

LEAST_PROBABILITY = 0.5
"""A model's place less probable than this is no neighbour to go by; a person's pin always is."""

WEAK = 0.1
"""A photo whose best place is less probable than this is placed by its neighbours as one without any evidence is."""


def place_by_time(entries: Sequence[Entry], *, speed_kmh: float = SPEED_KMH) -> list[Entry]:
    """Entries with no place of their own, or a weak one only, placed between their neighbours in time.

    This is off until somebody calls it.

    Args:
        entries: All photos of the album; those with a position and a time are the neighbours.
        speed_kmh: How fast a person moves; the spread grows with the gap in time by it.

    Returns:
        The entries in the given order, with ``by_time`` where a neighbour is near enough in time.
    """
    times = _moments(entries)
    known = sorted((times[i], i) for i, entry in enumerate(entries) if i in times and _is_sure(entry))
    return [
        replace(entry, by_time=_between(times[i], known, entries, speed_kmh) if _needs(entry) and i in times else None)
        for i, entry in enumerate(entries)
    ]


def clock_doubts(entries: Sequence[Entry]) -> list[str]:
    """Neighbours in time whose places are too far apart: a clock or a place is wrong. One sentence for each pair.

    Args:
        entries: All photos of the album.
    """
    times = _moments(entries)
    known = sorted((times[i], i) for i, entry in enumerate(entries) if i in times and _is_sure(entry))
    told = []
    for (t, i), (later, j) in pairwise(known):
        hours = (later - t).total_seconds() / 3600
        apart_km = float(great_circle_km(_latlon(entries[i]), _latlon(entries[j])))
        if _too_fast(entries[i], entries[j], apart_km, hours):
            told.append(
                f"{_named(entries[j])} was taken {_gap(hours)} after {_named(entries[i])}, {distance(apart_km)} away: "
                "a camera's clock or one of the places is wrong."
            )
    return told


def without_time(entries: Sequence[Entry]) -> list[Entry]:
    """The entries without what :func:`place_by_time` added."""
    return [replace(entry, by_time=None) for entry in entries]


def _needs(entry: Entry) -> bool:
    return entry.status != "failed" and entry.pin is None and entry.probability < WEAK


def _is_sure(entry: Entry) -> bool:
    return entry.pin is not None or (entry.best is not None and entry.probability >= LEAST_PROBABILITY)


def _moments(entries: Sequence[Entry]) -> dict[int, datetime]:
    """Times that can be compared: in UTC where every photo states its zone, else as the clocks on the wall showed."""
    stated = {i: entry.taken_at for i, entry in enumerate(entries) if entry.taken_at is not None}
    zoned = all(time.tzinfo is not None for time in stated.values())
    return {i: (time.astimezone(UTC) if zoned else time).replace(tzinfo=None) for i, time in stated.items()}


def _between(
    time: datetime, known: Sequence[tuple[datetime, int]], entries: Sequence[Entry], speed_kmh: float
) -> TimePlace | None:
    most = timedelta(hours=MOST_HOURS)
    before = next(((t, entries[i]) for t, i in reversed(known) if time - most <= t <= time), None)
    after = next(((t, entries[i]) for t, i in known if time < t <= time + most), None)
    ends = [end for end in (before, after) if end is not None]
    if not ends:
        return None
    hours = [abs((time - t).total_seconds()) / 3600 for t, _ in ends]
    points = [_latlon(entry) for _, entry in ends]
    if len(ends) == 2:
        apart_km = float(great_circle_km(points[0], points[1]))
        if _too_fast(ends[0][1], ends[1][1], apart_km, sum(hours)):
            return None
        share = hours[0] / sum(hours) if sum(hours) else 0.5
        where = destination(points[0], bearing_deg(points[0], points[1]), share * apart_km).reshape(2)
        free = hours[0] * hours[1] / sum(hours) if sum(hours) else 0.0
        wander_km = math.hypot(speed_kmh * free, share * (1 - share) * apart_km)
    else:
        where, wander_km = destination(points[0], 0.0, 0.0).reshape(2), speed_kmh * hours[0]
    own_km = max(_radius_km(entry) for _, entry in ends)
    told = [
        f"{_gap(h)} {'after' if t <= time else 'before'} {_named(e)}" for h, (t, e) in zip(hours, ends, strict=True)
    ]
    spread = max(LEAST_SPREAD_KM, math.hypot(wander_km, own_km))
    return TimePlace((float(where[0]), float(where[1])), spread, ", ".join(told))


def _too_fast(one: Entry, other: Entry, apart_km: float, hours: float) -> bool:
    least_km = apart_km - _radius_km(one) - _radius_km(other)
    return least_km > max(LEAST_SPREAD_KM, MOST_SPEED_KMH * hours)


def _radius_km(entry: Entry) -> float:
    """How far off a known position may be; a person's pin is taken as exact."""
    return entry.best.radius_km if entry.pin is None and entry.best is not None else 0.0


def _latlon(entry: Entry) -> Point:
    assert entry.latlon is not None
    return entry.latlon


def _gap(hours: float) -> str:
    minutes = round(60 * hours)
    if minutes >= 90:
        return f"{hours:.1f} hours"
    return "less than a minute" if minutes < 1 else f"{minutes} minute{'s' if minutes > 1 else ''}"


def _named(entry: Entry) -> str:
    """The name of the file without its suffix, and where that was."""
    stem = entry.name.rpartition(".")[0] or entry.name
    if entry.pin is not None and entry.pin.moved:
        return stem
    return f"{stem} in {entry.best.name}" if entry.best is not None else stem

"""Claims of one file that cannot all be true, in words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from geoclip_core.earth.countries import country_at
from geoclip_core.earth.country_names import SOVEREIGN, country_name, known_country
from geoclip_core.earth.distance import disk_points, great_circle_km
from geoclip_core.photo.claims import Claim
from geoclip_core.photo.metadata.positions import USUAL_ERROR_KM

_LONGEST_CLOCK_ERROR = timedelta(hours=36)
"""Further apart than this, a clock in the wrong zone (up to 26 hours) does not explain two times."""

_BORDER_KM = 25.0  # a position this near to a country does not contradict it
_ROUND = 16  # points on the way round


def contradictions(positions: Sequence[Claim], claims: Sequence[Claim]) -> list[str]:
    """What cannot all be true, one sentence each.

    Args:
        positions: One claim for each distinct place that the file gives.
        claims: All claims of the file.
    """
    return [*_apart(positions), *_clock(claims), *_countries(positions, claims)]


def _apart(positions: Sequence[Claim]) -> list[str]:
    if len(positions) < 2:
        return []
    said = ", ".join(f"{claim.source} says {_degrees(claim)}" for claim in positions)
    km = max(float(great_circle_km(a.points[0], b.points[0])) for a in positions for b in positions)
    return [f"The file states positions {km:,.0f} km apart, of which one at most is right: {said}."]


def _degrees(claim: Claim) -> str:
    lat, lon = claim.points[0]
    return f"{lat:.5f}, {lon:.5f}"


def _clock(claims: Sequence[Claim]) -> list[str]:
    """The times of taking against each other, and the first of them against the time of the satellites."""
    taken = [c for c in claims if c.what == "taken"]
    told = [
        f"The file states two times of taking: {a.source} says {_minute(a)}, {b.source} says {_minute(b)}."
        for a, b in zip(taken[:1] * len(taken[1:]), taken[1:], strict=True)
        if _apart_in_time(a, b) > _LONGEST_CLOCK_ERROR
    ]
    for gps in [c for c in claims if c.what == "gps time"][:1]:
        for first in taken[:1]:
            apart = _apart_in_time(gps, first)
            if apart > _LONGEST_CLOCK_ERROR:
                told.append(
                    f"The time of the GPS position ({_minute(gps)} UTC) and that of the photo ({_minute(first)}) are "
                    f"{apart / timedelta(days=1):,.0f} days apart: the position may be that of another day."
                )
    return told


def _minute(claim: Claim) -> str:
    assert isinstance(claim.value, datetime)
    return f"{claim.value:%Y-%m-%d %H:%M}"


def _apart_in_time(a: Claim, b: Claim) -> timedelta:
    assert isinstance(a.value, datetime)
    assert isinstance(b.value, datetime)
    return abs(_utc(a.value) - _utc(b.value))


def _utc(moment: datetime) -> datetime:
    """A time without a zone is taken as UTC, which is at most 14 hours off."""
    offset = moment.utcoffset()
    plain = moment.replace(tzinfo=UTC)
    try:
        return plain - offset if offset else plain
    except OverflowError:  # the first or the last day of all
        return plain


def _countries(positions: Sequence[Claim], claims: Sequence[Claim]) -> list[str]:
    """Countries that are written as words against those that the positions lie in."""
    if not positions:
        return []
    told: list[str] = []
    named = {code: c for c in claims if c.what == "place" and (code := _country(str(c.value)))}
    for code, claim in named.items():
        if not any(_near(point, code, position.error_km) for position in positions for point in position.points):
            lies = str(country_at(np.array(positions[0].points[0])))
            where = f"in {country_name(lies)}" if lies else "in no country"
            told.append(f"The file ({claim.source}) names {country_name(code)}, but its position lies {where}.")
    return told


def _country(place: str) -> str:
    """Code of the country that an address ends in; "" where it ends in none."""
    return known_country(place.rpartition(",")[2].strip()) or ""


def _near(point: tuple[float, float], code: str, error_km: float | None) -> bool:
    around = disk_points(point, _BORDER_KM + (error_km or USUAL_ERROR_KM), 4 * _ROUND)
    found = {str(there) for there in country_at(np.vstack([[point], around]))}
    return bool({code, SOVEREIGN.get(code, code)} & {same for there in found for same in (there, SOVEREIGN.get(there))})

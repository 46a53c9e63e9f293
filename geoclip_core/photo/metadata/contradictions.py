"""Claims of one file that cannot all be true, in words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from geoclip_core.earth.countries import country_at
from geoclip_core.earth.country_names import SOVEREIGN, country_name, find_country
from geoclip_core.earth.distance import disk_points, great_circle_km
from geoclip_core.errors import RegionError
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
    """The time of the satellites against that of the camera's clock."""
    by_gps = next((c.value for c in claims if c.what == "gps time" and isinstance(c.value, datetime)), None)
    by_clock = next((c.value for c in claims if c.what == "taken" and isinstance(c.value, datetime)), None)
    if by_gps is None or by_clock is None:
        return []
    apart = abs(_utc(by_gps) - _utc(by_clock))
    if apart <= _LONGEST_CLOCK_ERROR:
        return []
    return [
        f"The time of the GPS position ({by_gps:%Y-%m-%d %H:%M} UTC) and that of the photo ({by_clock:%Y-%m-%d %H:%M}) "
        f"are {apart / timedelta(days=1):,.0f} days apart: the position may be that of another day."
    ]


def _utc(moment: datetime) -> datetime:
    """A time without a zone is taken as UTC, which is at most 14 hours off."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


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
    try:
        return find_country(place.rpartition(",")[2].strip())
    except RegionError:
        return ""


def _near(point: tuple[float, float], code: str, error_km: float | None) -> bool:
    around = disk_points(point, _BORDER_KM + (error_km or USUAL_ERROR_KM), 4 * _ROUND)
    found = {str(there) for there in country_at(np.vstack([[point], around]))}
    return bool({code, SOVEREIGN.get(code, code)} & {same for there in found for same in (there, SOVEREIGN.get(there))})

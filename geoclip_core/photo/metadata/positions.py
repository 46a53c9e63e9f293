"""From the numbers and letters that a file gives to a claimed position, its error and what speaks against it."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import numpy.typing as npt

from geoclip_core.earth.distance import great_circle_km
from geoclip_core.photo.claims import Claim, What, finite

LARGEST_ERROR_M = 1_000_000.0
"""A stated error larger than this is a wrong value, not an error."""

USUAL_ERROR_KM = 0.05
"""Assumed error of a position that states none: what phones reach between houses."""

HEMISPHERE = "The file does not say which hemisphere its position is in; each that is possible counts alike."

_KM_PER_DEGREE = 111.195  # of latitude, on a sphere of Earth's mean radius
_VOID_KM = 10.0  # a receiver that says its measurement is void often repeats a place left minutes ago
_OTHER_DATUM_KM = 1.0  # older national datums lie up to about a kilometre off (NGA.STND.0036, appendix B)
_RANGE_ERROR_KM = 0.005  # of one satellite; the error of a fix is about its dilution of precision times this
_POOR_DOP = 10.0
_AGREE_KM = 1.0  # two statements nearer than this are one place
_SAME_AS_WGS84 = ("WGS", "NAD83", "ETRS89", "GDA94", "GDA2020", "JGD2000", "JGD2011", "CGCS2000", "EPSG4326")


@dataclass(frozen=True)
class Fix:
    """What a receiver says about its own measurement; None or "" where it does not.

    Attributes:
        error_m: Horizontal error in metres.
        dop: Dilution of precision, without unit.
        status: "A" for a measurement, "V" for a void one.
        datum: The geodetic datum of the position.
    """

    error_m: float | None = None
    dop: float | None = None
    status: str = ""
    datum: str = ""


def from_parts(parts: Sequence[float | None]) -> float | None:
    """Degrees from up to three parts: degrees, minutes, seconds; None where the first or the second is no number."""
    if not parts or parts[0] is None:
        return None
    # Devices that write whole degrees and decimal minutes leave the seconds as 0/0.
    total = parts[0]
    for scale, number in zip((60.0, 3600.0), parts[1:3], strict=False):
        if number is None:
            if scale == 60.0:
                return None
            continue
        total += math.copysign(number / scale, total) if total else number / scale
    return total


def position(
    what: What,
    source: str,
    latitude: Sequence[float | None],
    longitude: Sequence[float | None],
    letters: tuple[str, str] = ("", ""),
    fix: Fix | None = None,
    *,
    signed: bool = False,
) -> Claim | str:
    """A claimed position.

    Args:
        what: ``"position"`` or ``"shown position"``.
        source: Where it is written.
        latitude: Degrees, minutes and seconds, as many as are written.
        longitude: Likewise.
        letters: N or S, and E or W; "" where they are not given.
        fix: What is said about the measurement.
        signed: Whether south and west are written as negative numbers here, so that letters are not needed.

    Returns:
        The claim, or a whole sentence on why there is none.
    """
    lat, lon = from_parts(latitude), from_parts(longitude)
    if lat is None or lon is None:
        return "The file holds a GPS position that is incomplete or divides by zero; it was not used."
    for value, limit, word in ((lat, 90.0, "latitude"), (lon, 180.0, "longitude")):
        if abs(value) > limit:
            return f"The file gives a {word} of {value:.4f} degrees, beyond {limit:.0f}; it was not used."
    if lat == 0.0 and lon == 0.0:
        return "The file gives exactly 0, 0, which devices write when they have no fix; it was not used."
    south_north = _signs(lat, letters[0][:1].upper(), "NS", signed)
    east_west = _signs(lon, letters[1][:1].upper(), "EW", signed)
    points = [(a, -180.0 if b == 180.0 else b) for a, b in product(south_north, east_west)]
    doubts = [HEMISPHERE] if len(points) > 1 else []
    error_km = _error_km(fix or Fix(), (latitude, longitude), doubts)
    return Claim(what, points[0], source, error_km, tuple(doubts), tuple(points[1:]))


def _signs(value: float, letter: str, letters: str, signed: bool) -> tuple[float, ...]:
    """The value on its side of the Earth; on both where neither a letter nor a sign tells."""
    if letter and letter in letters:
        # Some devices write the sign and the letter; both mean the same.
        return (-abs(value),) if letter == letters[1] else (value,)
    return (value,) if signed or value <= 0 else (value, -value)


def _error_km(fix: Fix, written: tuple[Sequence[float | None], ...], doubts: list[str]) -> float | None:
    stated = fix.error_m
    if stated is not None and stated > LARGEST_ERROR_M:
        doubts.append(f"The file states an error of {stated / 1000:,.0f} km, which was not believed.")
        stated = None
    error = stated / 1000 if stated is not None and stated > 0 else None
    if error is None and fix.dop is not None and fix.dop > _POOR_DOP:
        error = fix.dop * _RANGE_ERROR_KM
        doubts.append(f"The position is poor: the file states a dilution of precision of {fix.dop:.0f}.")
    rounded = _rounding_km(written)
    if rounded is not None and rounded > (error or 0.0):
        doubts.append(f"The position is rounded to {'whole degrees' if rounded > 10 else 'whole minutes'}.")
        error = rounded
    datum = "".join(c for c in fix.datum.upper() if c.isalnum())
    if datum and not datum.startswith(_SAME_AS_WGS84) and not datum.startswith("WORLDGEODETICSYSTEM1984"):
        doubts.append(f"The position is given in the datum {fix.datum[:30]!r} and was not converted to WGS 84.")
        error = (error or 0.0) + _OTHER_DATUM_KM
    if fix.status[:1].upper() == "V":
        doubts.append("The receiver said that its measurement was void (status V); the position may be an old one.")
        error = max(error or 0.0, _VOID_KM)
    return error


def _rounding_km(written: tuple[Sequence[float | None], ...]) -> float | None:
    """What a position in whole degrees, or whole minutes, leaves open: half a diagonal of such a cell; else None."""
    finest = 0
    for numbers in written:
        parts = [part or 0.0 for part in numbers[:3]]
        if any(part != int(part) for part in parts):
            return None
        finest = max(finest, max((place for place, part in enumerate(parts) if part), default=0))
    return {0: _KM_PER_DEGREE, 1: _KM_PER_DEGREE / 60}.get(finest, 0.0) * 0.5**0.5 or None


def parts_of(value: object) -> list[float | None]:
    """Up to three parts of an angle, from numbers or from a text; None for those that are no finite number."""
    if isinstance(value, str):
        numbers = re.findall(r"[-+]?\d+(?:\.\d+)?(?:/\d+)?", value[:80])
        parts = [finite(number) for number in numbers[:3]]
        if len(parts) == 2 and (parts[1] or 0.0) >= 60:  # a decimal comma
            return [finite(".".join(numbers))]
        return parts
    return [finite(part) for part in (value if isinstance(value, tuple | list) else (value,))[:3]]


def reconcile(positions: Sequence[Claim]) -> tuple[Claim, ...]:
    """One claim for each place that a file gives: claims that agree are one, by the most exact of them.

    A claim that leaves several hemispheres open is settled by one that does not.
    """
    kept: list[Claim] = []
    for claim in positions:
        for index, other in enumerate(kept):
            limit = max(_AGREE_KM, (claim.error_km or 0.0) + (other.error_km or 0.0))
            apart = great_circle_km([[p] for p in other.points], [claim.points])
            near = apart <= limit
            if near.any():
                both = _narrowed(other, near.any(axis=1)), _narrowed(claim, near.any(axis=0))
                kept[index] = min(both, key=lambda c: (len(c.points), c.error_km or USUAL_ERROR_KM))
                break
        else:
            kept.append(claim)
    return tuple(kept)


def _narrowed(claim: Claim, supported: npt.ArrayLike) -> Claim:
    """The claim with those of its points that another one supports."""
    good = np.asarray(supported, dtype=bool)
    if good.all():
        return claim
    points = [point for point, held in zip(claim.points, good, strict=True) if held]
    doubts = tuple(doubt for doubt in claim.doubts if doubt != HEMISPHERE or len(points) > 1)
    return replace(claim, value=points[0], alternatives=tuple(points[1:]), doubts=doubts)

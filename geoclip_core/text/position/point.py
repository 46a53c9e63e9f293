"""A point read in a text, with how exactly it was written."""

from __future__ import annotations

import math
from dataclasses import dataclass

from geoclip_core.earth.coordinates import check_latlon
from geoclip_core.errors import CoordinateError, QueryError
from geoclip_core.text import settings


@dataclass(frozen=True)
class Position:
    """A point on Earth as somebody wrote it.

    Args:
        latlon: Degrees, latitude first, longitude in [-180, 180).
        error_km: Radius in which the point lies, as exactly as it was written: half of the last digit's step.
        form: What it was read as, such as "coordinates" or "a plus code".
    """

    latlon: tuple[float, float]
    error_km: float
    form: str = "coordinates"


def position(lat: float, lon: float, step_deg: float = 0.0, form: str = "coordinates") -> Position:
    """A checked position.

    Args:
        lat: Degrees.
        lon: Degrees, in [-180, 360].
        step_deg: Step of the last digit written, degrees; half of it is the error. 0 for an exact point.
        form: See :class:`Position`.

    Raises:
        QueryError: Not a point on Earth.
    """
    try:
        point = check_latlon((lat, lon), name="The text")
    except CoordinateError as error:
        raise QueryError(error.problem, allowed=error.allowed, hint=error.hint) from error
    error_km = max(settings.COORDINATE_KM, step_deg / 2 * settings.DEGREE_KM)
    return Position((float(point[0]), float(point[1])), error_km, form)


def decimal_step(number: str) -> float:
    """Step of the last digit of a number as written: 0.01 for "48.85", 1 for "48"."""
    return float(10.0 ** -len(number.replace(",", ".").partition(".")[2]))


def metres_as_degrees(metres: float) -> float:
    """A length on the ground as degrees of latitude."""
    return math.fabs(metres) / 1000 / settings.DEGREE_KM

"""Regions: the parts of the Earth to which a search can be restricted.

A region answers whether points lie in it. It can be made of countries, a box, a circle, or several of them,
and :func:`parse_region` reads one as a person types it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
import shapely

from geoclip_core.earth.arcs import arc, arc_width, checked_arc, shortest_cover
from geoclip_core.earth.coordinates import check_latlon
from geoclip_core.earth.countries import countries, country_at
from geoclip_core.earth.country_names import country_name
from geoclip_core.earth.distance import EARTH_RADIUS_KM, HALF_TURN_KM, great_circle_km
from geoclip_core.errors import CoordinateError, RegionError, quoted

Bools = npt.NDArray[np.bool_]
Bounds = tuple[float, float, float, float]

COAST_TOLERANCE_KM = 5.0  # photos from a beach, a pier or a ferry count as the country's

MOST_PARTS = 100
"""Parts of a region that is given as text: names, boxes, circles."""

LONGEST_TEXT = 4000
"""Characters of a region that is given as text."""

_LATITUDE_SLACK_DEG = 1e-6  # a tenth of a metre: points that are left out unmeasured are farther off than rounding
_MOST_NAMED = 12  # parts that a label names

_FORMS = (
    "a country (FR, FRA or France), several (FR,DE), a union (EU), a continent (Europe or continent:EU), "
    "a state (US-TX or Texas), anything but one (!FR or EU,!FR), "
    "a box (south,west,north,east in degrees) or a circle (lat,lon,radius_km or lat,lon,5 km)"
)


@runtime_checkable
class Region(Protocol):
    """What a search can be restricted to."""

    @property
    def label(self) -> str:
        """A few words for a person to read."""

    @property
    def bounds(self) -> Bounds:
        """A box that holds the region: (south, west, north, east), ``west > east`` across the antimeridian."""

    def contains(self, latlon: npt.ArrayLike) -> Bools:
        """Whether each point of shape (..., 2) lies in the region, its edge included."""


@dataclass(frozen=True)
class BoxRegion:
    """A box of latitudes and longitudes, edges included.

    Args:
        south: Degrees.
        west: Degrees, in [-180, 360].
        north: Degrees, at least ``south``.
        east: Degrees, in [-180, 360]; ``west > east`` crosses the antimeridian.

    Raises:
        RegionError: Not a box on Earth.
    """

    south: float
    west: float
    north: float
    east: float

    def __post_init__(self) -> None:
        try:
            check_latlon([[self.south, self.west], [self.north, self.east]], name="(south, west), (north, east)")
            west, east = checked_arc(self.west, self.east)
        except CoordinateError as error:
            raise RegionError(f"This is not a box: {error.problem}", allowed=error.allowed, hint=error.hint) from error
        if self.south > self.north:
            raise RegionError(
                f"The box's south ({self.south:g}) lies north of its north ({self.north:g})",
                allowed="south,west,north,east in degrees",
            )
        object.__setattr__(self, "west", west)
        object.__setattr__(self, "east", east)

    @property
    def label(self) -> str:
        """The four edges."""
        return f"latitude {self.south:g} to {self.north:g}, longitude {self.west:g} to {self.east:g}"

    @property
    def bounds(self) -> Bounds:
        """The box itself."""
        return self.south, self.west, self.north, self.east

    def contains(self, latlon: npt.ArrayLike) -> Bools:
        """Whether each point of shape (..., 2) lies in the box; a pole has every longitude."""
        points = check_latlon(latlon)
        lat, lon = points[..., 0], points[..., 1]
        beside = (lon - self.west) % 360.0 <= arc_width(self.west, self.east)
        return np.asarray((lat >= self.south) & (lat <= self.north) & (beside | (np.abs(lat) == 90.0)))


@dataclass(frozen=True)
class RadiusRegion:
    """A circle on the sphere.

    Args:
        latlon: The centre, degrees.
        radius_km: Above 0, up to 20015.1 (everywhere).

    Raises:
        RegionError: Not a circle on Earth.
    """

    latlon: tuple[float, float]
    radius_km: float

    def __post_init__(self) -> None:
        try:
            lat, lon = check_latlon(self.latlon, name="the centre").reshape(-1)
        except CoordinateError as error:
            raise RegionError(
                f"This is not a circle: {error.problem}", allowed=error.allowed, hint=error.hint
            ) from error
        if not 0 < self.radius_km <= HALF_TURN_KM:
            raise RegionError(f"The radius is {self.radius_km:g} km", allowed=f"above 0, up to {HALF_TURN_KM:.1f} km")
        object.__setattr__(self, "latlon", (float(lat), float(lon)))

    @property
    def label(self) -> str:
        """Radius and centre."""
        return f"within {self.radius_km:g} km of {self.latlon[0]:g}, {self.latlon[1]:g}"

    @property
    def bounds(self) -> Bounds:
        """The smallest box that holds the circle."""
        lat, lon = self.latlon
        angle_deg = math.degrees(self.radius_km / EARTH_RADIUS_KM)
        south, north = lat - angle_deg, lat + angle_deg
        if south <= -90 or north >= 90:
            return max(south, -90.0), -180.0, min(north, 90.0), 180.0
        reach = math.degrees(math.asin(math.sin(math.radians(angle_deg)) / math.cos(math.radians(lat))))
        west, east = arc(lon - reach, 2 * reach)
        return south, west, north, east

    def contains(self, latlon: npt.ArrayLike) -> Bools:
        """Whether each point of shape (..., 2) lies at most ``radius_km`` from the centre."""
        points = check_latlon(latlon)
        # A degree of latitude is as long everywhere, so most points need not be measured.
        reach_deg = math.degrees(self.radius_km / EARTH_RADIUS_KM) + _LATITUDE_SLACK_DEG
        inside = np.asarray(np.abs(points[..., 0] - self.latlon[0]) <= reach_deg)
        inside[inside] = great_circle_km(points[inside], self.latlon) <= self.radius_km
        return inside


@dataclass(frozen=True)
class CountryRegion:
    """One or more countries, with the sea up to 5 km off their coasts.

    Args:
        codes: ISO 3166-1 alpha-2 codes.
        name: What to call them together; the countries' names when absent.

    Raises:
        RegionError: No code, or an unknown one.
    """

    codes: tuple[str, ...]
    name: str | None = None

    def __post_init__(self) -> None:
        if not self.codes:
            raise RegionError("A region of no countries holds nothing", allowed="one or more country codes")
        for code in self.codes:
            if code not in countries():
                raise RegionError(
                    f"No country has the code {code!r}", allowed="ISO 3166-1 alpha-2, such as FR; XK for Kosovo"
                )

    @property
    def label(self) -> str:
        """The name, or the names of the countries."""
        return self.name or _listed([country_name(code) for code in self.codes], ", ")

    @property
    def bounds(self) -> Bounds:
        """The smallest box that holds the countries and the sea off their coasts."""
        outlines = [countries()[code].geometry for code in self.codes]
        west, south, east, north = shapely.bounds(shapely.get_parts(outlines)).T
        pad = math.degrees(COAST_TOLERANCE_KM / EARTH_RADIUS_KM)
        lowest, highest = max(float(south.min()) - pad, -90.0), min(float(north.max()) + pad, 90.0)
        widest = np.minimum(np.maximum(np.abs(south), np.abs(north)) + pad, 89.9)
        lon_pad = pad / np.cos(np.radians(widest))
        widths = np.minimum(east - west + 2 * lon_pad, 360.0)
        start, end = shortest_cover(zip((west - lon_pad).tolist(), widths.tolist(), strict=True))
        return lowest, start, highest, end

    def contains(self, latlon: npt.ArrayLike) -> Bools:
        """Whether each point of shape (..., 2) lies in one of the countries or at most 5 km off its coast."""
        points = check_latlon(latlon)
        inside = BoxRegion(*self.bounds).contains(points)
        inside[inside] = np.isin(country_at(points[inside], COAST_TOLERANCE_KM), self.codes)
        return inside


@dataclass(frozen=True)
class UnionRegion:
    """Everything that lies in at least one of several regions.

    Args:
        regions: One or more.

    Raises:
        RegionError: None at all.
    """

    regions: tuple[Region, ...]

    def __post_init__(self) -> None:
        if not self.regions:
            raise RegionError("A union of no regions holds nothing", allowed="one or more regions")

    @property
    def label(self) -> str:
        """The labels of all."""
        return _listed([region.label for region in self.regions], " or ")

    @property
    def bounds(self) -> Bounds:
        """The smallest box that holds the boxes of all."""
        boxes = [region.bounds for region in self.regions]
        arcs = [(west, arc_width(west, east)) for _, west, _, east in boxes]
        west, east = shortest_cover(arcs)
        return min(box[0] for box in boxes), west, max(box[2] for box in boxes), east

    def contains(self, latlon: npt.ArrayLike) -> Bools:
        """Whether each point of shape (..., 2) lies in any of the regions."""
        points = check_latlon(latlon)
        inside = np.zeros(points.shape[:-1], bool)
        for region in self.regions:
            rest = ~inside
            inside[rest] = region.contains(points[rest])
        return inside


def _listed(labels: Sequence[str], joint: str) -> str:
    """Labels in one text, the first dozen of many by name."""
    more = len(labels) - _MOST_NAMED
    return joint.join([*labels[:_MOST_NAMED], *([f"{more} more"] if more > 0 else [])])


def parse_region(given: str | Region) -> Region:
    """Read a region as a person types it.

    Args:
        given: A region, returned as it is, or text: countries (``FR``, ``France``, ``FR,DE``), a union (``EU``,
            ``ASEAN``), a continent (``Europe``, ``continent:EU``), a state or province (``US-TX``, ``Bavaria``), what
            is left without some (``!FR``, ``EU,-FR``), a box (``south,west,north,east``), a circle
            (``lat,lon,radius_km``, ``lat,lon,5 km``), or several of these separated by semicolons;
            at most ``LONGEST_TEXT`` characters and ``MOST_PARTS`` parts.

    Raises:
        RegionError: Not one of these forms, which the message lists, or too long.
    """
    if not isinstance(given, str):
        if isinstance(given, Region):
            return given
        raise RegionError(f"A region cannot be read from a {type(given).__name__}", allowed=_FORMS)
    if len(given) > LONGEST_TEXT:
        raise RegionError(f"The region has {len(given):,} characters", allowed=f"at most {LONGEST_TEXT:,}")
    parts = list(dict.fromkeys(part.strip() for part in given.split(";") if part.strip()))
    if len(parts) > MOST_PARTS:
        raise RegionError(
            f"The region has {len(parts):,} parts", allowed=f"at most {MOST_PARTS}", hint="draw one box around them"
        )
    if ";" in given:
        return UnionRegion(tuple(dict.fromkeys(parse_region(part) for part in parts)))
    from geoclip_core.earth.region.text import read_region  # it needs the classes above

    try:
        return read_region(given.strip())
    except RegionError as error:
        raise RegionError(
            f"The region {quoted(given)} cannot be read: {error.problem}", allowed=_FORMS, hint=error.hint
        ) from error

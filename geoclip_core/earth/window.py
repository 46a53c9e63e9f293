"""Windows: pixel grids laid over the whole Earth or a part of it, in one of three projections.

Rows run north to south, columns west to east, and a pixel stands for its centre. No grid holds the same
meridian twice, pixel areas are those of the sphere, and a window may lie across the antimeridian; a
``local`` window may hold a pole.
"""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass
from typing import get_args

import numpy as np
import numpy.typing as npt

from geoclip_core.earth.arcs import arc_width, checked_arc
from geoclip_core.earth.coordinates import Floats, check_latlon, wrap_longitude
from geoclip_core.earth.distance import EARTH_RADIUS_KM, HALF_TURN_KM
from geoclip_core.earth.plane import from_plane_km, plane_scale, square_bounds, to_plane_km
from geoclip_core.earth.projection import CYLINDRICAL, Projection
from geoclip_core.errors import CoordinateError

Size = tuple[int, int]

_DEGREE_KM = EARTH_RADIUS_KM * math.pi / 180.0
LARGEST_SQUARE_KM = math.sqrt(2.0) * HALF_TURN_KM  # the square inscribed in the azimuthal map of the Earth


@dataclass(frozen=True)
class Window:
    """A grid of pixels; make one with :meth:`world`, :meth:`box` or :meth:`around`.

    Args:
        south: Degrees.
        west: Degrees, in [-180, 180).
        north: Degrees, above ``south``.
        east: Degrees, in (-180, 180]. ``west > east`` crosses the antimeridian; -180 to 180 is the whole
            circle.
        size: (height, width) in pixels.
        projection: ``"equirectangular"`` (rows equally spaced in latitude), ``"mercator"`` (square web map
            pixels) or ``"local"`` (an azimuthal equidistant plane in kilometres around ``centre``).
        centre: latlon of the middle, for ``"local"`` only.
        side_km: Side of the square, for ``"local"`` only.

    Raises:
        CoordinateError: An empty box, a size below 1, or a pole in mercator.
    """

    south: float
    west: float
    north: float
    east: float
    size: Size
    projection: Projection = "equirectangular"
    centre: tuple[float, float] | None = None
    side_km: float | None = None

    def __post_init__(self) -> None:
        if self.projection not in get_args(Projection):
            raise CoordinateError(f"The projection is {self.projection!r}", allowed=", ".join(get_args(Projection)))
        if (self.projection == "local") != (self.centre is not None and self.side_km is not None):
            raise CoordinateError(
                f"A {self.projection} window was given centre {self.centre} and side {self.side_km}",
                allowed="both for local, none for the others",
                hint="use Window.around or Window.box",
            )
        object.__setattr__(self, "size", _checked_size(self.size))
        if not -90 <= self.south < self.north <= 90:
            raise CoordinateError(
                f"The box runs from south {self.south:g} to north {self.north:g}",
                allowed="-90 <= south < north <= 90",
            )
        if not (-180 <= self.west < 180 and -180 < self.east <= 180 and self.west != self.east):
            raise CoordinateError(
                f"The box runs from west {self.west:g} to east {self.east:g}",
                allowed="west in [-180, 180), east in (-180, 180], not equal",
                hint="west > east crosses the antimeridian; the whole circle is -180 to 180",
            )
        if self.projection in CYLINDRICAL and max(-self.south, self.north) > CYLINDRICAL[self.projection].max_lat:
            raise CoordinateError(
                f"{self.projection.capitalize()} cannot show latitudes {self.south:g} to {self.north:g}",
                allowed=f"latitudes within +-{CYLINDRICAL[self.projection].max_lat}",
                hint="clip the box, or use projection='equirectangular' or 'local'",
            )

    @classmethod
    def world(cls, size: Size = (512, 1024), projection: Projection = "equirectangular") -> Window:
        """The whole Earth; in mercator, as far as +-85.05112878 degrees."""
        top = CYLINDRICAL[projection].max_lat if projection in CYLINDRICAL else 90.0
        return cls(-top, -180.0, top, 180.0, size, projection)

    @classmethod
    def box(
        cls,
        south: float,
        west: float,
        north: float,
        east: float,
        size: Size,
        projection: Projection = "equirectangular",
    ) -> Window:
        """A box of latitudes and longitudes.

        Args:
            south: Degrees.
            west: Degrees, in [-180, 360].
            north: Degrees, above ``south``.
            east: Degrees, in [-180, 360]; smaller than ``west`` to cross the antimeridian.
            size: (height, width) in pixels.
            projection: A name in :data:`geoclip_core.earth.projection.CYLINDRICAL`.

        Returns:
            The window. A full turn from any meridian becomes -180 to 180.
        """
        check_latlon([[south, west], [north, east]], name="the box's corners (south, west), (north, east)")
        west, east = checked_arc(west, east)
        return cls(float(south), west, float(north), east, size, projection)

    @classmethod
    def around(cls, latlon: npt.ArrayLike, side_km: float, size: Size, projection: Projection = "local") -> Window:
        """A square around a point.

        Args:
            latlon: The centre, shape (2,).
            side_km: Side of the square, above 0 and at most 28304.9 km.
            size: (height, width) in pixels.
            projection: ``"local"`` shows the square itself, rows north to south along the centre's meridian,
                also at a pole. The others show the smallest box that covers it, clamped at the poles.
        """
        point = check_latlon(latlon).reshape(-1)
        if point.shape != (2,):
            raise CoordinateError("A window has one centre", allowed="one latlon of shape (2,)")
        if not 0 < side_km <= LARGEST_SQUARE_KM:
            raise CoordinateError(
                f"The side is {side_km:g} km",
                allowed=f"above 0, at most {LARGEST_SQUARE_KM:.1f} km",
                hint="use Window.world for the whole Earth",
            )
        centre = (float(point[0]), float(point[1]))
        south, west, north, east = square_bounds(centre, float(side_km))
        if projection == "local":
            return cls(south, west, north, east, size, projection, centre, float(side_km))
        top = CYLINDRICAL[projection].max_lat if projection in CYLINDRICAL else 90.0
        if abs(centre[0]) > top:
            raise CoordinateError(
                f"{projection.capitalize()} cannot show a window around latitude {centre[0]:g}",
                allowed=f"latitudes within +-{top}",
                hint="use projection='local'",
            )
        return cls(max(south, -top), west, min(north, top), east, size, projection)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """(south, west, north, east) in degrees; of the smallest such box for a local window."""
        return (self.south, self.west, self.north, self.east)

    @property
    def spacing_km(self) -> tuple[float, float]:
        """Approximate kilometres per (row, column) at the centre of the window."""
        height, width = self.size
        if self.side_km is not None:
            return self.side_km / height, self.side_km / width
        top, bottom = self._y(self.north), self._y(self.south)
        middle = float(self._lat((top + bottom) / 2))
        row_km = float(top - bottom) / height * _DEGREE_KM * CYLINDRICAL[self.projection].lat_per_y(middle)
        return row_km, self._span_deg / width * _DEGREE_KM * math.cos(math.radians(middle))

    def pixel_latlon(self) -> Floats:
        """Centres of the pixels, float64 of shape (height, width, 2)."""
        if self.centre is not None:
            return from_plane_km(self.centre, *self._plane_grid_km())
        down, right = self._centre_fractions()
        top, bottom = self._y(self.north), self._y(self.south)
        lat = self._lat(top + (bottom - top) * down)
        lon = wrap_longitude(self.west + self._span_deg * right)
        return np.stack(np.meshgrid(lat, lon, indexing="ij"), axis=-1)

    def pixel_area_km2(self) -> Floats:
        """Areas on the sphere, float64 of shape (height, width), not to be written to.

        Exact for cylindrical projections; for local, the area element at the pixel's centre.
        """
        height, width = self.size
        if self.centre is not None:
            return math.prod(self.spacing_km) * plane_scale(*self._plane_grid_km())
        top, bottom = self._y(self.north), self._y(self.south)
        edges = np.sin(np.radians(self._lat(top + (bottom - top) * np.arange(height + 1) / height)))
        column_rad = math.radians(self._span_deg / width)
        areas = EARTH_RADIUS_KM**2 * column_rad * (edges[:-1] - edges[1:])
        return np.broadcast_to(areas[:, None], self.size)

    def pixel_of(self, latlon: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """The pixel that holds each point, the inverse of :meth:`pixel_latlon`.

        Args:
            latlon: Shape (..., 2), degrees.

        Returns:
            int64 (row, column) of shape (..., 2), both -1 where the point lies outside.
        """
        down, right = self._fractions(latlon)
        inside = _inside(down, right)
        pixel = np.empty((*inside.shape, 2), np.int64)
        for axis, (fraction, count) in enumerate(zip((down, right), self.size, strict=True)):
            whole = np.where(inside, fraction * count, -1.0)
            pixel[..., axis] = np.minimum(whole, count - 1)  # the last edge belongs to the last pixel
        return pixel

    def contains(self, latlon: npt.ArrayLike) -> npt.NDArray[np.bool_]:
        """Whether each point of shape (..., 2) lies in the window, edges included."""
        return _inside(*self._fractions(latlon))

    @property
    def _span_deg(self) -> float:
        return arc_width(self.west, self.east)

    def _y(self, lat: npt.ArrayLike) -> Floats:
        """Latitude to the projection's vertical coordinate, in degrees along the equator."""
        return CYLINDRICAL[self.projection].y(lat)

    def _lat(self, y: npt.ArrayLike) -> Floats:
        """The inverse of :meth:`_y`."""
        return CYLINDRICAL[self.projection].lat(y)

    def _centre_fractions(self) -> tuple[Floats, Floats]:
        """How far down each row and how far right each column has its centre, 0 to 1."""
        height, width = self.size
        return (np.arange(height) + 0.5) / height, (np.arange(width) + 0.5) / width

    def _plane_grid_km(self) -> tuple[Floats, Floats]:
        """Pixel centres of a local window, x east and y north of the middle, each (height, width)."""
        down, right = self._centre_fractions()
        side_km = self.side_km or math.nan
        x_km, y_km = np.meshgrid((right - 0.5) * side_km, (0.5 - down) * side_km)
        return x_km, y_km

    def _fractions(self, latlon: npt.ArrayLike) -> tuple[Floats, Floats]:
        """How far down and right the points lie: 0 to 1 inside the window."""
        if self.centre is not None and self.side_km is not None:
            x_km, y_km = to_plane_km(self.centre, latlon)
            return 0.5 - y_km / self.side_km, 0.5 + x_km / self.side_km
        points = check_latlon(latlon)
        top, bottom = self._y(self.north), self._y(self.south)
        down = (top - self._y(points[..., 0])) / (top - bottom)
        return down, (points[..., 1] - self.west) % 360.0 / self._span_deg


def _checked_size(size: Size) -> Size:
    try:
        height, width = (operator.index(n) for n in size)
    except (TypeError, ValueError) as error:
        raise CoordinateError(f"The size is {size!r}", allowed="(height, width), two whole numbers") from error
    if height < 1 or width < 1:
        raise CoordinateError(f"The size is {height} x {width} pixels", allowed="1 x 1 or more")
    return height, width


def _inside(down: Floats, right: Floats) -> npt.NDArray[np.bool_]:
    return (down >= 0) & (down <= 1) & (right >= 0) & (right <= 1)

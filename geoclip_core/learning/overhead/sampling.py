"""Which views from above are drawn: centres uniform by area over land, widths and headings within limits."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F

from geoclip_core.earth.coordinates import Floats, check_latlon, unit_vectors
from geoclip_core.earth.distance import EARTH_RADIUS_KM, HALF_TURN_KM, disk_points
from geoclip_core.errors import RegionError
from geoclip_core.learning.overhead.raster import KM_PER_DEGREE, Views, land_mask


@dataclass(frozen=True)
class Sampling:
    """Which views are drawn.

    Attributes:
        south_deg: Southernmost centre.
        north_deg: Northernmost centre.
        coast_km: How far from land a centre may lie, kilometres.
        width_km: Narrowest and widest view; log-uniform in between.
        heading_deg: Largest deviation from north-up, either way; uniform.
        kept_out: (latitude, longitude) of places near which no view is centred.
        kept_out_km: How near.
    """

    south_deg: float = -72.0
    north_deg: float = 72.0
    coast_km: float = 0.0
    width_km: tuple[float, float] = (400.0, 1600.0)
    heading_deg: float = 45.0
    kept_out: tuple[tuple[float, float], ...] = ()
    kept_out_km: float = 150.0


class ViewSampler:
    """Draws centres uniformly by area over land and coast.

    Args:
        sampling: Limits of the views.
        height: Rows of the grid on which land is told from sea; 2700 makes cells of at most 7.4 km.

    Raises:
        RegionError: Nothing is left to draw from.
    """

    def __init__(self, sampling: Sampling, height: int = 2700) -> None:
        self.sampling = sampling
        self._cell_deg = 180.0 / height
        allowed = torch.from_numpy(land_mask(height)).float()[None, None]
        reach = round(sampling.coast_km / KM_PER_DEGREE / self._cell_deg)
        if reach:  # by cells along the meridian; along a parallel the same number of cells is less far
            allowed = F.max_pool2d(allowed, 2 * reach + 1, stride=1, padding=reach)
        lat = 90.0 - (np.arange(height) + 0.5) * self._cell_deg
        inside = (lat >= sampling.south_deg) & (lat <= sampling.north_deg)
        rows, self._columns = np.nonzero((allowed[0, 0].numpy() > 0) & inside[:, None])
        if not len(rows):
            raise RegionError(f"No land between {sampling.south_deg} and {sampling.north_deg} degrees")
        self._rows = rows
        self._mass = np.cumsum(np.cos(np.radians(lat))[rows])

    def draw(self, n: int, generator: np.random.Generator) -> Views:
        """Random views.

        Args:
            n: How many.
            generator: Of random numbers; the same state gives the same views.
        """
        return self.around(self._centres(n, generator), generator)

    def around(self, latlon: Floats, generator: np.random.Generator) -> Views:
        """Views of random width and heading around given places.

        Args:
            latlon: (n, 2) degrees: the centres.
            generator: Of random numbers.
        """
        low, high = np.log(self.sampling.width_km)
        limit = self.sampling.heading_deg
        n = len(latlon)
        return Views(latlon, np.exp(generator.uniform(low, high, n)), generator.uniform(-limit, limit, n))

    def _centres(self, n: int, generator: np.random.Generator) -> Floats:
        found = np.empty((0, 2))
        while len(found) < n:
            cells = np.searchsorted(self._mass, generator.uniform(0, self._mass[-1], n), side="right")
            offset = generator.uniform(size=(n, 2))
            lat = 90.0 - (self._rows[cells] + offset[:, 0]) * self._cell_deg
            lon = (self._columns[cells] + offset[:, 1]) * self._cell_deg - 180.0
            points = np.stack([lat, lon], axis=1)
            found = np.concatenate([found, points[~self._is_kept_out(points)]])
        return check_latlon(found[:n])

    def _is_kept_out(self, points: Floats) -> npt.NDArray[np.bool_]:
        if not self.sampling.kept_out:
            return np.zeros(len(points), dtype=bool)
        cosine = unit_vectors(points) @ unit_vectors(self.sampling.kept_out).T
        nearest: npt.NDArray[np.bool_] = cosine.max(1) > math.cos(self.sampling.kept_out_km / EARTH_RADIUS_KM)
        return nearest


def land_cells(total: int = 76_000, south_deg: float = -72.0, north_deg: float = 72.0) -> Floats:
    """Centres of equal cells of land, the same every time: a gallery for views from above.

    Args:
        total: Cells of the whole Earth; 76,000 leave about 20,000 on land.
        south_deg: Southernmost centre.
        north_deg: Northernmost centre.

    Returns:
        (n, 2) float64 degrees.
    """
    points = disk_points((90.0, 0.0), HALF_TURN_KM, total)
    land = land_mask(2700)
    rows = np.clip(((90.0 - points[:, 0]) * 15).astype(int), 0, 2699)
    columns = np.clip(((points[:, 1] + 180.0) * 15).astype(int), 0, 5399)
    inside = (points[:, 0] >= south_deg) & (points[:, 0] <= north_deg)
    cells: Floats = points[inside & (land[rows, columns] > 0)]
    return cells

"""Off the gallery: climbing the continuous field from a candidate to the point it really peaks at."""

from __future__ import annotations

import numpy as np

from geoclip_core.earth.window import Window
from geoclip_core.locate.density import asks_for_vectors, log_density
from geoclip_core.locate.gallery import Gallery
from geoclip_core.locate.query import Query
from geoclip_core.model.encode import encode_points
from geoclip_core.model.location_encoder import BaseLocationEncoder

REACH_KM = 10.0
"""How far from the candidate is looked; the field of a dense city changes within 1 km."""

_GRID = 13
_ZOOM = 4.0
FINEST_KM = 0.02


def refine(
    query: Query,
    latlon: tuple[float, float],
    encoder: BaseLocationEncoder,
    scale: float,
    reach_km: float = REACH_KM,
    gallery: Gallery | None = None,
) -> tuple[float, float]:
    """The highest point of the field near a candidate.

    A square grid around the best point so far, four times finer each time until its points lie
    ``FINEST_KM`` apart. Never returns a point of lower density than the start.

    Args:
        query: The question, with its region.
        latlon: Where to start, degrees.
        encoder: Location encoder.
        scale: Factor on cosines.
        reach_km: How far from the start is looked.
        gallery: Where people take photos; see :func:`~geoclip_core.locate.density.log_density`.

    Returns:
        latlon in degrees.
    """
    best = latlon
    side = 2 * reach_km
    while side / _GRID > FINEST_KM:
        grid = Window.around(best, side, (_GRID, _GRID)).pixel_latlon().reshape(-1, 2)
        points = np.concatenate([[best], grid])  # the start first, so that a tie keeps it
        vectors = encode_points(encoder, points) if asks_for_vectors(query) else None
        logs = log_density(query, points, vectors, scale, side / _GRID / 2, gallery)
        if query.region is not None:
            inside = query.region.contains(points)
            inside[0] = True
            logs = np.where(inside, logs, -np.inf)
        top = points[int(logs.argmax())]
        best = (float(top[0]), float(top[1]))
        side /= _ZOOM
    return best

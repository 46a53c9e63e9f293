"""The fixed test of an overhead model: 2,000 views from above, and a gallery of 20,000 places on land.

``python training/evaluate_overhead.py --protocol`` prints the results.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from geoclip_core.earth.coordinates import Floats
from geoclip_core.earth.distance import destination, great_circle_km
from geoclip_core.evaluation.metrics import THRESHOLDS_KM
from geoclip_core.learning.overhead.raster import Raster
from geoclip_core.learning.overhead.sampling import Sampling, ViewSampler

PROTOCOL = Sampling()
"""Centres uniform by area on land between 72 S and 72 N, 400 to 1600 km wide, heading within 45 degrees."""

VIEW_COUNT, GALLERY_SIZE, PIXELS = 2_000, 20_000, 224
SEED = 20_260
VIEW_THRESHOLDS_KM = THRESHOLDS_KM[1:]  # 1 km is less than a pixel of any view

_REACH_KM = 100.0  # the places of the gallery lie about 80 km apart
_RINGS, _SPOKES, _ROUNDS, _ZOOM = 6, 12, 3, 4.0
_POINTS = 4096  # encoded at a time


def protocol_errors(
    raster: Raster,
    encode_views: Callable[[Tensor], Tensor],
    encoder: nn.Module,
    *,
    views: int = VIEW_COUNT,
    off_gallery: bool = True,
    seed: int = SEED,
) -> Floats:
    """Errors of a model on views of a raster.

    Args:
        raster: The picture; one never trained on tells more.
        encode_views: From (n, 3, 224, 224) in [0, 1] to (n, d).
        encoder: From (n, 2) degrees to (n, d).
        views: How many views; fewer are the first of the same.
        off_gallery: Search around the gallery's best place for the point of highest similarity, in the gallery or not.
        seed: Of views and gallery.

    Returns:
        (views,) float64 km.
    """
    sampler = ViewSampler(PROTOCOL)
    asked = sampler.draw(VIEW_COUNT, np.random.default_rng(seed))[np.arange(views)]
    gallery = sampler.draw(GALLERY_SIZE, np.random.default_rng(seed + 1)).latlon
    with torch.inference_mode():
        places = torch.cat([F.normalize(encoder(part), dim=1) for part in torch.split(_tensor(gallery), _POINTS)])
        answers, questions = [], []
        for first in range(0, views, 100):
            pixels = raster.cut(asked[np.arange(first, min(first + 100, views))], PIXELS)[:, :3]
            questions.append(F.normalize(encode_views(pixels), dim=1))
            answers.append((questions[-1] @ places.T).argmax(1))
        found = gallery[torch.cat(answers).numpy()]
        if off_gallery:
            found = climb(torch.cat(questions), found, encoder)
    return great_circle_km(found, asked.latlon)


def climb(questions: Tensor, start: Floats, encoder: nn.Module) -> Floats:
    """The points of highest similarity near each start, found by trying rings of points that shrink.

    Args:
        questions: (n, d) of unit length.
        start: (n, 2) degrees.
        encoder: From (n, 2) degrees to (n, d).

    Returns:
        (n, 2) degrees, never less similar than the start.
    """
    best = start
    rings = np.repeat((np.arange(_RINGS) + 1) / _RINGS, _SPOKES)
    bearings = np.tile(np.arange(_SPOKES) * 360.0 / _SPOKES, _RINGS)
    for turn in range(_ROUNDS):
        around = destination(best[:, None], bearings, rings * _REACH_KM / _ZOOM**turn)
        points = np.concatenate([best[:, None], around], axis=1)
        rows = max(1, _POINTS // points.shape[1])
        tops = []
        for first in range(0, len(points), rows):
            part = points[first : first + rows]
            vectors = F.normalize(encoder(_tensor(part.reshape(-1, 2))), dim=1).reshape(*part.shape[:2], -1)
            tops.append(torch.einsum("npd,nd->np", vectors, questions[first : first + rows]).argmax(1))
        best = points[np.arange(len(points)), torch.cat(tops).numpy()]
    return best


def _tensor(latlon: Floats) -> Tensor:
    return torch.from_numpy(latlon.astype(np.float32))

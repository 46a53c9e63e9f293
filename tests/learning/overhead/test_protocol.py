"""Climbing off the gallery."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

from geoclip_core.earth.distance import great_circle_km
from geoclip_core.learning.overhead.protocol import climb
from geoclip_core.model.location_encoder import LocationEncoder


def test_climbing_finds_the_peak_and_never_goes_down() -> None:
    torch.manual_seed(1)
    encoder = LocationEncoder((32.0,), rows=64, width=32, dim=32).requires_grad_(False)
    peaks = np.array([[48.0, 2.0], [-33.0, 151.0], [0.0, 179.99]])
    starts = peaks + np.array([[0.4, 0.3], [-0.3, 0.5], [0.2, -0.5]])
    questions = F.normalize(encoder(peaks), dim=1)

    def height(points: np.ndarray) -> torch.Tensor:
        return (F.normalize(encoder(points), dim=1) * questions).sum(1)

    found = climb(questions, starts, encoder)
    assert (height(found) >= height(starts)).all()
    assert (great_circle_km(found, peaks) < great_circle_km(starts, peaks) / 3).all()

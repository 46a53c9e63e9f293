"""The resolution of a location encoder: where similarity halves, and its map."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from geoclip_core.model.location_encoder import LocationEncoder
from training.benchmarks.resolution import STEPS_KM, half_km, resolution_grid, resolution_picture, similarity


def test_the_half_distance_lies_between_the_steps_on_a_logarithmic_axis():
    falling = np.array([[1.0] * 5 + [0.75, 0.25] + [0.0] * 5, [0.4] + [0.0] * 11, [0.9] * 12])
    found = half_km(falling)
    assert found[0] == pytest.approx(np.sqrt(STEPS_KM[5] * STEPS_KM[6]))
    assert found[1] == STEPS_KM[0]
    assert np.isinf(found[2])


def test_a_map_of_an_encoder_has_a_row_for_each_latitude_and_shows_what_is_fine():
    encoder = LocationEncoder((4.0,), rows=8, width=16, dim=16).requires_grad_(False)
    grid, places = resolution_grid(encoder, 60.0)
    assert grid.shape == (3, 6)
    assert places[0, 0].tolist() == [60.0, -150.0]
    assert half_km(similarity(encoder, places[1, 2], 4))[0] == pytest.approx(grid[1, 2])
    half = np.full((4, 8), 10.0)
    half[:, 4:] = np.inf
    picture = np.asarray(Image.open(io.BytesIO(resolution_picture(half))).convert("L"), np.float64)
    wide = picture.shape[1]
    assert picture[: wide // 2, : wide // 3].mean() < picture[: wide // 2, -wide // 3 :].mean() - 80

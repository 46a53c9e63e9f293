"""How strange is too strange, and how sure is sure enough."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from geoclip_core.earth.countries import country_at
from geoclip_core.learning.overhead.calibrate import likeliest_scale, whitening_of
from geoclip_core.learning.overhead.views import land_cells


def test_whitening_gives_mahalanobis_distances() -> None:
    mixed = torch.randn(4000, 3, generator=torch.Generator().manual_seed(0)) @ torch.tensor(
        [[2.0, 0.5, 0.0], [0.0, 1.0, 0.3], [0.0, 0.0, 0.7]]
    )
    mean, matrix = whitening_of(mixed + 5)
    white = (mixed + 5 - mean) @ matrix
    torch.testing.assert_close(torch.cov(white.T), torch.eye(3), atol=0.05, rtol=0)
    inverse = torch.linalg.inv(torch.cov(mixed.T))
    slow = ((mixed[:5] + 5 - mean) @ inverse * (mixed[:5] + 5 - mean)).sum(1).sqrt()
    torch.testing.assert_close(torch.linalg.vector_norm(white[:5], dim=1), slow, rtol=0.05, atol=0)


@pytest.mark.parametrize("scale", [5.0, 20.0, 60.0])
def test_the_likeliest_scale_is_the_one_that_answers_were_drawn_with(scale: float) -> None:
    generator = torch.Generator().manual_seed(1)
    cosines = torch.rand(3000, 40, generator=generator) * 2 - 1
    right = torch.multinomial(torch.softmax(scale * cosines, 1), 1, generator=generator)[:, 0]
    assert likeliest_scale(cosines, right) == pytest.approx(scale, rel=0.12)


def test_cells_of_land_are_equal_and_on_land() -> None:
    cells = land_cells(8_000)
    assert 0.25 < len(cells) / 8_000 < 0.28  # 134.6 of 510.1 million km2
    assert np.abs(cells[:, 0]).max() <= 72
    assert sum(country_at((float(lat), float(lon))) is not None for lat, lon in cells[::40]) >= 0.97 * len(cells[::40])

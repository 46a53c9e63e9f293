"""Calibration: Mahalanobis distances and the softmax temperature."""

from __future__ import annotations

import pytest
import torch

from geoclip_core.learning.overhead.calibrate import fit_inverse_temperature, whitening_of


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
def test_the_inverse_temperature_is_the_one_that_answers_were_drawn_with(scale: float) -> None:
    generator = torch.Generator().manual_seed(1)
    cosines = torch.rand(3000, 40, generator=generator) * 2 - 1
    right = torch.multinomial(torch.softmax(scale * cosines, 1), 1, generator=generator)[:, 0]
    assert fit_inverse_temperature(cosines, right) == pytest.approx(scale, rel=0.12)

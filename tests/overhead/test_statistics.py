"""The numbers that tell a view from above from a photo with a sky and a floor."""

from __future__ import annotations

import torch

from geoclip_core.overhead.statistics import STATISTICS, picture_statistics


def stripes(period: int = 8) -> torch.Tensor:
    """Upright stripes, (1, 3, 96, 96)."""
    return (0.5 + 0.4 * torch.sin(torch.arange(96) * 2 * torch.pi / period)).expand(1, 3, 96, 96)


def test_they_are_finite_whatever_the_picture() -> None:
    for picture in (torch.zeros(2, 3, 30, 30), torch.ones(2, 3, 300, 300), torch.rand(2, 3, 97, 97)):
        numbers = picture_statistics(picture)
        assert numbers.shape == (2, STATISTICS)
        assert torch.isfinite(numbers).all()


def test_upright_and_level_edges_are_told_apart() -> None:
    upright, level = (picture_statistics(picture)[0] for picture in (stripes(), stripes().mT))
    assert upright[1] > 5 > -5 > level[1]
    assert upright[2] > 0.9
    assert level[2] < -0.9
    assert upright[3] > 0.9 < level[3]  # along the picture's sides, both
    oblique = (0.5 + 0.4 * torch.sin((torch.arange(96)[:, None] + torch.arange(96)) * 0.5)).expand(1, 3, 96, 96)
    assert picture_statistics(oblique)[0, 3] < -0.9


def test_a_sky_shows_and_colours_do_not() -> None:
    picture = torch.rand(1, 3, 96, 96, generator=torch.Generator().manual_seed(0)) * 0.4
    plain = picture_statistics(picture)[0]
    torch.testing.assert_close(picture_statistics(picture[:, [2, 0, 1]])[0], plain)
    picture[:, :, :30] = 0.9
    assert abs(float(plain[17])) < 0.05
    assert float(picture_statistics(picture)[0, 17]) > 0.6
    assert float(picture_statistics(picture)[0, 23]) > 0.2  # much of it is flat

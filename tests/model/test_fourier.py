from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from geoclip_core.model.fourier import FourierFeatures, check_sigmas, sigma_schedule


def test_the_papers_schedule() -> None:
    assert sigma_schedule(1, 256, 3) == (1, 16, 256)


def test_the_schedule_is_geometric_and_keeps_its_ends() -> None:
    sigmas = sigma_schedule(0.5, 200.0, 7)
    assert len(sigmas) == 7
    assert [sigmas[0], sigmas[-1]] == pytest.approx([0.5, 200.0])
    ratios = np.array(sigmas[1:]) / np.array(sigmas[:-1])
    assert np.allclose(ratios, ratios[0])
    assert sigma_schedule(4, 256, 1) == (4.0,)
    assert sigma_schedule(256, 1, 3) == (256, 16, 1)


@pytest.mark.parametrize("given", [(0, 256, 3), (1, 0, 3), (-1, 256, 3), (1, 256, 0)])
def test_impossible_schedules_are_refused(given: tuple[float, float, int]) -> None:
    with pytest.raises(ValueError, match=r"sigmas must be > 0 and scales >= 1"):
        sigma_schedule(*given)


@pytest.mark.parametrize("given", [[], [0.0], [1.0, -2.0], [math.nan], [math.inf]])
def test_impossible_sigmas_are_refused(given: list[float]) -> None:
    with pytest.raises(ValueError, match="non-empty list of positive numbers"):
        check_sigmas(given)
    assert check_sigmas([1, 16]) == (1.0, 16.0)


@pytest.mark.parametrize("sigma", [0.5, 1.0, 16.0, 256.0])
def test_directions_are_drawn_from_the_stated_normal_distribution(sigma: float) -> None:
    torch.manual_seed(int(sigma * 2))
    b = FourierFeatures(sigma, rows=20_000).b / sigma
    assert abs(float(b.mean())) < 0.02  # four standard errors of 40,000 draws
    assert abs(float(b.std()) - 1) < 0.015
    assert abs(float((b**4).mean()) - 3) < 0.25  # the fourth moment of a normal distribution
    assert abs(float((b[:, 0] * b[:, 1]).mean())) < 0.03


def test_features_are_cosines_then_sines_of_the_stated_phases() -> None:
    torch.manual_seed(0)
    features = FourierFeatures(2.0, rows=7, inputs=3)
    points = torch.rand(50, 3) * 2 - 1
    phase = 2 * math.pi * points.double() @ features.b.double().T
    expected = torch.cat((phase.cos(), phase.sin()), dim=1)
    found = features(points)
    assert (found.shape, found.dtype) == ((50, 14), torch.float32)
    assert float((found - expected).abs().max()) < 1e-5
    assert torch.allclose((found[:, :7] ** 2 + found[:, 7:] ** 2), torch.ones(50, 7), atol=1e-6)


def test_the_directions_are_state_and_no_parameter() -> None:
    features = FourierFeatures(1.0)
    assert list(features.state_dict()) == ["b"]
    assert features.b.shape == (256, 2)
    assert not list(features.parameters())


def test_phases_are_float32_in_a_network_of_bfloat16() -> None:
    torch.manual_seed(0)
    features = FourierFeatures(256.0)
    points = torch.rand(100, 2)
    expected = features(points)
    assert torch.equal(features.bfloat16().float()(points), features(points))
    rounded = FourierFeatures(256.0)
    rounded.load_state_dict(features.state_dict())
    assert rounded(points.bfloat16()).dtype == torch.float32
    assert expected.abs().max() <= 1


def test_the_kernel_is_the_gaussian_one() -> None:
    # E[cos(2 pi b.d)] = exp(-2 pi^2 sigma^2 |d|^2) for b ~ N(0, sigma^2): nearby points look alike, others do not.
    torch.manual_seed(1)
    features = FourierFeatures(1.0, rows=100_000)
    distances = torch.tensor([0.0, 0.05, 0.1, 0.2, 0.5])
    points = torch.stack((distances, torch.zeros(5)), dim=1)
    found = features(points)
    kernel = (found @ found[0]) / 100_000
    assert torch.allclose(kernel, torch.exp(-2 * math.pi**2 * distances**2), atol=0.015)


def test_phases_are_float32_under_autocast() -> None:
    features = FourierFeatures(256.0)
    points = torch.rand(50, 2)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        under = features(points)
    torch.testing.assert_close(under, features(points), rtol=0, atol=0)

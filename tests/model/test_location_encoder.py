from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pyproj
import pytest
import torch
import torch.nn.functional as F

from geoclip_core.earth.window import Window
from geoclip_core.model import location_encoder
from geoclip_core.model.device import tiny_numbers_as_zeros
from geoclip_core.model.location_encoder import LocationEncoder, equal_earth
from geoclip_core.weights.load import LocationEncoder as Pretrained

SPECIAL = [[90, 0], [-90, 0], [90, -180], [0, -180], [0, 179.9999], [0, 0], [48.8584, 2.2945], [-33.8568, 151.2153]]


def points(count: int, seed: int = 0) -> torch.Tensor:
    """Points spread evenly over the sphere, and the ones where things go wrong."""
    rng = np.random.default_rng(seed)
    latitude = np.degrees(np.arcsin(rng.uniform(-1, 1, count - len(SPECIAL))))
    longitude = rng.uniform(-180, 180, count - len(SPECIAL))
    return torch.from_numpy(np.concatenate([SPECIAL, np.stack([latitude, longitude], axis=1)]).astype(np.float32))


@pytest.fixture(scope="module")
def pair(reference: Any) -> tuple[Pretrained, Any]:
    ours, theirs = Pretrained.from_pretrained(), reference.LocationEncoder()
    return ours.requires_grad_(True), theirs


def test_weights_that_count_for_nothing_are_zeros_and_no_other_is_changed(pair: tuple[Pretrained, Any]) -> None:
    ours, theirs = (encoder.state_dict() for encoder in pair)
    tiny = torch.finfo(torch.float32).tiny
    assert sum(int(((value != 0) & (value.abs() < tiny)).sum()) for value in theirs.values()) > 10_000
    for name, value in theirs.items():
        assert torch.equal(ours[name], torch.where(value.abs() < 1e-20, 0, value)), name


@pytest.mark.slow
def test_vectors_are_those_of_the_reference(pair: tuple[Pretrained, Any]) -> None:
    ours, theirs = pair
    latlon = points(20_000)
    with torch.inference_mode(), tiny_numbers_as_zeros():
        difference = max(float((ours(part) - theirs(part)).abs().max()) for part in torch.split(latlon, 2000))
    assert difference <= 1e-6  # the entries are about 0.01


@pytest.mark.slow
def test_gradients_are_those_of_the_reference(pair: tuple[Pretrained, Any]) -> None:
    latlon = points(2000, seed=1)[len(SPECIAL) :]  # at the poles themselves the projection has no derivative
    goal = torch.randn(len(latlon), 512, generator=torch.Generator().manual_seed(0))
    found = []
    for encoder in pair:
        encoder.zero_grad()
        where = latlon.clone().requires_grad_()
        with tiny_numbers_as_zeros():
            (encoder(where) * goal).sum().backward()
        gradients = {name: p.grad for name, p in encoder.named_parameters() if p.grad is not None}
        found.append(gradients | {"latlon": where.grad})
    ours, theirs = found
    assert set(ours) == set(theirs)
    assert len(ours) == 1 + 3 * 8
    for name, expected in theirs.items():
        largest = float(expected.abs().max())
        assert largest > 0.1
        assert float((ours[name] - expected).abs().max()) <= 1e-5 * largest, name


def test_the_state_has_the_names_of_the_released_one(pair: tuple[Pretrained, Any]) -> None:
    ours, theirs = pair
    shapes = {name: value.shape for name, value in ours.state_dict().items()}
    assert shapes == {name: value.shape for name, value in theirs.state_dict().items()}


def test_the_projection_is_the_accurate_one_within_float32() -> None:
    latlon = points(5000)
    plane = equal_earth(latlon)
    accurate = pyproj.Proj("+proj=eqearth +R=1")(*latlon.double().numpy()[:, ::-1].T)
    assert np.abs(plane.numpy() - np.stack(accurate, axis=-1) / 2.7066300).max() < 1e-6
    assert float(plane[:, 0].abs().max()) <= 1.0 + 1e-6
    assert float(plane[:, 1].abs().max()) <= 0.4867169 + 1e-6


def test_input_may_be_anything_numpy_reads() -> None:
    encoder = LocationEncoder(rows=8, width=16, dim=4).requires_grad_(False)
    expected = encoder(torch.tensor([[48.8584, 2.2945], [0.0, 0.0]]))
    assert (expected.shape, expected.dtype) == ((2, 4), torch.float32)
    fixed = np.array([[48.8584, 2.2945], [0.0, 0.0]])
    fixed.flags.writeable = False
    for given in (fixed, fixed.tolist(), fixed.astype(np.float32), torch.from_numpy(fixed.copy())):
        assert torch.equal(encoder(given), expected)
    assert encoder(np.zeros((0, 2))).shape == (0, 4)


@pytest.mark.parametrize("shape", [(2,), (3, 3), (1, 2, 2), (2, 1)])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"latlon must have shape \(n, 2\), got \("):
        LocationEncoder(rows=8, width=16, dim=4)(np.zeros(shape))


def test_scales_are_summed_and_may_be_any_number() -> None:
    torch.manual_seed(3)
    encoder = LocationEncoder((1.0, 4.0), rows=8, width=16, dim=4).requires_grad_(False)
    latlon = points(50)
    plane = equal_earth(latlon)
    parts = [scale(plane) for scale in encoder.children()]
    assert len(parts) == 2
    assert torch.allclose(encoder(latlon), parts[0] + parts[1], atol=1e-6)
    with pytest.raises(ValueError, match="non-empty list of positive numbers"):
        LocationEncoder(())


def test_without_projection_degrees_are_scaled_to_one() -> None:
    torch.manual_seed(3)
    encoder = LocationEncoder((1.0,), rows=8, width=16, dim=4, projection=False).requires_grad_(False)
    (scale,) = encoder.children()
    assert torch.allclose(encoder([[45.0, -90.0]]), scale(torch.tensor([[0.5, -0.5]])), atol=1e-6)
    assert not torch.allclose(encoder([[45.0, -90.0]]), scale(equal_earth(torch.tensor([[45.0, -90.0]]))))


def test_layers_in_bfloat16_keep_the_direction(pair: tuple[Pretrained, Any]) -> None:
    latlon = points(500)
    encoder = Pretrained.from_pretrained()
    expected = encoder(latlon)
    for name, module in encoder.named_modules():
        if name.endswith(("capsule.1", "capsule.3", "capsule.5", "head.0")):
            module.bfloat16()
    found = encoder(latlon)
    assert found.dtype == torch.float32
    assert float(F.cosine_similarity(found, expected).min()) > 0.9998


def evaluations(encoder: LocationEncoder, latlon: np.ndarray, stride: int, monkeypatch: Any) -> tuple[Any, list[int]]:
    """What on_grid makes, and how many points each scale was asked for."""
    counts = [0] * len(encoder.sigmas)
    for i, scale in enumerate(encoder.children()):
        original = scale.forward

        def counted(plane: Any, i: int = i, original: Any = original) -> Any:
            counts[i] += len(plane)
            return original(plane)

        monkeypatch.setattr(scale, "forward", counted)
    with torch.inference_mode():
        made = encoder.on_grid(latlon, stride)
    monkeypatch.undo()
    return made, counts


SIZE = (31, 41)
WINDOWS = {
    # A window, and which scales are smooth enough in it to be interpolated.
    "Boston, 15 km": (Window.around([42.36, -71.06], 15, SIZE), [True, True, False]),
    "Boston, 200 m": (Window.around([42.36, -71.06], 0.2, SIZE), [True, True, True]),
    "New England": (Window.box(41.5, -72.0, 43.5, -70.0, SIZE), [True, False, False]),
    "beside the North Pole": (Window.box(89.98, 10.0, 90.0, 10.4, SIZE), [True, True, False]),
    "over the South Pole": (Window.around([-89.9, 10.0], 60, SIZE), [False, False, False]),
    "across the antimeridian": (Window.box(-17.3, 179.7, -16.7, -179.7, SIZE), [False, False, False]),
    "flat and wide": (Window.box(42.30, -100.0, 42.31, -60.0, SIZE), [False, False, False]),
}


@pytest.mark.parametrize("name", WINDOWS)
@pytest.mark.slow
def test_a_grid_is_what_its_points_are(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    window, smooth = WINDOWS[name]
    latlon = window.pixel_latlon()
    encoder = Pretrained.from_pretrained()
    found, counts = evaluations(encoder, latlon, 10, monkeypatch)
    assert (found.shape, found.dtype) == ((31, 41, 512), torch.float32)
    expected = encoder(latlon.reshape(-1, 2)).reshape(found.shape)
    assert float(F.cosine_similarity(found, expected, dim=-1).min()) >= 0.9999
    assert float(((found - expected).norm(dim=-1) / expected.norm(dim=-1)).max()) < 5e-3
    assert counts == [4 * 5 if interpolated else 31 * 41 for interpolated in smooth]


def test_a_grid_of_one_row_one_column_or_one_point_works() -> None:
    encoder = LocationEncoder(rows=8, width=16, dim=4).requires_grad_(False)
    latlon = Window.box(42.1, -71.4, 42.65, -70.7, (21, 21), "equirectangular").pixel_latlon()
    for part in (latlon[:1], latlon[:, :1], latlon[:1, :1]):
        expected = encoder(part.reshape(-1, 2)).reshape(*part.shape[:2], 4)
        assert torch.allclose(encoder.on_grid(part, 10), expected, atol=1e-3)
    with pytest.raises(ValueError, match="grid of 21 x 21 does not fit nodes every 6 steps"):
        encoder.on_grid(latlon, 6)


def test_an_encoder_of_ones_own_is_random_and_loads_nothing() -> None:
    torch.manual_seed(0)
    first, second = LocationEncoder(), LocationEncoder()
    assert not torch.equal(first.state_dict()["LocEnc0.head.0.weight"], second.state_dict()["LocEnc0.head.0.weight"])
    assert not hasattr(location_encoder, "read_released")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert all(p.requires_grad for p in first.parameters())

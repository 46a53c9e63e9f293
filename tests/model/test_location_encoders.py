"""The registry of location encoders, and what a new one takes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from geoclip_core.earth.window import Window
from geoclip_core.errors import WeightsError
from geoclip_core.model.location_encoder import LocationEncoder, equal_earth
from geoclip_core.model.location_encoders import LOCATION_ENCODERS, MlpLocationEncoder, build_location_encoder

SIZES = {"sigmas": (1.0, 4.0), "rows": 8, "width": 16, "dim": 4, "projection": True}


@pytest.mark.parametrize("kind", LOCATION_ENCODERS)
def test_every_encoder_maps_points_and_grids_alike(kind: str) -> None:
    encoder = build_location_encoder(kind, **SIZES).requires_grad_(False)
    grid = Window.box(42.1, -71.4, 42.65, -70.7, (11, 21), "equirectangular").pixel_latlon()
    one_by_one = encoder(grid.reshape(-1, 2))
    assert (one_by_one.shape, one_by_one.dtype, encoder.dim) == ((231, 4), torch.float32, 4)
    assert torch.allclose(encoder.on_grid(grid, 10).reshape(231, 4), one_by_one, atol=1e-3)
    with pytest.raises(ValueError, match=r"latlon must have shape \(n, 2\), got \(3,\)"):
        encoder([1.0, 2.0, 3.0])


def test_the_default_is_the_papers() -> None:
    torch.manual_seed(0)
    direct = LocationEncoder((1.0, 4.0), rows=8, width=16, dim=4)
    torch.manual_seed(0)
    named = build_location_encoder(**SIZES)
    assert type(named) is LocationEncoder
    assert all(torch.equal(value, direct.state_dict()[key]) for key, value in named.state_dict().items())


@pytest.mark.parametrize("projection", [True, False])
def test_the_mlp_is_its_layers_behind_the_coordinates(projection: bool) -> None:
    encoder = MlpLocationEncoder(width=16, dim=4, projection=projection).requires_grad_(False)
    latlon = torch.tensor([[10.0, 20.0], [-60.0, 170.0]])
    x = equal_earth(latlon) if projection else latlon / torch.tensor([90.0, 180.0])
    linear = [layer for layer in encoder.modules() if isinstance(layer, nn.Linear)]
    assert len(linear) == 4
    for layer in linear[:-1]:
        x = torch.relu(x @ layer.weight.T + layer.bias)
    torch.testing.assert_close(encoder(latlon), x @ linear[-1].weight.T + linear[-1].bias)


def test_unknown_names_are_refused() -> None:
    with pytest.raises(WeightsError, match=r"no location encoder 'sine'. Allowed: geoclip, mlp"):
        build_location_encoder("sine")
    with pytest.raises(TypeError, match="widht"):
        build_location_encoder("mlp", widht=16)


def test_encoding_takes_numbers_of_any_kind() -> None:
    encoder = build_location_encoder("mlp", **SIZES).requires_grad_(False)
    expected: Tensor = encoder(torch.tensor([[1.5, 2.5]]))
    for given in ([[1.5, 2.5]], np.array([[1.5, 2.5]]), torch.tensor([[1.5, 2.5]], dtype=torch.float64)):
        assert torch.equal(encoder(given), expected)

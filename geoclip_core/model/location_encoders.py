"""The location encoders there are, by name: a new one is a class and a line in ``LOCATION_ENCODERS``."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from geoclip_core.errors import WeightsError
from geoclip_core.model.encodings.network import EncodedLocationEncoder
from geoclip_core.model.encodings.registry import ENCODINGS
from geoclip_core.model.location_encoder import BaseLocationEncoder, LocationEncoder, equal_earth


class MlpLocationEncoder(BaseLocationEncoder):
    """Linear layers behind the coordinates, without Fourier features (an ablation of the paper).

    Args:
        width: Hidden units per layer.
        dim: Dimension of the output.
        projection: Whether points are projected (Equal Earth), or fed as latitude/90 and longitude/180.
    """

    def __init__(self, *, width: int = 1024, dim: int = 512, projection: bool = True) -> None:
        super().__init__()
        self.dim, self.projection = dim, projection
        hidden = [part for _ in range(2) for part in (nn.Linear(width, width), nn.ReLU())]
        self.layers = nn.Sequential(nn.Linear(2, width), nn.ReLU(), *hidden, nn.Linear(width, dim))

    def encode(self, latlon: Tensor) -> Tensor:
        """Vectors (n, dim) float32, not normalised, of points (n, 2) in degrees."""
        plane = equal_earth(latlon) if self.projection else latlon / latlon.new_tensor((90.0, 180.0))
        vectors: Tensor = self.layers(plane)
        return vectors.to(torch.float32)


LOCATION_ENCODERS: dict[str, Callable[..., BaseLocationEncoder]] = {
    "geoclip": LocationEncoder,
    "mlp": MlpLocationEncoder,
    **{name: partial(EncodedLocationEncoder, name) for name in ENCODINGS},
}
"""Name in ``model.location.encoder`` of a training configuration, and in ``record.json`` -> class."""

_SIZES = frozenset({"sigmas", "rows", "width", "dim", "projection"})


def build_location_encoder(
    kind: str = "geoclip", *, options: Mapping[str, Any] | None = None, **sizes: Any
) -> BaseLocationEncoder:
    """A location encoder with random weights.

    Args:
        kind: A name in ``LOCATION_ENCODERS``.
        options: What only this encoder takes: the arguments of its class in ``model.encodings``.
        sizes: ``sigmas, rows, width, dim, projection`` (see ``learning.settings.LocationConfig``); those that the
            encoder does not take are left out.

    Raises:
        WeightsError: There is no such encoder, or it takes no such option.
        TypeError: A size of another name.
        ValueError: A size or an option of an impossible value.
    """
    encoder = LOCATION_ENCODERS.get(kind)
    if encoder is None:
        raise WeightsError(f"There is no location encoder {kind!r}", allowed=", ".join(LOCATION_ENCODERS))
    taken = inspect.signature(encoder).parameters
    if options:
        if "options" not in taken:
            raise WeightsError(
                f"The location encoder {kind} has no option {next(iter(options))!r}", allowed="no options"
            )
        sizes["options"] = options
    return encoder(**{name: size for name, size in sizes.items() if name in taken or name not in _SIZES})

"""Location encoders to compare with GeoCLIP's, called alike: ``encoder(latlon)`` (n, 2) degrees to (n, d) float32.

Their formulas are in ``model.encodings``, where training, export and local models can reach them as well: a file
imports from lower floors only, so they cannot be here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from geoclip_core.errors import WeightsError
from geoclip_core.model.encodings.registry import ENCODINGS, build_encoding
from geoclip_core.model.location_encoder import BaseLocationEncoder
from geoclip_core.model.location_encoders import build_location_encoder

RANDOM = "geoclip_random"
"""GeoCLIP's location encoder as it is before training: the control of every probe."""

ENCODERS: dict[str, Callable[..., BaseLocationEncoder]] = {
    **{name: lambda name=name, **options: build_encoding(name, **options) for name in ENCODINGS},
    "sphere_c_plus_whole": lambda **options: build_encoding("sphere_c_plus", whole=True, **options),
    "rbf_arc": lambda **options: build_encoding("rbf", arc=True, **options),
    RANDOM: lambda **sizes: build_location_encoder("geoclip", **sizes),
    "siren_random": lambda **sizes: build_location_encoder("spherical_harmonics", **sizes),
}
"""Name -> function that builds it. Formulas have nothing to train; the two names with ``random`` are networks."""


def build_encoder(name: str, seed: int = 0, **options: Any) -> BaseLocationEncoder:
    """An encoder in evaluation mode, without gradients; the same seed gives the same one.

    Args:
        name: A name in ``ENCODERS``.
        seed: Of random directions and weights.
        options: Arguments of the formula, or sizes of the network.

    Raises:
        WeightsError: There is no such encoder, or it takes no such option.
    """
    if name not in ENCODERS:
        raise WeightsError(f"There is no encoder {name!r}", allowed=", ".join(ENCODERS))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return ENCODERS[name](**options).eval().requires_grad_(False)

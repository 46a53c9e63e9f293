"""The position encodings there are, by name: a new one is a class and a line in ``ENCODINGS``."""

from __future__ import annotations

import inspect
from typing import Any

from geoclip_core.errors import WeightsError
from geoclip_core.model.encodings.encoding import PositionEncoding
from geoclip_core.model.encodings.harmonics import SphericalHarmonics
from geoclip_core.model.encodings.plane import Cartesian, Direct, Tile, Wrap
from geoclip_core.model.encodings.space2vec import Grid, Theory
from geoclip_core.model.encodings.sphere2vec import DoubleFourier, SphereC, SphereCPlus, SphereM, SphereMPlus
from geoclip_core.model.encodings.waves import Nerf, PlainFourier, Rbf, Rff

ENCODINGS: dict[str, type[PositionEncoding]] = {
    "direct": Direct,
    "cartesian": Cartesian,
    "wrap": Wrap,
    "grid": Grid,
    "theory": Theory,
    "sphere_c": SphereC,
    "sphere_c_plus": SphereCPlus,
    "sphere_m": SphereM,
    "sphere_m_plus": SphereMPlus,
    "dfs": DoubleFourier,
    "nerf": Nerf,
    "rbf": Rbf,
    "rff": Rff,
    "tile": Tile,
    "fourier_plain": PlainFourier,
    "spherical_harmonics": SphericalHarmonics,
}
"""Name in ``model.location.encoder`` of a training configuration, and of ``embed --encoder`` -> class."""


def build_encoding(name: str, **options: Any) -> PositionEncoding:
    """A position encoding; those with random directions draw them from torch's generator.

    Args:
        name: A name in ``ENCODINGS``.
        options: Arguments of its class.

    Raises:
        WeightsError: There is no such encoding, or it takes no such option.
        ValueError: An option out of range.
    """
    encoding = ENCODINGS.get(name)
    if encoding is None:
        raise WeightsError(f"There is no position encoding {name!r}", allowed=", ".join(ENCODINGS))
    known = list(inspect.signature(encoding).parameters)
    if unknown := [option for option in options if option not in known]:
        raise WeightsError(
            f"The position encoding {name} has no option {unknown[0]!r}", allowed=", ".join(known) or "no options"
        )
    return encoding(**options)

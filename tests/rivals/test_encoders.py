"""The encoders to compare: one way to be called, and the same one for the same seed."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from geoclip_core.errors import WeightsError
from geoclip_core.rivals.encoders import ENCODERS, RANDOM, build_encoder

POINTS = np.array([[48.9, 2.3], [-33.9, 151.2], [0.0, -180.0]])


@pytest.mark.parametrize("name", ENCODERS)
def test_all_are_called_alike_and_depend_on_their_seed_only(name: str) -> None:
    sizes = {"width": 8, "dim": 4} if name in (RANDOM, "siren_random") else {}
    first, again = (build_encoder(name, 3, **sizes)(POINTS) for _ in range(2))
    assert first.shape == (3, build_encoder(name, **sizes).dim)
    assert first.dtype == torch.float32
    assert torch.equal(first, again)


def test_random_weights_differ_between_seeds_and_unknown_names_are_refused() -> None:
    sizes = {"width": 8, "dim": 4}
    assert not torch.equal(build_encoder(RANDOM, 0, **sizes)(POINTS), build_encoder(RANDOM, 1, **sizes)(POINTS))
    with pytest.raises(WeightsError, match="no encoder 'sphere'"):
        build_encoder("sphere")

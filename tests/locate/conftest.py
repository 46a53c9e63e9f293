"""The released location encoder and gallery, loaded once."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from geoclip_core.locate.gallery import Gallery, load_gallery
from geoclip_core.weights.load import LocationEncoder, read_gallery, read_logit_scale
from geoclip_core.weights.registry import MODELS


@dataclass(frozen=True)
class Released:
    encoder: LocationEncoder
    gallery: Gallery
    scale: float


@pytest.fixture(scope="session")
def released() -> Released:
    record = MODELS["geoclip"]
    encoder = LocationEncoder.from_pretrained()
    return Released(encoder, load_gallery(encoder, read_gallery(record)), read_logit_scale(record))

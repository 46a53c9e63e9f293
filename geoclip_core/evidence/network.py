"""A loaded model, as far as sources of evidence need it."""

from __future__ import annotations

from dataclasses import dataclass

from geoclip_core.model.image_encoder import ImageEncoder
from geoclip_core.model.location_encoder import BaseLocationEncoder
from geoclip_core.model.text_encoder import TextEncoder
from geoclip_core.photo.preprocess import Preprocess


@dataclass(frozen=True)
class Network:
    """The parts of a model.

    Attributes:
        location_encoder: From points to vectors; every source puts its places into this space.
        image_encoder: From pixels to vectors; None where the model does not look at pixels by itself.
        text_encoder: From sentences to vectors; None where texts are read as names of places.
        preprocess: What a photo goes through before the image encoder.
        vision_name: Who looks at pixels, in words.
    """

    location_encoder: BaseLocationEncoder
    image_encoder: ImageEncoder | None = None
    text_encoder: TextEncoder | None = None
    preprocess: Preprocess | None = None
    vision_name: str = "CLIP"

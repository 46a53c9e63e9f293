"""What a photo looks like, and what a sentence means, to CLIP and the trained layers behind it (GeoCLIP)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from geoclip_core.earth.regions import Region
from geoclip_core.evidence.network import Network
from geoclip_core.evidence.source import EvidenceSource, Finding, from_vectors
from geoclip_core.model.image_encoder import ImageEncoder
from geoclip_core.photo.decode import Photo
from geoclip_core.photo.preprocess import Pixels, Preprocess

_PICTURES = 128
"""Pictures that go through the tower at a time, at most: ten crops of many photos are too many for any memory."""


@dataclass(frozen=True)
class ClipView:
    """What the tower sees of one photo.

    Attributes:
        pixels: (crops, 3, s, s) float32, normalised.
        size: Width and height of the photo.
    """

    pixels: Pixels
    size: tuple[int, int]


class ClipSource(EvidenceSource):
    """Photos through an image tower and its head; texts through CLIP's text tower and the same head.

    Args:
        network: A model with an image encoder; its text encoder is used where it has one.
    """

    name = "clip"

    def __init__(self, network: Network) -> None:
        self.network = network

    def view(self, photo: Photo, crops: int = 1) -> ClipView | Finding:
        """The pixels as the tower takes them; ten crops are averaged as in the paper."""
        preprocess = self.network.preprocess
        if self.network.image_encoder is None or preprocess is None:
            return Finding()
        if photo.pixels is None:
            return Finding(reason="its pixels cannot be read")
        views = preprocess.ten_crops(photo.image) if crops == 10 else preprocess.pixels(photo.image)[None]
        return ClipView(views, photo.size)

    def look(self, views: Sequence[ClipView]) -> list[Finding]:
        """What the pixels of each photo look like to the model, all of them in one pass through the tower."""
        encoder = self.network.image_encoder
        assert encoder is not None
        pictures = torch.cat([torch.from_numpy(view.pixels) for view in views])
        with torch.inference_mode():
            vectors = torch.cat([encoder(part) for part in torch.split(pictures, _PICTURES)])
        found = []
        for view, own in zip(views, torch.split(vectors, [len(view.pixels) for view in views]), strict=True):
            width, height = view.size
            label = f"what {self.network.vision_name} sees in a photo of {width} x {height} pixels"
            found.append(Finding(from_vectors("visual", label, own)))
        return found

    def text(self, text: str, region: Region | None = None) -> Finding:  # noqa: ARG002 - its field is restricted later
        """What the sentence means to CLIP; nothing where the model has no text tower."""
        if self.network.text_encoder is None:
            return Finding()
        with torch.inference_mode():
            vectors = self.network.text_encoder([text])
        return Finding(from_vectors("text", f"what CLIP understands by “{text}”", vectors))

    @property
    def image_encoder(self) -> tuple[ImageEncoder, Preprocess] | None:
        """The encoder, where its tower is a CLIP's, whose patches can be told apart."""
        encoder, preprocess = self.network.image_encoder, self.network.preprocess
        patches = encoder is not None and hasattr(encoder.tower, "transformer")
        return (encoder, preprocess) if encoder is not None and preprocess is not None and patches else None

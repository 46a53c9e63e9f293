"""What a photo looks like, and what a sentence means, to CLIP and the trained layers behind it (GeoCLIP)."""

from __future__ import annotations

import torch

from geoclip_core.evidence.network import Network
from geoclip_core.evidence.source import EvidenceSource, Finding, from_vectors
from geoclip_core.model.image_encoder import ImageEncoder
from geoclip_core.photo.decode import Photo
from geoclip_core.photo.preprocess import Preprocess


class ClipSource(EvidenceSource):
    """Photos through an image tower and its head; texts through CLIP's text tower and the same head.

    Args:
        network: A model with an image encoder; its text encoder is used where it has one.
    """

    name = "clip"

    def __init__(self, network: Network) -> None:
        self.network = network

    def photo(self, photo: Photo, crops: int = 1) -> Finding:
        """What the pixels look like to the model; ten crops are averaged as in the paper."""
        encoder, preprocess = self.network.image_encoder, self.network.preprocess
        if encoder is None or preprocess is None:
            return Finding()
        if photo.pixels is None:
            return Finding(reason="its pixels cannot be read")
        views = preprocess.ten_crops(photo.image) if crops == 10 else preprocess.pixels(photo.image)[None]
        with torch.inference_mode():
            vectors = encoder(torch.from_numpy(views))
        width, height = photo.size
        label = f"what {self.network.vision_name} sees in a photo of {width} x {height} pixels"
        return Finding(from_vectors("visual", label, vectors))

    def text(self, text: str) -> Finding:
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

"""Validation: photos are placed at the best point of a gallery, and accuracy is counted over batches and processes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchmetrics import Metric

from geoclip_core.evaluation.metrics import THRESHOLDS_KM, Accuracy, error_km

_POINTS = 4096  # encoded or compared at a time


def accuracy_name(threshold_km: float) -> str:
    """Name of an accuracy in logs and records, such as ``accuracy_25km``."""
    return f"accuracy_{threshold_km:.0f}km"


class LocationAccuracy(Metric):
    """Share of photos placed within each threshold, and the median error, over all batches and processes.

    Every error is kept, 8 bytes each: the median needs them.
    """

    full_state_update = False
    errors_km: list[Tensor]

    def __init__(self) -> None:
        super().__init__()
        self.add_state("errors_km", [], dist_reduce_fx="cat")

    def update(self, predicted: Tensor, truth: Tensor) -> None:
        """Count a batch.

        Args:
            predicted: (n, 2) degrees.
            truth: (n, 2) degrees.
        """
        errors = torch.from_numpy(error_km(predicted.cpu().double().numpy(), truth.cpu().double().numpy()))
        if self.device.type == "mps":  # Apple's GPUs have no float64
            errors = errors.float()
        self.errors_km.append(errors.to(self.device))

    def compute(self) -> dict[str, Tensor]:
        """Shares in [0, 1] as ``accuracy_1km`` ... and ``median_km``; NaN where nothing was counted."""
        parts: Any = self.errors_km  # one tensor already, where the errors of several processes were joined
        errors = parts if isinstance(parts, Tensor) else torch.cat([torch.empty(0, device=self.device), *parts])
        if not len(errors):
            nothing = torch.tensor(torch.nan)
            return {**{accuracy_name(threshold): nothing for threshold in THRESHOLDS_KM}, "median_km": nothing}
        found = Accuracy.of(errors.cpu().double().numpy())
        shares = zip(found.thresholds_km, found.shares, strict=True)
        return {
            **{accuracy_name(threshold): torch.tensor(share) for threshold, share in shares},
            "median_km": torch.tensor(found.median_km),
        }


class GalleryRetrieval:
    """Places photos at the most similar point of a gallery, with the network as it is now.

    Args:
        encoder: Location encoder.
        gallery: (g, 2) degrees, on the encoder's device.
    """

    def __init__(self, encoder: nn.Module, gallery: Tensor) -> None:
        self.gallery = gallery
        with torch.no_grad(), torch.autocast(gallery.device.type, enabled=False):
            self.vectors = torch.cat([F.normalize(encoder(part), dim=1) for part in torch.split(gallery, _POINTS)])

    @property
    def some(self) -> tuple[Tensor, Tensor]:
        """Points (k, 2) spread over the gallery, and their vectors (k, d), normalised; k is at most 4,096."""
        count = len(self.gallery)
        rows = torch.linspace(0, count - 1, min(count, _POINTS), device=self.gallery.device).round().long()
        return self.gallery[rows], self.vectors[rows]

    @torch.no_grad()
    def locate(self, images: Tensor) -> Tensor:
        """The paper's answer: the gallery's best point by the cosine averaged over views.

        Args:
            images: (n, P, d), not normalised.

        Returns:
            (n, 2) degrees.
        """
        with torch.autocast(images.device.type, enabled=False):  # neighbours of a dense gallery differ by less
            mean = F.normalize(images.float(), dim=-1).mean(1)
            best = [(part @ self.vectors.T).argmax(1) for part in _parts(mean, len(self.vectors))]
        return self.gallery[torch.cat(best)]


def _parts(queries: Tensor, points: int) -> Iterator[Tensor]:
    """Rows of the queries, in parts whose similarities to all points take about 256 MB."""
    yield from torch.split(queries, max(1, 2**26 // max(1, points)))

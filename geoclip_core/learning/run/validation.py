"""Accuracy against a gallery, summed over batches and over processes."""

from __future__ import annotations

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchmetrics import Metric

from geoclip_core.earth.distance import great_circle_km

THRESHOLDS_KM = (1.0, 25.0, 200.0, 750.0, 2500.0)  # street, city, region, country, continent (paper, section 4)

_POINTS = 4096  # encoded or compared at a time


class LocationAccuracy(Metric):
    """Share of photos placed within each threshold, and the median error.

    Shares are counts, summed over processes; the median needs every error, 8 bytes each.
    """

    full_state_update = False
    hits: Tensor
    total: Tensor
    errors_km: list[Tensor]

    def __init__(self) -> None:
        super().__init__()
        self.add_state("hits", torch.zeros(len(THRESHOLDS_KM), dtype=torch.int64), dist_reduce_fx="sum")
        self.add_state("total", torch.tensor(0), dist_reduce_fx="sum")
        self.add_state("errors_km", [], dist_reduce_fx="cat")

    def update(self, predicted: Tensor, truth: Tensor) -> None:
        """Count a batch.

        Args:
            predicted: (n, 2) degrees.
            truth: (n, 2) degrees.
        """
        km = great_circle_km(predicted.cpu().double().numpy(), truth.cpu().double().numpy())
        errors = torch.from_numpy(km)
        limits = torch.tensor(THRESHOLDS_KM, dtype=torch.float64)
        self.hits += (errors[:, None] <= limits).sum(0).to(self.hits.device)
        self.total += len(errors)
        self.errors_km.append(errors.float().to(self.hits.device))

    def compute(self) -> dict[str, Tensor]:
        """Shares in [0, 1] as ``accuracy_1km`` ... and ``median_km``; NaN where nothing was counted."""
        shares = self.hits.cpu().double() / self.total.cpu()  # not every accelerator has float64
        out = {f"accuracy_{km:.0f}km": share.float() for km, share in zip(THRESHOLDS_KM, shares, strict=True)}
        every = self.errors_km
        errors = torch.cat(every) if isinstance(every, list) and every else every
        out["median_km"] = errors.quantile(0.5) if isinstance(errors, Tensor) else torch.tensor(torch.nan)
        return out


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
    """Rows of the queries, so many that their similarities to all points take about 256 MB."""
    yield from torch.split(queries, max(1, 2**26 // max(1, points)))

"""Photos that are asked about at the same time go through the tower together."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import nn

from geoclip_core.evidence.clip import ClipSource
from geoclip_core.evidence.network import Network
from geoclip_core.model.image_encoder import ImageEncoder, projection_mlp
from geoclip_core.serve.http.tower import BatchedImageEncoder, batch_towers


class Counting(nn.Module):
    """A tower that waits at its first batch until the others have arrived."""

    def __init__(self, tower: nn.Module, arrived: threading.Event) -> None:
        super().__init__()
        self.tower, self.arrived, self.sizes = tower, arrived, []  # type: ignore[var-annotated]
        self.busy = threading.Event()

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        self.busy.set()
        if not self.sizes:
            self.arrived.wait(10)
        self.sizes.append(len(pixels))
        out: torch.Tensor = self.tower(pixels)
        return out


def test_what_arrives_meanwhile_is_one_batch(small_clip: Any) -> None:
    arrived = threading.Event()
    tower = Counting(small_clip.image, arrived)
    encoder = ImageEncoder(tower, projection_mlp(small_clip.shape.dim, 16)).eval()
    batched = BatchedImageEncoder(encoder)
    photos = torch.randn(12, 1, 3, 28, 28, generator=torch.Generator().manual_seed(1))
    with ThreadPoolExecutor(12) as pool:
        found = [pool.submit(batched, photos[0])]
        assert tower.busy.wait(60)
        found += [pool.submit(batched, photo) for photo in photos[1:]]
        while batched._jobs.qsize() < 11:
            threading.Event().wait(0.01)
        arrived.set()
        vectors = torch.cat([f.result() for f in found])
    assert tower.sizes == [1, 11]
    alone = torch.cat([encoder(photo) for photo in photos])
    torch.testing.assert_close(vectors, alone, atol=1e-5, rtol=1e-4)


def test_an_error_reaches_everybody_who_waits_and_the_tower_goes_on(small_clip: Any) -> None:
    batched = BatchedImageEncoder(ImageEncoder(small_clip.image, projection_mlp(small_clip.shape.dim, 16)))
    with pytest.raises(RuntimeError):
        batched(torch.zeros(1, 3, 5, 5))
    assert batched(torch.zeros(1, 3, 28, 28)).shape == (1, 16)


def test_sources_of_one_network_share_their_batches(small_clip: Any) -> None:
    encoder = ImageEncoder(small_clip.image, projection_mlp(small_clip.shape.dim, 16))
    network = Network(nn.Identity(), encoder)  # type: ignore[arg-type]
    sources = (ClipSource(network), ClipSource(replace(network)), SimpleNamespace(name="text"))
    locator = SimpleNamespace(sources=sources, shown=())
    batch_towers(locator)  # type: ignore[arg-type]
    first, second = (source.network.image_encoder for source in sources[:2])
    assert isinstance(first, BatchedImageEncoder)
    assert first is second
    batch_towers(locator)  # type: ignore[arg-type]
    assert sources[0].network.image_encoder is first

"""Photos of several questions through an image tower at once."""

from __future__ import annotations

import queue
import threading
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from geoclip_core.locate.locator import Locator
from geoclip_core.model.image_encoder import ImageEncoder

MOST_VIEWS = 32
"""Views that go through the tower at a time; more bring no more speed and cost memory."""

_Job = tuple[Tensor, "Future[Tensor]"]


class BatchedImageEncoder(ImageEncoder):
    """An image encoder that joins what several threads ask for at the same time.

    While the tower works on one batch, what arrives meanwhile becomes the next one: nobody waits for a batch to fill,
    so that a single photo takes as long as before. Answers differ from those of one photo at a time in the last digits
    only, as those of any batch do.

    Args:
        encoder: The encoder; its tower and layers are shared.
    """

    def __init__(self, encoder: ImageEncoder) -> None:
        super().__init__(encoder.tower, encoder.mlp)
        self._jobs: queue.SimpleQueue[_Job] = queue.SimpleQueue()
        self._start = threading.Lock()
        self._started = False
        self.train(encoder.training)

    def forward(self, pixels: Tensor) -> Tensor:
        """Vectors (n, dim) float32 of pixels (n, 3, s, s), not normalised."""
        with self._start:
            if not self._started:
                threading.Thread(target=self._serve, name="tower", daemon=True).start()
                self._started = True
        found: Future[Tensor] = Future()
        self._jobs.put((pixels, found))
        return found.result()

    def _serve(self) -> None:
        while True:
            jobs = [self._jobs.get()]
            while sum(len(pixels) for pixels, _ in jobs) < MOST_VIEWS:
                try:
                    jobs.append(self._jobs.get_nowait())
                except queue.Empty:
                    break
            try:
                with torch.inference_mode():
                    vectors = super().forward(torch.cat([pixels for pixels, _ in jobs]))
            except BaseException as error:  # noqa: BLE001 - it is raised where the photo was asked about
                for _, found in jobs:
                    found.set_exception(error)
                continue
            for (_, found), part in zip(jobs, torch.split(vectors, [len(pixels) for pixels, _ in jobs]), strict=True):
                found.set_result(part)


def batch_towers(locator: Locator) -> None:
    """Let the sources of a locator that look at photos through an image encoder share batches.

    Args:
        locator: Changed in place; one that was changed before stays as it is.
    """
    made: dict[int, BatchedImageEncoder] = {}
    for source in (*locator.sources, *locator.shown):
        network: Any = getattr(source, "network", None)
        encoder = getattr(network, "image_encoder", None)
        if isinstance(encoder, ImageEncoder) and not isinstance(encoder, BatchedImageEncoder):
            batched = made.setdefault(id(encoder), BatchedImageEncoder(encoder))
            source.network = replace(network, image_encoder=batched)  # type: ignore[attr-defined]

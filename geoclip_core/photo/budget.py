"""How much is decoded at a time, over all threads: so that many large photos at once do not fill the memory."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class PixelBudget:
    """Pixels that may be decoded at a time, and by how many threads.

    Args:
        pixels: Of all pictures together; a larger one is decoded when nothing else is.
        pictures: Number of them.
    """

    def __init__(self, pixels: int, pictures: int) -> None:
        self._most = pixels
        self._free_pixels = pixels
        self._free_places = pictures
        self._changed = threading.Condition()

    @contextmanager
    def take(self, pixels: int) -> Iterator[None]:
        """Wait until so many pixels may be decoded, and hold them while the block runs.

        Args:
            pixels: Of the picture as it is decoded, 0 or more.
        """
        held = min(pixels, self._most)
        with self._changed:
            self._changed.wait_for(lambda: self._free_places > 0 and self._free_pixels >= held)
            self._free_places -= 1
            self._free_pixels -= held
        try:
            yield
        finally:
            with self._changed:
                self._free_places += 1
                self._free_pixels += held
                self._changed.notify_all()


DECODING = PixelBudget(pixels=200_000_000, pictures=max(2, os.cpu_count() or 1))
"""Of this process: 0.8 GB of pixels as Pillow keeps them, and one picture for each processor."""

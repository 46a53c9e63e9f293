"""Random views of a photo for training."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from geoclip_core.learning.limits import check_numbers
from geoclip_core.learning.randomness import generator_of
from geoclip_core.photo.preprocess import Preprocess

if TYPE_CHECKING:
    from torchvision.transforms.v2 import Compose


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute with one thread inside the block.

    A view is made by dozens of operations of under a millisecond. Several threads spin while they wait for each other
    between two of them, and where other programs keep the cores busy, that is nearly all they do.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@dataclass(frozen=True)
class PhotoViews:
    """Views of photos: random ones to train on, the model's own preprocessing to validate on.

    The defaults are those of the released code, which follow SimCLR (Chen et al. 2020, appendix A) without its
    blur. Mean and standard deviation are those of :class:`Preprocess`, so that training, evaluation and the page agree.

    Attributes:
        count: Views of each photo, P (paper, eq. 2; the number is not stated); 0 trains on the plain view.
        preprocess: Side, mean and standard deviation.
        smallest: Least share of the area that a view shows (torchvision's RandomResizedCrop: 0.08).
        flip: Probability of a mirror image.
        jitter: Probability of changed colours.
        brightness: Largest change of brightness, contrast and saturation.
        hue: Largest turn of the hue, in turns.
        grey: Probability of a grey view.

    Raises:
        TrainingError: A number is out of range.
    """

    count: int = 2
    preprocess: Preprocess = field(default_factory=Preprocess)
    smallest: float = 0.08
    flip: float = 0.5
    jitter: float = 0.8
    brightness: float = 0.4
    hue: float = 0.1
    grey: float = 0.2

    def __post_init__(self) -> None:
        """Check the numbers."""
        check_numbers("views", self)
        check_numbers("views.preprocess", self.preprocess)

    def random(self, image: Image.Image, *key: int) -> Tensor:
        """Random views, the same ones whenever the key is the same.

        Args:
            image: RGB, any size.
            key: Whole numbers, such as seed, epoch and row.

        Returns:
            (count, 3, size, size) float32, normalised.
        """
        transform = self._transform()
        # torchvision draws from the global generator, which gets its state back afterwards.
        with one_thread(), torch.random.fork_rng(devices=[]):
            torch.manual_seed(generator_of(*key).initial_seed())
            grid = torch.from_numpy(np.array(image)).permute(2, 0, 1)
            return torch.stack([transform(grid) for _ in range(self.count)])

    def plain(self, image: Image.Image) -> Tensor:
        """(1, 3, size, size) float32: the one view that the model answers from."""
        return torch.from_numpy(self.preprocess.pixels(image))[None]

    def _transform(self) -> Compose:
        from torchvision.transforms import v2

        amount = self.brightness
        return v2.Compose(
            [
                v2.RandomResizedCrop(
                    self.preprocess.size,
                    scale=(self.smallest, 1.0),
                    interpolation=v2.InterpolationMode(self.preprocess.interpolation),
                    antialias=True,
                ),
                v2.RandomHorizontalFlip(self.flip),
                v2.RandomApply([v2.ColorJitter(amount, amount, amount, self.hue)], self.jitter),
                v2.RandomGrayscale(self.grey),
                v2.ToDtype(torch.float32, scale=True),
                v2.Lambda(self.preprocess.normalise),
            ]
        )

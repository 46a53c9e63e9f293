"""Random views of a photo for training."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from geoclip_core.learning.randomness import generator_of
from geoclip_core.photo.preprocess import Preprocess

if TYPE_CHECKING:
    from torchvision.transforms.v2 import Compose


@dataclass(frozen=True)
class PhotoViews:
    """Views of photos: random ones to train on, the model's own preprocessing to validate on.

    The defaults are those of the released code, which follow SimCLR (Chen et al. 2020, appendix A) without its
    blur. Mean and standard deviation are those of :class:`Preprocess`, so that training, evaluation and the page agree.

    Attributes:
        count: Views of each photo, P (paper, eq. 2; the number is not stated).
        preprocess: Side, mean and standard deviation.
        smallest: Least share of the area that a view shows (torchvision's RandomResizedCrop: 0.08).
        flip: Probability of a mirror image.
        jitter: Probability of changed colours.
        brightness: Largest change of brightness, contrast and saturation.
        hue: Largest turn of the hue, in turns.
        grey: Probability of a grey view.
    """

    count: int = 2
    preprocess: Preprocess = field(default_factory=Preprocess)
    smallest: float = 0.08
    flip: float = 0.5
    jitter: float = 0.8
    brightness: float = 0.4
    hue: float = 0.1
    grey: float = 0.2

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
        with torch.random.fork_rng(devices=[]):
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

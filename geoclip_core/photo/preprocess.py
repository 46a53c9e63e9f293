"""From an upright RGB image to the numbers a network was trained on.

The settings are part of a model's weights record: training, evaluation and the page use the same ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

Pixels = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Preprocess:
    """Resize the short side, crop the centre, scale to [0, 1], subtract the mean, divide by the spread.

    The defaults are CLIP's (open_clip, ``openai`` tag): bicubic resampling to 224 pixels.

    Attributes:
        size: Side of the square that the network sees, in pixels.
        mean: Mean of red, green, blue on a scale of 0 to 1.
        std: Standard deviation of red, green, blue on a scale of 0 to 1.
    """

    size: int = 224
    mean: tuple[float, float, float] = (0.48145466, 0.4578275, 0.40821073)
    std: tuple[float, float, float] = (0.26862954, 0.26130258, 0.27577711)

    def pixels(self, image: Image.Image) -> Pixels:
        """Network input of one image.

        Args:
            image: RGB, any size.

        Returns:
            float32 of shape (3, size, size), normalised.
        """
        return self._normalise(_centre_crop(_resize_short_side(image, self.size), self.size))

    def ten_crops(self, image: Image.Image) -> Pixels:
        """The ten views of the paper's evaluation: four corners and the centre, and their mirror images.

        The short side is first resized to 8/7 of the crop (256 for 224), as is usual for ten-crop testing.

        Args:
            image: RGB, any size.

        Returns:
            float32 of shape (10, 3, size, size), normalised.
        """
        large = _resize_short_side(image, round(self.size * 8 / 7))
        width, height = large.size
        right, bottom = width - self.size, height - self.size
        corners = [large.crop((x, y, x + self.size, y + self.size)) for y in (0, bottom) for x in (0, right)]
        views = [*corners, _centre_crop(large, self.size)]
        views += [view.transpose(Image.Transpose.FLIP_LEFT_RIGHT) for view in views]
        return np.stack([self._normalise(view) for view in views])

    def _normalise(self, image: Image.Image) -> Pixels:
        unit = np.asarray(image, dtype=np.float32) / np.float32(255)
        scaled = (unit - np.asarray(self.mean, np.float32)) / np.asarray(self.std, np.float32)
        return np.ascontiguousarray(scaled.transpose(2, 0, 1), dtype=np.float32)


def _resize_short_side(image: Image.Image, side: int) -> Image.Image:
    width, height = image.size
    short = min(width, height)
    # The long side is rounded down, as in torchvision and in the reference's processor.
    size = (side, int(side * height / short)) if width <= height else (int(side * width / short), side)
    if image.size == size:
        return image
    # On tensors, as the reference does; Pillow's own resampling differs by up to two grey levels.
    import torch
    from torchvision.transforms.v2 import InterpolationMode, functional

    grid = torch.from_numpy(np.array(image)).permute(2, 0, 1)
    small = functional.resize(grid, [size[1], size[0]], interpolation=InterpolationMode.BICUBIC, antialias=True)
    return Image.fromarray(small.permute(1, 2, 0).numpy())


def _centre_crop(image: Image.Image, side: int) -> Image.Image:
    width, height = image.size
    # Odd margins are rounded down, as the reference's processor does; torchvision would round half to even.
    left, top = (width - side) // 2, (height - side) // 2
    return image.crop((left, top, left + side, top + side))

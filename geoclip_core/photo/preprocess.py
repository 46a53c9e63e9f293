"""From an upright RGB image to the numbers a network was trained on.

The settings are part of a model's weights record: training, evaluation and the page use the same ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
from PIL import Image

if TYPE_CHECKING:
    from torch import Tensor

Pixels = npt.NDArray[np.float32]

_TEN_CROP_SCALE = 8 / 7  # short side over the side of a crop: 256 for 224, as is usual for ten-crop testing


@dataclass(frozen=True)
class Preprocess:
    """Resize to a square, scale to [0, 1], subtract the mean, divide by the standard deviation.

    The defaults are CLIP's (open_clip, ``openai`` tag): bicubic resampling to 224 pixels, centre crop.

    Attributes:
        size: Side of the square that the network sees, in pixels.
        mean: Mean of red, green, blue on a scale of 0 to 1.
        std: Standard deviation of red, green, blue on a scale of 0 to 1.
        resize: ``crop``: the short side becomes ``size`` and the centre is cut out; ``squash``: both sides become
            ``size``, whatever the shape.
        interpolation: ``bicubic`` or ``bilinear``, both with antialiasing.
    """

    size: int = 224
    mean: tuple[float, float, float] = (0.48145466, 0.4578275, 0.40821073)
    std: tuple[float, float, float] = (0.26862954, 0.26130258, 0.27577711)
    resize: Literal["crop", "squash"] = "crop"
    interpolation: Literal["bicubic", "bilinear"] = "bicubic"

    @classmethod
    def from_record(cls, values: Mapping[str, Any]) -> Preprocess:
        """Read the settings that a record or a checkpoint holds as plain values.

        Args:
            values: ``size``, ``mean`` and ``std``; ``resize`` and ``interpolation`` take their defaults where they
                are absent, as in older records.

        Raises:
            KeyError: Size, mean or standard deviation is absent.
            ValueError: A value is not one of those allowed.
        """
        resize, interpolation = values.get("resize", "crop"), values.get("interpolation", "bicubic")
        if resize not in ("crop", "squash") or interpolation not in ("bicubic", "bilinear"):
            raise ValueError(f"Photos cannot be resized by {resize!r} with {interpolation!r}")
        mean, std = (tuple(float(number) for number in values[name]) for name in ("mean", "std"))
        if len(mean) != 3 or len(std) != 3:
            raise ValueError(f"mean and std have {len(mean)} and {len(std)} numbers; each needs 3")
        return cls(int(values["size"]), mean, std, resize, interpolation)

    def at_size(self, size: int) -> Preprocess:
        """The same settings for a square of another size, in pixels."""
        return replace(self, size=size)

    def pixels(self, image: Image.Image) -> Pixels:
        """Network input of one image.

        Args:
            image: RGB, any size.

        Returns:
            float32 of shape (3, size, size), normalised.
        """
        return self._normalised(_centre_crop(self._resized(image, self.size), self.size))

    def ten_crops(self, image: Image.Image) -> Pixels:
        """The ten views of the paper's evaluation: four corners and the centre, and their mirror images.

        The image is first resized as for :meth:`pixels`, to 8/7 of the size.

        Args:
            image: RGB, any size.

        Returns:
            float32 of shape (10, 3, size, size), normalised.
        """
        large = self._resized(image, round(self.size * _TEN_CROP_SCALE))
        width, height = large.size
        right, bottom = width - self.size, height - self.size
        corners = [large.crop((x, y, x + self.size, y + self.size)) for y in (0, bottom) for x in (0, right)]
        views = [*corners, _centre_crop(large, self.size)]
        views += [view.transpose(Image.Transpose.FLIP_LEFT_RIGHT) for view in views]
        return np.stack([self._normalised(view) for view in views])

    def normalise(self, rgb: Tensor) -> Tensor:
        """Subtract the mean, divide by the standard deviation.

        Args:
            rgb: (..., 3, h, w) float32 in [0, 1].

        Returns:
            The same shape.
        """
        mean, std = (rgb.new_tensor(values)[:, None, None] for values in (self.mean, self.std))
        return (rgb - mean) / std

    def shrink(self, rgb: Tensor) -> Tensor:
        """Resize square pictures that are numbers already, such as views cut from a raster.

        Args:
            rgb: (n, 3, s, s) float32 in [0, 1].

        Returns:
            (n, 3, size, size).
        """
        import torch.nn.functional as F

        side = self.size
        return F.interpolate(rgb, size=(side, side), mode=self.interpolation, antialias=True, align_corners=False)

    def _normalised(self, image: Image.Image) -> Pixels:
        import torch

        unit = np.asarray(image, dtype=np.float32) / np.float32(255)
        scaled = self.normalise(torch.from_numpy(unit).permute(2, 0, 1))
        return np.ascontiguousarray(scaled.numpy(), dtype=np.float32)

    def _resized(self, image: Image.Image, side: int) -> Image.Image:
        size = (side, side) if self.resize == "squash" else _short_side(image.size, side)
        if image.size == size:
            return image
        # On tensors, as the reference does; Pillow's own resampling differs by up to two grey levels.
        import torch
        from torchvision.transforms.v2 import InterpolationMode, functional

        grid = torch.from_numpy(np.array(image)).permute(2, 0, 1)
        mode = InterpolationMode(self.interpolation)
        small = functional.resize(grid, [size[1], size[0]], interpolation=mode, antialias=True)
        return Image.fromarray(small.permute(1, 2, 0).numpy())


def _short_side(size: tuple[int, int], side: int) -> tuple[int, int]:
    """Width and height after the short side has become ``side``."""
    width, height = size
    short = min(width, height)
    # The long side is rounded down, as in torchvision and in the reference's processor.
    return (side, int(side * height / short)) if width <= height else (int(side * width / short), side)


def _centre_crop(image: Image.Image, side: int) -> Image.Image:
    width, height = image.size
    # Odd margins are rounded down, as the reference's processor does; torchvision would round half to even.
    left, top = (width - side) // 2, (height - side) // 2
    return image.crop((left, top, left + side, top + side))

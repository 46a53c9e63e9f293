"""Makes the four photos beside this file: landscapes of sky, hills and water, drawn from noise, in the public domain.

``python tests/data/make_photos.py`` writes them again. Their sides cover every parity, and one is tall, one wide.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

SIZES = {"lake.jpg": (640, 480), "valley.png": (301, 227), "cliff.jpg": (320, 481), "coast.jpg": (723, 400)}
"""Width and height: even and even, odd and odd, even and odd, odd and even."""


def noise(rng: np.random.Generator, width: int, height: int, roughness: float) -> np.ndarray:
    """Noise at many sizes, (height, width) in [0, 1]; each halving of the size has ``roughness`` of the strength."""
    total, strength = np.zeros((height, width)), 1.0
    for cells in (2, 4, 8, 16, 32, 64, 128):
        coarse = Image.fromarray(rng.random((cells, cells)).astype(np.float32))
        total += strength * np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC))
        strength *= roughness
    return (total - total.min()) / (total.max() - total.min())


def landscape(seed: int, width: int, height: int) -> Image.Image:
    """A sky with clouds over ridges that are darker the nearer they are, and water that mirrors the sky."""
    rng = np.random.default_rng(seed)
    y = np.linspace(0, 1, height)[:, None]
    sky = np.stack([0.35 + 0.4 * y, 0.55 + 0.3 * y, 0.85 + 0.05 * y], -1) * np.ones((1, width, 1))
    clouds = np.clip(3 * noise(rng, width, height, 0.55) - 1.6, 0, 1)[..., None] * (1 - y)[..., None]
    picture = sky * (1 - clouds) + 0.97 * clouds
    rock = noise(rng, width, height, 0.7)
    tint = rng.uniform(0.6, 1.4, 3)
    for ridge in range(4):
        line = 0.35 + 0.12 * ridge + 0.25 * (noise(rng, width, 2, 0.6)[0] - 0.5)
        colour = np.array([0.42, 0.47, 0.36]) * tint * (1 - 0.2 * ridge)
        ground = colour * (0.6 + 0.8 * rock[..., None])
        picture = np.where((y > line)[..., None], ground, picture)
    shore = int(height * rng.uniform(0.8, 0.9))
    mirrored = picture[shore - 1 :: -1][: height - shore]
    picture[shore:] = 0.55 * mirrored + 0.25 * np.array([0.2, 0.35, 0.45])
    pixels = (np.clip(picture, 0, 1) * 255).round().astype(np.uint8)
    return Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(0.7))


def main() -> None:
    folder = Path(__file__).parent
    for seed, (name, size) in enumerate(SIZES.items()):
        landscape(seed, *size).save(folder / name, quality=88, optimize=True)


if __name__ == "__main__":
    main()

"""Pictures of signs, drawn here."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

SIZE = (1024, 700)
LEFT, TOP = 180, 220


def sign(lines: Sequence[str], height_px: int = 60, font: ImageFont.FreeTypeFont | None = None) -> Image.Image:
    """Black lines on a light board, the first at (LEFT, TOP)."""
    picture = Image.new("RGB", SIZE, (205, 222, 230))
    pen = ImageDraw.Draw(picture)
    letters = font or ImageFont.load_default(height_px)
    for i, line in enumerate(lines):
        pen.text((LEFT, TOP + round(1.7 * height_px * i)), line, fill="black", font=letters)
    return picture


def turned(picture: Image.Image, degrees: float) -> Image.Image:
    return picture.rotate(degrees, Image.Resampling.BICUBIC, fillcolor=(205, 222, 230))


def in_perspective(picture: Image.Image) -> Image.Image:
    """As seen from the left: the right edge is shorter."""
    width, height = picture.size
    corners = (0, 0, 0, height, width * 1.12, height * 1.12, width * 1.12, -height * 0.12)
    return picture.transform(picture.size, Image.Transform.QUAD, corners, Image.Resampling.BICUBIC)

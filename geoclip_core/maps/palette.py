"""Colours for probability.

One ramp, built in OKLab (Björn Ottosson, "A perceptual color space for image processing", 2020), a space in
which equal steps look equal. Lightness alone tells more from less, so the ramp reads the same to a
colour-blind eye and in grey print; hue only helps. More is darker on a light map, and lighter on a dark one.
"""

from __future__ import annotations

import functools
import io

import numpy as np
import numpy.typing as npt
from PIL import Image

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]

STEPS = 256
_LIGHTNESS = (0.26, 0.93)
# OKLab hue and chroma along the ramp, from its dark to its light end: purple, magenta, red, orange, yellow.
_STOPS = (0.0, 0.3, 0.55, 0.8, 1.0)
_HUE_DEG = (-62.0, -12.0, 25.0, 62.0, 102.0)
_CHROMA = (0.13, 0.19, 0.19, 0.16, 0.12)
_OPAQUE_FROM = 0.35  # share of the ramp over which colours fade in
_ALPHA = 0.82

# From OKLab to the cube roots of cone responses, and from these, cubed, to linear sRGB (Ottosson, 2020).
_TO_CONES = np.array(
    [
        [1.0, 0.3963377774, 0.2158037573],
        [1.0, -0.1055613458, -0.0638541728],
        [1.0, -0.0894841775, -1.2914855480],
    ]
)
_TO_RGB = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.7076147010],
    ]
)


@functools.cache
def ramp(dark: bool) -> Bytes:
    """Colours from no to the highest probability.

    Args:
        dark: Whether they are seen on a dark map.

    Returns:
        uint8 of shape (256, 4), red, green, blue and alpha; lightness is monotone, the first is transparent.
    """
    along = np.linspace(0, 1, STEPS)
    lightness = np.interp(along, (0, 1), _LIGHTNESS)
    hue = np.radians(np.interp(along, _STOPS, _HUE_DEG))
    colours = _srgb(lightness, np.interp(along, _STOPS, _CHROMA), hue)
    if not dark:
        colours = colours[::-1]
    alpha = np.minimum(along / _OPAQUE_FROM, 1.0) * _ALPHA
    table = np.column_stack([colours, alpha])
    return np.asarray(np.rint(table * 255), dtype=np.uint8)


def levels(values: npt.ArrayLike, decades: float) -> Bytes:
    """Place of each value on a logarithmic scale that ends at the largest one.

    Args:
        values: Not negative, any shape.
        decades: Powers of ten that the scale spans, above 0.

    Returns:
        uint8 of the same shape: 255 for the largest value, 0 for ``10**-decades`` of it and less; all 0
        where there is nothing.
    """
    given = np.asarray(values, dtype=np.float64)
    top = given.max(initial=0.0)
    if not top > 0:
        return np.zeros(given.shape, np.uint8)
    share = 1.0 + np.log10(np.maximum(given / top, 10.0**-decades)) / decades
    return np.asarray(np.rint(share * (STEPS - 1)), dtype=np.uint8)


def png(level: Bytes, colours: Bytes) -> bytes:
    """A picture of levels.

    Args:
        level: (h, w) uint8, rows of ``colours``; the first row is the top of the picture.
        colours: (256, 4) uint8, see :func:`ramp`.

    Returns:
        The bytes of a PNG file with a palette, which is several times smaller than full colour.
    """
    image = Image.fromarray(level)
    image.putpalette(colours.tobytes(), rawmode="RGBA")
    stream = io.BytesIO()
    image.save(stream, format="PNG")
    return stream.getvalue()


def _srgb(lightness: Floats, chroma: Floats, hue: Floats) -> Floats:
    """SRGB of colours given in OKLab's polar form; chroma is reduced where a screen cannot show it."""
    low, high = np.zeros_like(chroma), chroma
    for _ in range(20):
        middle = np.where(_in_gamut(_linear(lightness, high, hue)), high, (low + high) / 2)
        shown = _in_gamut(_linear(lightness, middle, hue))
        low, high = np.where(shown, middle, low), np.where(shown, high, middle)
    rgb = np.clip(_linear(lightness, low, hue), 0, 1)
    # The transfer function of sRGB, IEC 61966-2-1.
    return np.where(rgb <= 0.0031308, 12.92 * rgb, 1.055 * rgb ** (1 / 2.4) - 0.055)


def _linear(lightness: Floats, chroma: Floats, hue: Floats) -> Floats:
    lab = np.column_stack([lightness, chroma * np.cos(hue), chroma * np.sin(hue)])
    return np.asarray((lab @ _TO_CONES.T) ** 3 @ _TO_RGB.T)


def _in_gamut(rgb: Floats) -> npt.NDArray[np.bool_]:
    return np.asarray(((rgb >= -1e-6) & (rgb <= 1 + 1e-6)).all(axis=1))

"""Fields as PNG: a picture of probability to lay on a map."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from geoclip_core.locate.field import Field

DECADES = 3.0
"""Powers of ten from the faintest to the strongest pixel."""


def field_png(field: Field) -> bytes:
    """Draw a field as a PNG of white pixels, the more opaque the denser the probability.

    Opacity grows with the logarithm of the probability per square kilometre, over ``DECADES`` up to the densest pixel;
    less than that is transparent. The first row is the northernmost.

    Args:
        field: Probability per pixel, of any window.

    Returns:
        The bytes of a grey PNG with an alpha channel, as large as the field.
    """
    density = field.density_per_km2
    peak = float(density.max())
    with np.errstate(divide="ignore"):
        level = 1.0 + np.log10(density / peak) / DECADES
    alpha = (np.clip(level, 0.0, 1.0) * 255.0).round().astype(np.uint8)
    picture = Image.fromarray(np.stack([np.full_like(alpha, 255), alpha], axis=-1))
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    return stream.getvalue()

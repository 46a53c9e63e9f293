"""The colour bar: what the colours of a heat picture stand for."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PIL import Image

from geoclip_core.maps.heat import DECADES
from geoclip_core.maps.palette import STEPS, ramp

if TYPE_CHECKING:
    from geoclip_core.locate.field import Field

UNIT = "probability per km²"
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Tick:
    """A mark on the bar.

    Attributes:
        position: Where it stands: 0 at the faintest colour, 1 at the strongest.
        value: In the unit of the bar.
        label: The value for people, such as ``10⁻⁴`` or ``0.1``.
    """

    position: float
    value: float
    label: str


@dataclass(frozen=True, eq=False)
class ColourBar:
    """The scale of a heat picture.

    Attributes:
        colours: (256, 4) uint8 from the faintest to the strongest: red, green, blue, alpha.
        low: Value at which the colours begin; anything less is transparent.
        high: Value of the strongest colour: that of the densest pixel.
        ticks: Whole powers of ten between the two.
        unit: Of the values.
        note: One sentence on how to read it.
    """

    colours: npt.NDArray[np.uint8]
    low: float
    high: float
    ticks: tuple[Tick, ...]
    unit: str = UNIT
    note: str = ""

    @property
    def css(self) -> str:
        """The colours as a CSS gradient from left to right."""
        stops = []
        for step in range(0, STEPS, 15):
            red, green, blue, alpha = (int(n) for n in self.colours[step])
            stops.append(f"rgb({red} {green} {blue} / {alpha / 255:.3f}) {100 * step / (STEPS - 1):.1f}%")
        return f"linear-gradient(to right, {', '.join(stops)})"

    def png(self, width_px: int = 256, height_px: int = 12) -> bytes:
        """The colours alone, faintest at the left, as the bytes of a PNG file with transparency."""
        column = np.rint(np.linspace(0, STEPS - 1, width_px)).astype(int)
        image = Image.fromarray(np.repeat(self.colours[column][None], height_px, axis=0))
        stream = io.BytesIO()
        image.save(stream, format="PNG")
        return stream.getvalue()


def colour_bar(field: Field, dark: bool = False) -> ColourBar:
    """The scale of the picture that :func:`geoclip_core.maps.heat.heat_picture` draws of a field.

    Args:
        field: The same field.
        dark: The same choice of map.

    Returns:
        The bar. Its values do not depend on the field's projection, only on how fine its pixels are.
    """
    high = float(field.density_per_km2.max(initial=0.0))
    if not high > 0:
        return ColourBar(ramp(dark), 0.0, 0.0, (), note="There is no probability here.")
    low = high * 10.0**-DECADES
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    ticks = tuple(
        Tick((power - math.log10(low)) / DECADES, 10.0**power, _label(power)) for power in range(first, last + 1)
    )
    note = f"Each colour step is a factor: the faintest is {10**DECADES:.0f} times less likely than the strongest."
    if field.method == "summed":
        note += " Points are widened so that they can be seen; the glow around them is no probability."
    return ColourBar(ramp(dark), low, high, ticks, note=note)


def _label(power: int) -> str:
    return f"{10.0**power:g}" if -2 <= power <= 3 else f"10{str(power).translate(_SUPERSCRIPTS)}"

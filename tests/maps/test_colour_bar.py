from __future__ import annotations

import base64
import io
import math
import re

import numpy as np
import pytest
from PIL import Image

from geoclip_core.earth.window import Window
from geoclip_core.locate.field import Field
from geoclip_core.maps.colour_bar import ColourBar, colour_bar
from geoclip_core.maps.heat import DECADES, heat_picture


def field(method: str = "sampled") -> Field:
    window = Window.box(-60, 0, 70, 90, (40, 30), "mercator")
    mass = np.exp(np.random.default_rng(0).uniform(-8, 0, window.size))
    return Field(window, mass / mass.sum(), 1.0, method)  # type: ignore[arg-type]


def value_at(bar: ColourBar, position: float) -> float:
    """What a place on the bar says, read off its ticks as a person would."""
    first, last = bar.ticks[0], bar.ticks[-1]
    slope = (math.log10(last.value) - math.log10(first.value)) / (last.position - first.position)
    return 10.0 ** (math.log10(first.value) + slope * (position - first.position))


@pytest.mark.parametrize("dark", [False, True])
def test_a_colour_of_the_picture_found_on_the_bar_gives_the_density_there(dark):
    made = field()
    bar, picture = colour_bar(made, dark), heat_picture(made, dark)
    shown = np.asarray(Image.open(io.BytesIO(base64.b64decode(picture.url.split(",")[1]))).convert("RGBA")).astype(int)
    density = made.density_per_km2
    for row, column in np.ndindex(made.window.size):
        colour = shown[row, column]
        position = int(np.abs(bar.colours.astype(int) - colour).sum(axis=1).argmin()) / 255
        read = value_at(bar, position)
        if density[row, column] <= bar.low:
            assert position == 0
            assert colour[3] == 0
        else:
            # Half a step of the scale, or two where neighbours have nearly the same colour.
            assert abs(math.log10(read / density[row, column])) < 2.5 * DECADES / 255


def test_the_ends_are_the_densest_pixel_and_three_decades_below():
    made = field()
    bar = colour_bar(made)
    assert bar.high == made.density_per_km2.max()
    assert bar.low == pytest.approx(bar.high / 10**DECADES)
    assert bar.unit == "probability per km²"


def test_ticks_are_the_powers_of_ten_in_between():
    bar = colour_bar(field())
    assert 3 <= len(bar.ticks) <= 4
    for tick in bar.ticks:
        assert math.log10(tick.value) == pytest.approx(round(math.log10(tick.value)))
        assert bar.low * 0.999 <= tick.value <= bar.high * 1.001
        assert tick.position == pytest.approx(math.log10(tick.value / bar.low) / DECADES)
    assert bar.ticks[0].label.startswith("10⁻")


def test_densities_near_one_are_written_plainly():
    window = Window.around((0, 0), 2, (4, 4), "mercator")
    mass = np.zeros((4, 4))
    mass[1, 1] = 1
    labels = [tick.label for tick in colour_bar(Field(window, mass, 1.0, "sampled")).ticks]
    assert labels == ["0.01", "0.1", "1"]


def test_a_glow_is_said_to_be_none_of_the_probability():
    assert "glow" in colour_bar(field("summed")).note
    assert "glow" not in colour_bar(field("sampled")).note
    assert "1000 times" in colour_bar(field()).note


def test_nothing_has_no_scale():
    window = Window.world((4, 8))
    bar = colour_bar(Field(window, np.zeros((4, 8)), 0.0, "summed"))
    assert (bar.low, bar.high, bar.ticks) == (0, 0, ())
    assert "no probability" in bar.note


@pytest.mark.parametrize("dark", [False, True])
def test_the_picture_of_the_bar_and_its_css_have_its_colours(dark):
    bar = colour_bar(field(), dark)
    image = np.asarray(Image.open(io.BytesIO(bar.png(256, 5))))
    assert image.shape == (5, 256, 4)
    assert (image == bar.colours[None]).all()
    stops = re.findall(r"rgb\((\d+) (\d+) (\d+) / ([\d.]+)\) ([\d.]+)%", bar.css)
    assert len(stops) == 18
    for red, green, blue, alpha, percent in stops:
        step = round(float(percent) / 100 * 255)
        assert [int(red), int(green), int(blue)] == bar.colours[step, :3].tolist()
        assert float(alpha) == pytest.approx(bar.colours[step, 3] / 255, abs=1e-3)


@pytest.mark.parametrize("dark", [False, True])
def test_even_steps_look_even_and_lightness_is_monotone_in_cielab(dark):
    lab = cielab(colour_bar(field(), dark).colours[:, :3])
    steps = np.diff(lab[::15, 0])
    assert (steps > 0).all() if dark else (steps < 0).all()
    apart = np.linalg.norm(np.diff(lab[::15], axis=0), axis=1)  # CIE 1976 colour difference
    assert apart.min() > 3
    assert apart.max() < 4 * apart.min()


def cielab(rgb: np.ndarray) -> np.ndarray:
    """CIELAB under D65 of sRGB bytes; a space in which the ramp was not built."""
    unit = rgb / 255
    linear = np.where(unit <= 0.04045, unit / 12.92, ((unit + 0.055) / 1.055) ** 2.4)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = linear @ to_xyz.T / to_xyz.sum(axis=1)
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (xyz * 24389 / 27 + 16) / 116)
    return np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], axis=-1)

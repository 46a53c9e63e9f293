from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from geoclip_core.maps.palette import levels, png, ramp


def cie_lightness(rgb: np.ndarray) -> np.ndarray:
    """L* of CIE 1976, a lightness that the ramp was not built in."""
    unit = rgb.astype(float) / 255
    linear = np.where(unit <= 0.04045, unit / 12.92, ((unit + 0.055) / 1.055) ** 2.4)
    y = linear @ [0.2126, 0.7152, 0.0722]
    return np.where(y > 216 / 24389, 116 * np.cbrt(y) - 16, y * 24389 / 27)


@pytest.mark.parametrize("dark", [False, True])
def test_lightness_tells_more_from_less_in_even_steps(dark: bool) -> None:
    lightness = cie_lightness(ramp(dark)[:, :3])
    steps = np.diff(lightness[::15])
    assert (steps > 0).all() if dark else (steps < 0).all()
    assert np.abs(steps).max() < 2.2 * np.abs(steps).min()
    assert abs(lightness[-1] - lightness[0]) > 70


@pytest.mark.parametrize("dark", [False, True])
def test_a_red_green_blind_eye_sees_the_order_too(dark: bool) -> None:
    # Viénot, Brettel and Mollon 1999: a dichromat without M cones, on linear sRGB.
    blind = np.array([[0.29275, 0.70725, 0.0], [0.29275, 0.70725, 0.0], [-0.02234, 0.02234, 1.0]])
    seen = (ramp(dark)[::15, :3] / 255.0) ** 2.2 @ blind.T
    steps = np.diff(seen @ [0.2126, 0.7152, 0.0722])
    assert (steps > 0).all() if dark else (steps < 0).all()


def test_nothing_is_transparent_and_opacity_never_falls() -> None:
    alpha = ramp(False)[:, 3].astype(int)
    assert alpha[0] == 0
    assert (np.diff(alpha) >= 0).all()


def test_levels_are_logarithmic() -> None:
    assert levels([1.0, 0.1, 0.01, 0.001, 1e-9, 0.0], 3.0).tolist() == [255, 170, 85, 0, 0, 0]


def test_levels_do_not_depend_on_the_unit() -> None:
    values = np.array([0.5, 0.02, 0.3])
    assert (levels(values, 2.0) == levels(values * 1e-200, 2.0)).all()


def test_levels_of_nothing_are_nothing() -> None:
    assert levels(np.zeros((2, 3)), 3.0).tolist() == [[0, 0, 0], [0, 0, 0]]


def test_the_picture_has_the_colours_of_the_table() -> None:
    index = np.array([[0, 100], [255, 3]], np.uint8)
    image = Image.open(io.BytesIO(png(index, ramp(True)))).convert("RGBA")
    assert image.size == (2, 2)
    assert (np.asarray(image) == ramp(True)[index]).all()

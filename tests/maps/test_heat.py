from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image

from geoclip_core.earth.window import Window
from geoclip_core.locate.field import Field
from geoclip_core.maps.heat import GLOW_PX, glow, heat_picture


def field_of(window: Window, at: list[tuple[int, int]], method: str = "summed") -> Field:
    mass = np.zeros(window.size)
    for n, pixel in enumerate(at):
        mass[pixel] = 0.5**n
    return Field(window, mass / mass.sum(), 0.25, method)  # type: ignore[arg-type]


def pixels(url: str) -> np.ndarray:
    head, data = url.split(",")
    assert head == "data:image/png;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGBA"))


def test_glow_widens_a_point_and_leaves_its_peak() -> None:
    level = np.zeros((64, 64), np.uint8)
    level[20, 30], level[50, 3] = 255, 90
    wide = glow(level, GLOW_PX)
    assert np.unravel_index(wide.argmax(), wide.shape) == (20, 30)
    assert np.count_nonzero(wide == 255) == 1
    assert (wide >= level).all()
    assert wide[50, 3] == 90
    rows, columns = np.indices(wide.shape)
    assert (wide[np.hypot(rows - 20, columns - 30) > GLOW_PX][:-200] <= 90).all()
    assert wide[20, 30 + GLOW_PX] == 0
    assert 0 < wide[20, 30 + GLOW_PX - 1] < wide[20, 31] < 255


def test_glow_is_the_dilation_that_it_says() -> None:
    level = np.random.default_rng(0).integers(0, 256, (17, 23)).astype(np.uint8)
    radius = 4
    slow = np.zeros(level.shape, int)
    for (r, c), value in np.ndenumerate(level):
        for dr in range(-radius, radius + 1):
            for dc in range(-radius, radius + 1):
                if 0 <= r + dr < 17 and 0 <= c + dc < 23:
                    fade = sum(round(255 * (abs(d) / radius) ** 2) for d in (dr, dc))
                    slow[r + dr, c + dc] = max(slow[r + dr, c + dc], int(value) - fade)
    assert (glow(level, radius) == slow).all()


def test_glow_fits_into_a_picture_smaller_than_itself() -> None:
    assert glow(np.full((2, 1), 7, np.uint8), 9).tolist() == [[7], [7]]


def test_the_strongest_pixel_of_the_picture_is_that_of_the_field() -> None:
    field = field_of(Window.world((128, 128), "mercator"), [(40, 70), (90, 10)])
    picture = heat_picture(field)
    shown = pixels(picture.url)
    darkest = shown[..., :3].sum(axis=2) + 1000 * (shown[..., 3] < 200)
    assert np.unravel_index(darkest.argmin(), darkest.shape) == (40, 70)
    assert shown[0, 0, 3] == 0
    assert picture.share == 0.25


def test_a_sampled_field_is_drawn_as_it_is() -> None:
    window = Window.around((48.86, 2.35), 50.0, (32, 32), "mercator")
    shown = pixels(heat_picture(field_of(window, [(5, 6)], "sampled")).url)
    assert np.count_nonzero(shown[..., 3]) == 1


def test_corners_run_east_across_the_antimeridian() -> None:
    window = Window.around((-16.9, 179.9), 50.0, (8, 8), "mercator")
    (south, west), (north, east) = heat_picture(field_of(window, [(1, 1)])).corners
    assert south < -16.9 < north
    assert 179 < west < 180 < east < 181


def test_another_projection_is_refused() -> None:
    with pytest.raises(ValueError, match="mercator"):
        heat_picture(field_of(Window.world((8, 16)), [(1, 1)]))

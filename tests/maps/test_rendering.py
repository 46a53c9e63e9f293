"""The drawn picture, read back the way a web map lays it out: stretched linearly in Web Mercator."""

from __future__ import annotations

import base64
import io
import math

import numpy as np
import pytest
from PIL import Image
from pyproj import Transformer

from geoclip_core.earth.distance import great_circle_km
from geoclip_core.earth.projection import MERCATOR_MAX_LAT
from geoclip_core.earth.window import Window
from geoclip_core.locate.field import Field
from geoclip_core.maps.heat import HeatPicture, heat_picture
from geoclip_core.maps.palette import ramp

PLACES = {
    "Paris": (48.8584, 2.2945),
    "Quito": (-0.18, -78.47),
    "Taveuni, on the antimeridian": (-16.80, 179.99),
    "east of the antimeridian": (-16.80, -179.99),
    "Longyearbyen": (78.22, 15.65),
    "Alert": (82.50, -62.35),
    "McMurdo": (-77.85, 166.67),
    "near the end of the map": (85.0, 100.0),
    "Ushuaia": (-54.80, -68.30),
}
ONE = 1 + 1e-9  # pixels of the same colour as the strongest lie next to it
MERCATOR = Transformer.from_crs("EPSG:4326", "EPSG:3857", always_xy=True)


def strongest(picture: HeatPicture, dark: bool) -> tuple[float, float, tuple[int, int]]:
    """Longitude and latitude of the centre of the strongest pixel, by the corners alone, and the size."""
    data = base64.b64decode(picture.url.split(",")[1])
    shown = np.asarray(Image.open(io.BytesIO(data)).convert("RGBA")).astype(int)
    away = np.abs(shown - ramp(dark)[-1].astype(int)).sum(axis=-1)
    row, column = np.unravel_index(int(away.argmin()), away.shape)
    (south, west), (north, east) = picture.corners
    left, bottom = MERCATOR.transform(west, south)
    right, top = MERCATOR.transform(east, north)
    if east > 180:  # pyproj wraps what lies beyond the antimeridian
        right = MERCATOR.transform(180, 0)[0] * east / 180
    height, width = away.shape
    x = left + (column + 0.5) / width * (right - left)
    y = top + (row + 0.5) / height * (bottom - top)
    lon, lat = MERCATOR.transform(x, y, direction="INVERSE")
    return lon, lat, (height, width)


def field_around(latlon: tuple[float, float], window: Window, method: str) -> Field:
    """All of the mass near a point: a hill for a sampled field, one pixel with faint company for a summed one."""
    points = window.pixel_latlon()
    if method == "sampled":
        mass = np.exp(-great_circle_km(latlon, points) / (2 * max(window.spacing_km))) * window.pixel_area_km2()
    else:
        row, column = window.pixel_of(latlon)
        mass = np.zeros(window.size)
        mass[row, column] = 1.0
        mass[window.size[0] // 3, window.size[1] // 5] += 1e-2
    return Field(window, mass / mass.sum(), 1.0, method)  # type: ignore[arg-type]


@pytest.mark.parametrize("latlon", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("scale", ["world", "country", "city"])
@pytest.mark.parametrize("method", ["summed", "sampled"])
@pytest.mark.parametrize("dark", [False, True])
def test_the_strongest_pixel_is_where_the_field_says(latlon, scale, method, dark):
    if scale == "world":
        window = Window.world((512, 512), "mercator")
    else:
        window = Window.around(
            latlon, 600.0 if scale == "country" and abs(latlon[0]) < 80 else 30.0, (256, 256), "mercator"
        )
    field = field_around(latlon, window, method)
    lon, lat, size = strongest(heat_picture(field, dark), dark)
    assert size == window.size
    peak = field.peak
    south, west, north, east = window.bounds
    pixel_lon = ((east - west) % 360 or 360) / size[1]
    pixel_y = (mercator_deg(north) - mercator_deg(south)) / size[0]
    for truth in (peak, latlon):
        assert abs((lon - truth[1] + 180) % 360 - 180) <= pixel_lon * ONE
        assert abs(mercator_deg(lat) - mercator_deg(truth[0])) <= pixel_y * ONE


def mercator_deg(lat: float) -> float:
    shown = max(-MERCATOR_MAX_LAT, min(MERCATOR_MAX_LAT, lat))
    return math.degrees(math.asinh(math.tan(math.radians(shown))))


def test_the_picture_follows_density_not_pixels():
    # Two places with as much probability per pixel: a pixel of the far north is smaller, so it is denser there.
    window = Window.world((256, 256), "mercator")
    mass = np.zeros(window.size)
    mass[128, 40] = mass[40, 200] = 0.5
    field = Field(window, mass, 1.0, "summed")
    lon, lat, _ = strongest(heat_picture(field), False)
    assert lat > 70
    assert field.peak == pytest.approx((lat, lon), abs=0.01)

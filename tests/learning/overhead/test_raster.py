"""Views cut out of a raster: geometry, resolution, land, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from geoclip_core.earth.coordinates import from_unit_vectors
from geoclip_core.earth.distance import bearing_deg, destination, great_circle_km
from geoclip_core.errors import PhotoError
from geoclip_core.learning.overhead.raster import Raster, Views, land_mask, pixel_vectors


def one_view(lat: float, lon: float, width_km: float, heading_deg: float = 0.0) -> Views:
    return Views(np.array([[lat, lon]]), np.array([width_km]), np.array([heading_deg]))


def places_of_pixels(views: Views, size: int) -> np.ndarray:
    """(n, size, size, 2) degrees."""
    return from_unit_vectors(pixel_vectors(views, size, torch.float64).numpy())


def slow_sample(rgb: np.ndarray, lat: float, lon: float) -> np.ndarray:
    """Bilinear between the four nearest pixel centres, found one by one on the sphere."""
    height, width = rgb.shape[:2]
    row, column = (90 - lat) / 180 * height - 0.5, (lon + 180) / 360 * width - 0.5
    total = np.zeros(3)
    for r in (int(np.floor(row)), int(np.floor(row)) + 1):
        for c in (int(np.floor(column)), int(np.floor(column)) + 1):
            weight = (1 - abs(row - r)) * (1 - abs(column - c))
            beyond = not 0 <= r < height  # over the pole lies the other side of the Earth
            pixel = rgb[min(max(r, 0), height - 1), (c + (width // 2 if beyond else 0)) % width]
            total += weight * pixel / 255
    return total


@pytest.mark.parametrize(
    ("lat", "lon", "heading"),
    [
        (90.0, 0.0, 0.0),
        (-90.0, 40.0, 20.0),
        (88.0, -130.0, 300.0),
        (10.0, 179.9, 45.0),
        (-70.0, -179.5, -30.0),
        (0, 0, 0),
    ],
)
def test_a_crop_equals_slow_sampling_point_by_point(
    planet: tuple[Path, np.ndarray], lat: float, lon: float, heading: float
) -> None:
    path, rgb = planet
    size, width_km = 7, 2100.0
    fast = Raster(path).cut(one_view(lat, lon, width_km, heading), size)[0, :3].numpy()
    for i in range(size):
        for j in range(size):
            x, y = (j + 0.5) / size - 0.5, 0.5 - (i + 0.5) / size
            angle = heading + np.degrees(np.arctan2(x, y))
            there = destination((lat, lon), angle, width_km * np.hypot(x, y))
            np.testing.assert_allclose(fast[:, i, j], slow_sample(rgb, *there), atol=2e-3)


def test_the_centre_is_the_stated_place_and_the_top_is_the_heading() -> None:
    for lat, lon, heading in [(48.0, 2.0, 0.0), (-33.0, 151.0, 45.0), (84.0, -179.9, -45.0), (0.0, 0.0, 90.0)]:
        where = places_of_pixels(one_view(lat, lon, 900.0, heading), 9)[0]
        assert great_circle_km(where[4, 4], (lat, lon)) < 1e-6
        turned = (bearing_deg((lat, lon), where[0, 4]) - heading + 180) % 360 - 180
        assert abs(turned) < 1e-6
        right = (bearing_deg((lat, lon), where[4, 8]) - heading + 180) % 360 - 180
        assert abs(right - 90) < 1e-6


def test_the_scale_is_right_within_one_percent() -> None:
    for lat in (0.0, 60.0, 85.0, 90.0):
        for width_km in (400.0, 1600.0):
            where = places_of_pixels(one_view(lat, 179.0, width_km), 101)[0]
            across = great_circle_km(where[50, 0], where[50, 50]) + great_circle_km(where[50, 50], where[50, 100])
            assert across == pytest.approx(width_km * 100 / 101, rel=1e-9)
            # Along an edge of a wide view the plane stretches, by less than one percent.
            edge = sum(float(great_circle_km(where[0, i], where[0, i + 1])) for i in range(100))
            assert edge == pytest.approx(width_km * 100 / 101, rel=0.01)


def test_a_wide_view_is_averaged_not_picked(tmp_path: Path) -> None:
    stripes = np.zeros((512, 1024, 3), np.uint8)
    stripes[::2] = 255
    Image.fromarray(stripes).save(tmp_path / "stripes.png")
    cut = Raster(tmp_path / "stripes.png").cut(one_view(0.0, 0.0, 8000.0), 32)[0, :3]
    assert float((cut - 0.5).abs().max()) < 0.02


def test_land_is_where_the_countries_are() -> None:
    mask = land_mask(720)
    for place, land in [
        ((47.0, 2.0), 1),
        ((-25.0, 134.0), 1),
        ((-80.0, 0.0), 1),
        ((0.0, -30.0), 0),
        ((-29.6, 28.2), 1),
    ]:
        assert mask[int((90 - place[0]) * 4), int((place[1] + 180) * 4)] == land
    assert 0.33 < mask.mean() < 0.36


def test_what_is_no_world_map_is_refused(tmp_path: Path) -> None:
    Image.new("RGB", (100, 100)).save(tmp_path / "square.png")
    with pytest.raises(PhotoError, match="twice as wide as high"):
        Raster(tmp_path / "square.png")
    (tmp_path / "broken.png").write_bytes(b"no picture")
    with pytest.raises(PhotoError, match="cannot be read"):
        Raster(tmp_path / "broken.png")


def test_a_picture_of_the_earth_may_be_larger_than_photos_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.new("RGB", (200, 100)).save(tmp_path / "large.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    assert Raster(tmp_path / "large.png").km_per_pixel == pytest.approx(200.15, abs=0.01)
    assert Image.MAX_IMAGE_PIXELS == 100

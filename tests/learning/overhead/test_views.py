"""Views from above: geometry, sampling, chance, and the pairs that are made of them."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from geoclip_core.earth.countries import country_at
from geoclip_core.earth.distance import bearing_deg, destination, great_circle_km
from geoclip_core.errors import PhotoError, RegionError
from geoclip_core.learning.overhead.augment import ViewAugmentation, augment_views
from geoclip_core.learning.overhead.pairs import OverheadPairs
from geoclip_core.learning.overhead.views import Raster, Sampling, Views, ViewSampler, land_mask, view_latlon

STILL = ViewAugmentation(*(0.0 for _ in dataclasses.fields(ViewAugmentation)))


def one_view(lat: float, lon: float, width_km: float, heading_deg: float = 0.0) -> Views:
    return Views(np.array([[lat, lon]]), np.array([width_km]), np.array([heading_deg]))


@pytest.fixture(scope="module")
def planet(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, np.ndarray]:
    """A rough picture of 128 x 64 pixels, in which every neighbour differs."""
    rgb = np.random.default_rng(0).integers(0, 256, (64, 128, 3), dtype=np.uint8)
    path = tmp_path_factory.mktemp("planet") / "planet.png"
    Image.fromarray(rgb).save(path)
    return path, rgb


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
        where = view_latlon(one_view(lat, lon, 900.0, heading), 9)[0]
        assert great_circle_km(where[4, 4], (lat, lon)) < 1e-6
        turned = (bearing_deg((lat, lon), where[0, 4]) - heading + 180) % 360 - 180
        assert abs(turned) < 1e-6
        right = (bearing_deg((lat, lon), where[4, 8]) - heading + 180) % 360 - 180
        assert abs(right - 90) < 1e-6


def test_the_scale_is_right_within_one_percent() -> None:
    for lat in (0.0, 60.0, 85.0, 90.0):
        for width_km in (400.0, 1600.0):
            where = view_latlon(one_view(lat, 179.0, width_km), 101)[0]
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


def test_centres_lie_on_land_uniformly_by_area_and_keep_away() -> None:
    kept_out = ((0.0, 20.0), (65.0, 100.0))
    views = ViewSampler(Sampling(kept_out=kept_out, kept_out_km=500.0)).draw(4000, np.random.default_rng(1))
    assert (country_at(views.latlon, tolerance_km=10.0) != "").mean() > 0.999
    assert np.abs(views.latlon[:, 0]).max() <= 72
    for place in kept_out:
        assert great_circle_km(views.latlon, place).min() > 500
    free = ViewSampler(Sampling()).draw(20_000, np.random.default_rng(2)).latlon
    # Australia's mainland and Tasmania are 7.69 of about 134.2 million km2 of land within 72 degrees.
    assert (country_at(free, tolerance_km=0.0) == "AU").mean() == pytest.approx(7.69 / 134.2, rel=0.08)
    assert views.width_km.min() >= 400
    assert views.width_km.max() <= 1600
    assert np.median(views.width_km) == pytest.approx(800, rel=0.05)  # log-uniform
    assert np.abs(views.heading_deg).max() <= 45


def test_centres_may_lie_off_the_coast_and_must_lie_somewhere() -> None:
    wide = ViewSampler(Sampling(coast_km=200.0), height=360).draw(4000, np.random.default_rng(0)).latlon
    at_sea = country_at(wide, tolerance_km=0.0) == ""
    assert 0.1 < at_sea.mean() < 0.5
    with pytest.raises(RegionError, match="No land between"):
        ViewSampler(Sampling(south_deg=85.0, north_deg=88.0), height=180)


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


def test_disguises_are_as_asked() -> None:
    views = torch.rand(6, 4, 32, 32, generator=torch.Generator().manual_seed(0))
    views[:, 3] = 0.0
    views[:, 3, :16] = 1.0  # land above, sea below

    def changed(settings: ViewAugmentation, seed: int = 1) -> torch.Tensor:
        return augment_views(views, settings, torch.Generator().manual_seed(seed))

    torch.testing.assert_close(changed(STILL), views[:, :3].clamp(1e-4, 1))
    every = ViewAugmentation(untouched=0.0)
    assert torch.equal(changed(every), changed(every))
    assert not torch.equal(changed(every), changed(every, seed=2))
    assert 0 <= changed(every).min() <= changed(every).max() <= 1
    painted = changed(dataclasses.replace(STILL, sea=1.0))
    torch.testing.assert_close(painted[:, :, :16], views[:, :3, :16].clamp(1e-4, 1))
    assert float(painted[:, :, 16:].std((2, 3)).max()) < 1e-6
    snowed = changed(dataclasses.replace(STILL, snow=1.0))
    torch.testing.assert_close(snowed[:, :, 16:], views[:, :3, 16:].clamp(1e-4, 1))
    assert float(snowed[:, :, :16].mean()) > float(views[:, :3, :16].mean()) + 0.1
    grey = changed(dataclasses.replace(STILL, grey=1.0))
    assert float(grey.std(1).mean()) < 0.05 < float(views[:, :3].std(1).mean())
    assert torch.equal(changed(ViewAugmentation(untouched=1.0)), views[:, :3])


def test_pairs_are_a_function_of_rows_seed_and_epoch(planet: tuple[Path, np.ndarray]) -> None:
    pairs = OverheadPairs(50, seed=3, raster=str(planet[0]))
    again = OverheadPairs(50, seed=3, raster=str(planet[0]))
    rows = np.array([4, 0, 17])
    batch = pairs.training_batch(rows, seed=5, epoch=2)
    assert batch.inputs.shape == (3, 1, 3, 64, 64)
    assert torch.equal(batch.inputs, again.training_batch(rows, seed=5, epoch=2).inputs)
    assert torch.equal(batch.latlon, torch.from_numpy(pairs.latlon[rows]))
    assert not torch.equal(batch.inputs, pairs.training_batch(rows, seed=5, epoch=3).inputs)
    assert not torch.equal(batch.inputs, pairs.training_batch(rows, seed=6, epoch=2).inputs)
    assert torch.equal(pairs.validation_batch(rows).inputs[1:], pairs.validation_batch(rows[1:]).inputs)
    assert pairs.digest == again.digest != OverheadPairs(50, seed=4, raster=str(planet[0])).digest


def test_a_quarter_of_the_views_is_mixed_with_further_rasters(tmp_path: Path) -> None:
    names = []
    for number, colour in enumerate(((0, 0, 0), (200, 0, 0), (0, 200, 0))):
        names.append(str(tmp_path / f"{number}.png"))
        Image.new("RGB", (64, 32), colour).save(names[-1])
    pairs = OverheadPairs(800, raster=names[0], changes=STILL, more_rasters=tuple(names[1:]))
    pixels = pairs.training_batch(np.arange(800), seed=1, epoch=0).inputs[:, 0, :2, 32, 32]
    level = pixels * torch.tensor(pairs.preprocess.std[:2]) + torch.tensor(pairs.preprocess.mean[:2])
    red, green = (level * 255 > 1).T
    assert not (red & green).any()
    assert 70 < int(red.sum()) < 130
    assert 70 < int(green.sum()) < 130
    shares = (level.amax(1) * 255 / 200)[red | green]
    assert 0.4 < float(shares.mean()) < 0.6
    assert float(shares.std()) > 0.2
    assert float(pairs.validation_batch(np.arange(5)).inputs.max()) < 0  # views in validation are of the first

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import shapely
import torch
from pyproj import Geod
from shapely.geometry.polygon import orient

from geoclip_core.earth.distance import EARTH_RADIUS_KM, great_circle_km
from geoclip_core.earth.regions import parse_region
from geoclip_core.earth.window import Window
from geoclip_core.errors import QueryError
from geoclip_core.evidence.source import from_vectors
from geoclip_core.locate.credible import MOST_POINTS, credible_regions
from geoclip_core.locate.field import Field, _summed, close_window
from geoclip_core.locate.posterior import Posterior
from geoclip_core.locate.query import Query

SPHERE = Geod(a=1000 * EARTH_RADIUS_KM, b=1000 * EARTH_RADIUS_KM)


def field_of(window: Window, density: np.ndarray, method="sampled") -> Field:
    mass = density * window.pixel_area_km2()
    return Field(window, mass / mass.sum(), 1.0, method)


def hills(window: Window, *places: tuple[float, float, float]) -> Field:
    """A field of Gaussian hills, each at (latitude, longitude) with a width in km."""
    points = window.pixel_latlon()
    density = sum(np.exp(-0.5 * (great_circle_km((lat, lon), points) / km) ** 2) / km**2 for lat, lon, km in places)
    return field_of(window, density)


def area_km2(geometry) -> float:
    """By pyproj, in slices: to a geodesic polygon, the whole Earth and nothing are the same."""
    slices = [geometry.intersection(shapely.box(west, -90, west + 60, 90)) for west in range(-180, 180, 60)]
    parts = [orient(part) for part in shapely.get_parts(slices) if part.geom_type == "Polygon"]
    return sum(SPHERE.geometry_area_perimeter(shapely.segmentize(part, 0.2))[0] for part in parts) / 1e6


def mass_inside(field: Field, geometry, finer: int = 5) -> float:
    """Probability within an outline, each pixel by the share of its sub-points that lie in it."""
    height, width = field.window.size
    fine = replace(field.window, size=(height * finer, width * finer)).pixel_latlon()
    inside = shapely.contains_xy(geometry, fine[..., 1].ravel(), fine[..., 0].ravel()).reshape(fine.shape[:2])
    share = inside.reshape(height, finer, width, finer).mean(axis=(1, 3))
    return float((field.mass * share).sum())


FIELDS = {
    "one hill": hills(Window.box(30, 0, 60, 40, (150, 200), "mercator"), (48, 20, 300)),
    "two hills": hills(Window.world((256, 512)), (48, 2, 500), (-20, 130, 900)),
    "antimeridian": hills(Window.world((256, 256), "mercator"), (-17, 179.9, 800), (60, -179, 500)),
    "north pole": hills(Window.world((180, 360)), (88, 40, 700)),
    "local at the pole": hills(Window.around((-89.7, 10), 800, (128, 128)), (-89.8, 100, 100)),
    "local": hills(Window.around((48.9, 2.3), 50, (128, 128)), (48.9, 2.3, 8), (48.95, 2.5, 3)),
    "a window over the antimeridian": hills(Window.box(-30, 160, 0, -160, (120, 160), "mercator"), (-17, 180, 500)),
    "flat": field_of(Window.box(-10, 0, 10, 20, (100, 100)), np.ones((100, 100))),
}


@pytest.fixture(params=FIELDS.values(), ids=FIELDS)
def field(request) -> Field:
    return request.param


def test_the_outline_holds_its_level_of_the_mass(field):
    for region in credible_regions(field):
        assert mass_inside(field, region.geometry) == pytest.approx(region.level, abs=0.01)
        assert region.mass == pytest.approx(region.level, abs=1e-9)


def test_the_area_is_the_geodesic_area_of_the_outline(field):
    for region in credible_regions(field):
        assert area_km2(region.geometry) == pytest.approx(region.area_km2, rel=0.01)
        assert region.geometry.is_valid


def test_the_outline_fits_into_a_page(field):
    shapes = [shapely.geometry.mapping(region.geometry) for region in credible_regions(field)]
    assert len(json.dumps(shapes)) < 100_000


def test_no_set_of_pixels_that_holds_as_much_is_smaller(field):
    (region,) = credible_regions(field, [0.9])
    area = field.window.pixel_area_km2().ravel()
    mass = field.mass.ravel()
    rng = np.random.default_rng(0)
    order = np.argsort(-(mass / area))
    for _ in range(20):
        # Almost the best order, then a random one.
        other = order[np.argsort(np.arange(len(order)) + rng.normal(0, 0.02 * len(order), len(order)))]
        n = int(np.searchsorted(np.cumsum(mass[other]), 0.9)) + 1
        assert area[other[:n]].sum() >= region.area_km2 * (1 - 1e-9)


def test_a_gaussian_hill_has_the_area_that_the_book_says():
    field = hills(Window.around((10, 20), 400, (200, 200)), (10, 20, 30))
    for region in credible_regions(field):
        # In the plane, -2 ln(1 - level) sigma^2 pi.
        assert region.area_km2 == pytest.approx(-2 * np.log(1 - region.level) * 30**2 * np.pi, rel=0.01)
        assert not region.upper_bound


def test_higher_levels_contain_lower_ones():
    small, large, whole = credible_regions(FIELDS["two hills"], (0.5, 0.9, 1.0))
    assert small.geometry.within(large.geometry.buffer(1e-3))
    assert small.area_km2 < large.area_km2 < whole.area_km2
    assert whole.mass == pytest.approx(1)


def test_a_point_is_split_and_said_to_be_an_upper_bound():
    mass = np.zeros((100, 200))
    mass[30, 40] = 1.0
    window = Window.world((100, 200))
    half, most = credible_regions(Field(window, mass, 1.0, "summed"))
    pixel = window.pixel_area_km2()[30, 40]
    assert half.area_km2 == pytest.approx(0.5 * pixel)
    assert most.area_km2 == pytest.approx(0.9 * pixel)
    assert area_km2(most.geometry) == pytest.approx(0.9 * pixel, rel=0.01)
    assert half.upper_bound
    assert most.upper_bound
    assert most.geometry.contains(shapely.Point(window.pixel_latlon()[30, 40][::-1]))


@pytest.mark.slow
def test_many_scattered_pixels_are_pooled_until_they_can_be_drawn():
    rng = np.random.default_rng(0)
    window = Window.world((301, 599))  # neither size divides into blocks
    field = Field(window, (scatter := rng.random(window.size) ** 40) / scatter.sum(), 1.0, "summed")
    for region in credible_regions(field):
        assert shapely.get_num_coordinates(region.geometry) < 2 * MOST_POINTS
        assert region.upper_bound
        assert mass_inside(field, region.geometry, 3) == pytest.approx(region.level, abs=0.01)
        assert area_km2(region.geometry) == pytest.approx(region.area_km2, rel=0.01)


@pytest.mark.parametrize("level", [0.0, -0.1, 1.1, float("nan")])
def test_levels_out_of_range_are_refused(level):
    with pytest.raises(QueryError, match="above 0 and at most 1"):
        credible_regions(FIELDS["flat"], [0.5, level])


def test_a_field_of_nothing_is_refused():
    with pytest.raises(QueryError, match="no probability"):
        credible_regions(Field(Window.world((4, 8)), np.zeros((4, 8)), 0.0, "summed"))


def disk(latlon: tuple[float, float], spread_km: float, query: Query) -> Field:
    found = Posterior(np.array([latlon]), np.array([spread_km]), np.ones(1), 1.0)
    window = close_window(found)
    assert window.contains(latlon)
    assert max(window.size) == 512
    mass = _summed(query, found, window)
    return Field(window, mass / mass.sum(), 1.0, "summed")


@pytest.fixture
def query() -> Query:
    return Query(from_vectors("visual", "a photo", torch.eye(4)[:1]))


@pytest.mark.parametrize("spread_km", [1.0, 7.0, 60.0])
@pytest.mark.parametrize("latlon", [(0.0, 0.0), (60.0, 179.95), (-78.0, -30.0)])
def test_a_close_window_shows_the_whole_disk_that_a_point_speaks_for(latlon, spread_km, query):
    half, most = credible_regions(disk(latlon, spread_km, query))
    full = np.pi * spread_km**2
    assert half.area_km2 == pytest.approx(0.5 * full, rel=0.05)
    assert 0.9 * full <= most.area_km2 <= 1.1 * full  # the rim of the disk is soft
    assert not most.upper_bound


@pytest.mark.slow
def test_the_disk_of_a_point_ends_where_the_region_ends(query):
    region = parse_region("FR")
    field = disk((48.97, 8.15), 40.0, query.within(region))  # on the Rhine
    outside = ~region.contains(field.window.pixel_latlon())
    assert 0.2 < outside.mean() < 0.8
    # Only seeds of the finest grid may share a pixel with the border.
    assert field.mass[outside].sum() < 1e-3


def test_a_close_window_leaves_out_what_is_negligible_and_spans_the_antimeridian():
    latlon = np.array([(-17.0, 179.5), (-16.5, -179.5), (50.0, 0.0)])
    found = Posterior(latlon, np.full(3, 5.0), np.array([0.6, 0.3996, 0.0004]), 1.0)
    window = close_window(found)
    assert window.contains(latlon).tolist() == [True, True, False]
    assert window.west > 179 > -179 > window.east
    assert window.contains([(-17.1, 179.45), (-16.4, -179.45)]).all()


def test_a_close_window_is_the_world_where_the_answer_reaches_a_pole():
    found = Posterior(np.array([(89.0, 10.0)]), np.full(1, 10.0), np.ones(1), 1.0)
    assert close_window(found) == Window.world((256, 512))

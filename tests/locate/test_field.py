from __future__ import annotations

import numpy as np
import pytest
import rasterio
import torch.nn.functional as F
from pyproj import Transformer

from geoclip_core.earth.distance import great_circle_km
from geoclip_core.earth.regions import parse_region
from geoclip_core.earth.window import Window
from geoclip_core.errors import QueryError
from geoclip_core.evidence.source import from_vectors
from geoclip_core.locate import field as fields
from geoclip_core.locate.density import log_density
from geoclip_core.locate.field import FINEST_KM, SAMPLES, make_field
from geoclip_core.locate.posterior import posterior
from geoclip_core.locate.query import Query
from geoclip_core.locate.refine import refine
from geoclip_core.model.encode import encode_points

PLACES = {
    "Paris": (48.8584, 2.2945),
    "Taveuni, on the antimeridian": (-16.80, 179.99),
    "Longyearbyen": (78.22, 15.65),
    # At the poles themselves Equal Earth turns a step into a long way: no field there is smooth.
    "McMurdo": (-77.85, 166.67),
}


@pytest.fixture(params=PLACES.values(), ids=PLACES)
def asked(request, released):
    vectors = encode_points(released.encoder, [request.param])
    query = Query(from_vectors("visual", "a photo", vectors))
    answer = posterior(query, released.gallery, released.encoder, released.scale)
    return request.param, query, answer


def field(asked, released, window):
    _, query, answer = asked
    return make_field(query, answer, window, released.encoder, released.scale)


@pytest.mark.parametrize("projection", ["equirectangular", "mercator"])
def test_the_world_picture_holds_all_mass(asked, released, projection):
    world = field(asked, released, Window.world((256, 512), projection))
    assert world.method == "summed"
    assert world.mass.shape == (256, 512)
    assert world.mass.sum() == pytest.approx(1)
    assert (world.mass >= 0).all()
    best = asked[2].latlon[asked[2].probability.argmax()]
    # A pixel is 78 km wide and a lonely point is laid out over 60 km: its mass is nowhere else.
    if abs(best[0]) < 85 or projection == "equirectangular":
        near = great_circle_km(best, world.window.pixel_latlon()) < 200
        around = great_circle_km(best, asked[2].latlon) < 60
        assert world.mass[near].sum() >= asked[2].probability[around].sum() - 1e-9


@pytest.mark.parametrize("side_km", [5, 50])
@pytest.mark.slow
def test_a_city_picture_peaks_where_the_vector_points(asked, released, side_km):
    latlon = asked[0]
    city = field(asked, released, Window.around(latlon, side_km, (128, 128)))
    assert city.method == "sampled"
    assert city.mass.sum() == pytest.approx(1)
    assert great_circle_km(city.peak, latlon) <= 1.5 * max(side_km / 101, side_km / 128)


@pytest.mark.slow
def test_a_city_picture_is_the_exact_field(released):
    query = Query(from_vectors("visual", "a photo", encode_points(released.encoder, [PLACES["Paris"]])))
    answer = posterior(query, released.gallery, released.encoder, released.scale)
    window = Window.around(PLACES["Paris"], 50, (SAMPLES, SAMPLES))
    city = make_field(query, answer, window, released.encoder, released.scale)
    pixels = window.pixel_latlon().reshape(-1, 2)
    vectors = F.normalize(released.encoder(pixels), dim=1)
    logs = log_density(query, pixels, vectors, released.scale).reshape(SAMPLES, SAMPLES)
    slow = np.exp(logs - logs.max()) * window.pixel_area_km2()
    np.testing.assert_allclose(city.mass, slow / slow.sum(), rtol=0.02, atol=1e-12)


@pytest.mark.parametrize("text", ["Antarctica", "Siberia", "Sahara"])
def test_what_could_be_anywhere_does_not_outshine_a_vast_place(embedded_locator, text):
    answer = embedded_locator.locate(text=text)
    found = answer.posterior
    rest = found.probability - found.named
    assert rest.sum() > 0.02
    world = embedded_locator.field(answer.query)
    assert world.mass.sum() == pytest.approx(1)
    # London holds the most of the rest; in the picture it lies over a thousand kilometres.
    london = world.density_per_km2[tuple(world.window.pixel_of([51.5, -0.13]))]
    assert 0 < london < 0.1 * world.density_per_km2.max()
    north = world.window.pixel_latlon()[..., 0] > 35
    assert world.mass[north].sum() == pytest.approx(found.probability[found.latlon[:, 0] > 35].sum(), abs=0.01)


def test_what_could_be_anywhere_stays_in_the_region(embedded_locator):
    answer = embedded_locator.locate(text="Desert", region="FR")
    region = parse_region("FR")
    world = embedded_locator.field(answer.query)
    pixels = world.window.pixel_latlon()
    assert world.mass.sum() == pytest.approx(1)
    points = world.window.pixel_of(answer.posterior.latlon[answer.posterior.probability > 0])
    held = region.contains(pixels)
    held[points[:, 0], points[:, 1]] = True
    assert world.mass[~held].sum() == 0


@pytest.mark.parametrize("window", [Window.world((256, 512)), Window.world((512, 512), "mercator")])
@pytest.mark.parametrize("text", ["Desert", "Boston, Massachusetts"])
def test_few_seeds_make_nearly_the_picture_of_many(embedded_locator, text, window, monkeypatch):
    answer = embedded_locator.locate(text=text)
    quick = embedded_locator.field(answer.query, window)
    monkeypatch.setattr(fields, "_ALL_SEEDS", 20_000_000)
    monkeypatch.setattr(fields, "_SEEDS", (500, 16_384))
    exact = embedded_locator.field(answer.query, window)
    assert abs(quick.mass - exact.mass).sum() / 2 < 0.02
    density = exact.density_per_km2
    assert abs(quick.density_per_km2 - density).max() < 0.01 * density.max()


def test_a_window_in_between_is_summed_from_points(asked, released):
    latlon = asked[0]
    side = 3 * FINEST_KM * SAMPLES
    if not Window.around(latlon, side, (64, 64)).contains(asked[2].latlon).any():
        pytest.skip("no point of the gallery is near")
    middle = field(asked, released, Window.around(latlon, side, (64, 64)))
    assert middle.method == "summed"
    assert middle.mass.sum() == pytest.approx(1)


@pytest.mark.slow
def test_share_says_how_much_of_the_answer_is_in_the_window(released):
    query = Query(from_vectors("visual", "a photo", encode_points(released.encoder, [PLACES["Paris"]])))
    answer = posterior(query, released.gallery, released.encoder, released.scale)
    paris = make_field(query, answer, Window.around(PLACES["Paris"], 50, (64, 64)), released.encoder, released.scale)
    sydney = make_field(query, answer, Window.around((-33.87, 151.2), 50, (64, 64)), released.encoder, released.scale)
    assert paris.share > 0.99
    assert sydney.share < 1e-6


def test_nothing_in_the_window_is_said(released):
    query = Query(from_vectors("visual", "a photo", encode_points(released.encoder, [PLACES["Paris"]])))
    query = query.within(parse_region("FR"))
    answer = posterior(query, released.gallery, released.encoder, released.scale)
    with pytest.raises(QueryError, match="Nothing of this answer"):
        make_field(query, answer, Window.box(-40, 110, -10, 150, (32, 32)), released.encoder, released.scale)
    with pytest.raises(QueryError, match="outside the region"):
        make_field(query, answer, Window.around((-33.87, 151.2), 20, (32, 32)), released.encoder, released.scale)


def test_a_region_is_kept_in_pictures(released):
    query = Query(from_vectors("visual", "a photo", encode_points(released.encoder, [(49.0, 8.2)]))).within(
        parse_region("DE")
    )
    answer = posterior(query, released.gallery, released.encoder, released.scale)
    window = Window.around((49.0, 8.2), 50, (101, 101))  # the Rhine border
    city = make_field(query, answer, window, released.encoder, released.scale)
    inside = query.region.contains(window.pixel_latlon())
    assert 0.05 < inside.mean() < 0.95
    assert city.mass[~inside].sum() == 0
    assert city.mass[inside].sum() == pytest.approx(1)


@pytest.mark.parametrize(
    "window",
    [
        Window.world((90, 180)),
        Window.world((128, 128), "mercator"),
        Window.around((-16.80, 179.99), 50, (64, 64), "equirectangular"),
        Window.around((78.22, 15.65), 50, (64, 64), "mercator"),
        Window.around((48.8584, 2.2945), 50, (64, 64)),
    ],
    ids=["world", "world mercator", "antimeridian", "arctic mercator", "local"],
)
@pytest.mark.slow
def test_geotiff_reads_back_in_place(released, tmp_path, window):
    lat = (window.south + window.north) / 2
    east = window.east if window.east > window.west else window.east + 360
    centre = window.centre or (lat, (window.west + east) / 2)
    query = Query(from_vectors("visual", "a photo", encode_points(released.encoder, [centre])))
    answer = posterior(query, released.gallery, released.encoder, released.scale)
    made = make_field(query, answer, window, released.encoder, released.scale)
    path = tmp_path / "field.tif"
    made.to_geotiff(path)
    with rasterio.open(path) as file:
        band = file.read(1)
        np.testing.assert_allclose(band, made.mass, rtol=1e-6, atol=1e-30)
        row, column = np.unravel_index(int(made.mass.argmax()), made.mass.shape)
        x, y = file.xy(row, column)
        lon, lat = Transformer.from_crs(file.crs, "EPSG:4326", always_xy=True).transform(x, y)
        # The local plane and EPSG:4326 differ by the ellipsoid's flattening, up to 0.2 degrees of latitude.
        assert great_circle_km((lat, (lon + 180) % 360 - 180), made.peak) < 25
        assert file.crs is not None
    assert [p.name for p in tmp_path.iterdir()] == ["field.tif"]


def test_density_is_mass_by_area(asked, released):
    world = field(asked, released, Window.world((64, 128)))
    np.testing.assert_allclose(world.density_per_km2 * world.window.pixel_area_km2(), world.mass, atol=1e-15)


def test_refining_climbs_off_the_gallery(asked, released):
    latlon, query, _ = asked
    start = (latlon[0] + 0.02, latlon[1]) if latlon[0] < 85 else (latlon[0] - 0.02, latlon[1])
    best = refine(query, start, released.encoder, released.scale)
    points = np.array([start, best, latlon])
    logs = log_density(query, points, encode_points(released.encoder, points), released.scale)
    assert logs[1] >= logs[0]
    assert logs[1] >= logs[2] - 1e-3
    assert great_circle_km(best, start) <= 15
    assert great_circle_km(best, latlon) < 0.6


def test_refining_stays_in_the_region(released):
    query = Query(from_vectors("visual", "a photo", encode_points(released.encoder, [(48.8584, 2.2945)])))
    query = query.within(parse_region("48.9,2.4,3"))
    best = refine(query, (48.9, 2.4), released.encoder, released.scale)
    assert great_circle_km(best, (48.9, 2.4)) <= 3 + 1e-6

"""What is taken along, read back by other people's readers."""

from __future__ import annotations

import csv
import io
import json
import xml.etree.ElementTree as ET
from dataclasses import replace

import geopandas
import numpy as np
import pytest
import rasterio
import shapely
import torch
from PIL import Image
from pyproj import Geod

from geoclip_core.earth.distance import EARTH_RADIUS_KM, great_circle_km
from geoclip_core.earth.window import Window
from geoclip_core.errors import QueryError
from geoclip_core.export.formats import line_geojson, map_png, regions_to_csv, to_csv, to_geojson, to_kml
from geoclip_core.locate.answer import Answer, Candidate
from geoclip_core.locate.credible import CredibleRegion, credible_regions
from geoclip_core.locate.field import Field
from geoclip_core.locate.posterior import Posterior
from geoclip_core.locate.query import Query, from_vectors
from geoclip_core.maps.heat import DECADES
from geoclip_core.maps.palette import levels, ramp
from geoclip_core.places.nearest import nearest_places

SPHERE = Geod(a=1000 * EARTH_RADIUS_KM, b=1000 * EARTH_RADIUS_KM)
POINTS = ((48.8584, 2.2945), (-16.8, 179.99), (-16.9, -179.9), (78.22, 15.65))
PROBABILITY = (0.6, 0.2, 0.15, 0.05)
EVIL = ('=HYPERLINK("http://a.b")', "+1", "-2 & <b>bold</b>", '@sum, "quoted"\nnew line \x07')


@pytest.fixture(scope="module")
def answer() -> Answer:
    candidates = tuple(
        Candidate(latlon, probability, 2.5, place, named)
        for latlon, probability, place, named in zip(POINTS, PROBABILITY, nearest_places(POINTS), EVIL, strict=True)
    )
    query = Query(from_vectors("text", "a text", torch.eye(4)[:1]))
    found = Posterior(np.array(POINTS), np.full(4, 2.0), np.array(PROBABILITY), 1.0)
    return Answer(candidates, "embedded", (), query, found, POINTS[0])


@pytest.fixture(scope="module")
def field() -> Field:
    window = Window.world((256, 512))
    points = window.pixel_latlon()
    places = zip(POINTS, PROBABILITY, strict=True)
    hills = sum(p * np.exp(-0.5 * (great_circle_km(x, points) / 400) ** 2) for x, p in places)
    mass = hills * window.pixel_area_km2()
    return Field(window, mass / mass.sum(), 1.0, "sampled")


@pytest.fixture(scope="module")
def regions(field) -> tuple[CredibleRegion, ...]:
    return credible_regions(field)


def area_km2(geometry) -> float:
    return abs(SPHERE.geometry_area_perimeter(shapely.segmentize(geometry, 0.2))[0]) / 1e6


def test_geojson_reads_back_with_the_same_points_areas_and_sums(answer, regions, tmp_path):
    made = to_geojson(answer, regions)
    path = tmp_path / "answer.geojson"
    path.write_text(json.dumps(made, allow_nan=False), encoding="utf-8")
    table = geopandas.read_file(path)
    assert table.crs.to_epsg() == 4326
    points = table[table.geom_type == "Point"]
    assert [(p.y, p.x) for p in points.geometry] == list(POINTS)
    assert points["probability"].sum() == pytest.approx(1)
    assert points["next_km"].tolist()[:3] == pytest.approx(great_circle_km(POINTS[:-1], POINTS[1:]))
    assert np.isnan(points["next_km"].tolist()[3])
    outlines = table[table.geom_type == "MultiPolygon"]
    assert outlines["level"].tolist() == [0.5, 0.9]
    for outline, region in zip(outlines.itertuples(), regions, strict=True):
        assert area_km2(outline.geometry) == pytest.approx(region.area_km2, rel=0.01)
        assert outline.area_km2 == pytest.approx(region.area_km2)
    assert outlines.total_bounds[0] == -180  # both sides of the antimeridian
    assert json.loads(path.read_text(encoding="utf-8")) == made
    assert len(path.read_bytes()) < 100_000


def test_kml_reads_back_with_gdal(answer, regions, tmp_path):
    path = tmp_path / "answer.kml"
    path.write_text(to_kml(answer, regions), encoding="utf-8")
    table = geopandas.read_file(path, driver="KML")
    points = table[table.geom_type == "Point"]
    assert [(p.y, p.x) for p in points.geometry] == list(POINTS)
    assert points["Name"].iloc[2] == "3. -2 & <b>bold</b>"
    outlines = table[table.geom_type == "MultiPolygon"]
    for shape, region in zip(outlines.geometry, regions, strict=True):
        assert shape.symmetric_difference(region.geometry).area < 1e-9
        assert area_km2(shape) == pytest.approx(region.area_km2, rel=0.01)


def test_kml_is_strict_xml_in_the_kml_namespace(answer, regions):
    root = ET.fromstring(to_kml(answer, regions))
    space = "{http://www.opengis.net/kml/2.2}"
    assert root.tag == f"{space}kml"
    marks = root.findall(f".//{space}Placemark")
    assert len(marks) == len(POINTS) + len(regions)
    values = [float(v.text) for v in root.findall(f".//{space}Point/../{space}ExtendedData/*[@name='probability']/*")]
    assert values == list(PROBABILITY)
    assert "not calibrated" in root.findtext(f".//{space}Document/{space}description")
    lon, lat = root.findtext(f".//{space}Point/{space}coordinates").split(",")
    assert (float(lat), float(lon)) == POINTS[0]
    holes = sum(len(part.interiors) for region in regions for part in region.geometry.geoms)
    assert len(root.findall(f".//{space}innerBoundaryIs")) == holes


def test_csv_reads_back_and_runs_nothing(answer):
    text = to_csv(answer)
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [(float(r["latitude"]), float(r["longitude"])) for r in rows] == list(POINTS)
    assert [float(r["probability"]) for r in rows] == list(PROBABILITY)
    assert [int(r["rank"]) for r in rows] == [1, 2, 3, 4]
    assert [r["next_km"] for r in rows][-1] == ""
    assert [r["named"] for r in rows] == [f"'{text}" for text in EVIL]
    assert rows[0]["place"] == answer.candidates[0].place.name
    assert rows[0]["country_code"] == "FR"
    assert text.splitlines(keepends=True)[0].endswith("\r\n")


def test_regions_as_csv(regions):
    rows = list(csv.DictReader(io.StringIO(regions_to_csv(regions), newline="")))
    assert [float(r["level"]) for r in rows] == [0.5, 0.9]
    assert [float(r["area_km2"]) for r in rows] == [r.area_km2 for r in regions]
    assert [int(r["parts"]) for r in rows] == [len(r.geometry.geoms) for r in regions]
    assert {r["area_is_upper_bound"] for r in rows} == {"false"}


def test_the_geotiff_holds_the_sum_and_the_place(field, tmp_path):
    field.to_geotiff(tmp_path / "field.tif")
    with rasterio.open(tmp_path / "field.tif") as file:
        assert file.crs.to_epsg() == 4326
        assert file.read(1).sum(dtype=np.float64) == pytest.approx(1, abs=1e-6)
        assert file.index(POINTS[0][1], POINTS[0][0]) == tuple(field.window.pixel_of(POINTS[0]))


def test_a_line_to_the_truth_is_cut_at_the_antimeridian():
    shape = shapely.geometry.shape(line_geojson((35.7, 139.7), (37.8, -122.4)))
    assert shape.geom_type == "MultiLineString"
    assert len(shape.geoms) == 2
    assert shape.geoms[0].coords[0] == pytest.approx((139.7, 35.7))
    assert shape.geoms[1].coords[-1] == pytest.approx((-122.4, 37.8))


def test_the_picture_shows_heat_where_the_field_is_and_numbers_on_the_places(answer, field, regions):
    bare = replace(answer, candidates=answer.candidates[:1])
    picture = Image.open(io.BytesIO(map_png(bare, field, 1024)))
    assert picture.format == "PNG"
    assert picture.size[0] == 1024
    assert picture.size[1] > 512  # the map and what lies under it
    shown = np.asarray(picture.convert("RGB")).astype(int)[:512]
    row, column = field.window.pixel_of((44.0, 2.2945))  # in the hill, beside the number
    level = levels(field.density_per_km2, DECADES)[row, column]
    assert level > 150
    red, green, blue, alpha = ramp(False)[level] / 255
    heat = 255 * alpha * np.array([red, green, blue]) + (1 - alpha) * np.array([0xF7, 0xF5, 0xEF])
    assert np.abs(shown[2 * row, 2 * column] - heat).sum() < 30
    row, column = (int(n) for n in 2 * field.window.pixel_of(POINTS[0]))
    disk = shown[row - 8 : row + 9, column - 8 : column + 9].sum(axis=-1)
    assert (disk > 700).sum() > 50  # white paper
    assert (disk < 150).sum() > 5  # ink
    sea = shown[row, 2 * int(field.window.pixel_of((48.86, -30.0))[1])]
    assert sea.tolist() == [0xD9, 0xE5, 0xEE]
    outlined = np.asarray(Image.open(io.BytesIO(map_png(bare, field, 1024, regions))).convert("RGB")).astype(int)
    assert 100 < (np.abs(outlined[:512] - shown).sum(axis=-1) > 60).sum() < 50_000


@pytest.mark.parametrize(
    "window",
    [
        Window.box(-30, 160, 0, -160, (64, 80), "mercator"),
        Window.around((78.22, 15.65), 40, (64, 64), "mercator"),
        Window.world((64, 64), "mercator"),
    ],
    ids=["antimeridian", "city", "world mercator"],
)
def test_pictures_of_other_windows(answer, window):
    mass = np.zeros(window.size)
    mass[20, 30] = 1
    picture = Image.open(io.BytesIO(map_png(answer, Field(window, mass, 1.0, "summed"), 400)))
    height, width = window.size
    assert picture.size[0] == 400
    assert picture.size[1] > 400 * height / width * 0.8
    shown = np.asarray(picture.convert("RGB")).astype(int)
    row, column = round(20.5 / height * (picture.size[1] - _foot(picture))), round(30.5 / width * 400)
    assert np.abs(shown[row, column] - ramp(False)[-1, :3]).sum() < 120


def _foot(picture: Image.Image) -> int:
    """Height of the white legend: rows from the bottom whose left edge is paper."""
    edge = np.asarray(picture.convert("RGB"))[::-1, 0].astype(int).sum(axis=-1)
    return int((edge != 765).argmax())


def test_pictures_that_cannot_be_drawn_are_refused(answer, field):
    local = Window.around((0, 0), 50, (4, 4))
    with pytest.raises(QueryError, match="equirectangular or mercator"):
        map_png(answer, Field(local, np.full((4, 4), 1 / 16), 1.0, "sampled"))
    with pytest.raises(QueryError, match="320 to 8000"):
        map_png(answer, field, 100)

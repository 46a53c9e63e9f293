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
from pyproj import Geod

from geoclip_core.earth.distance import EARTH_RADIUS_KM, great_circle_km
from geoclip_core.errors import GeoclipError, QueryError
from geoclip_core.export.csv import regions_to_csv, to_csv
from geoclip_core.export.formats import FORMATS, Format, save
from geoclip_core.export.geojson import to_geojson
from geoclip_core.export.kml import to_kml
from geoclip_core.export.parquet import SCHEMA, answer_rows
from geoclip_core.export.rows import COLUMNS, candidate_rows
from geoclip_core.locate.answer import Answer
from geoclip_core.locate.credible import CredibleRegion, credible_regions
from geoclip_core.locate.field import Field
from tests.export.answers import EVIL, POINTS, PROBABILITY, sample_answer, sample_field

SPHERE = Geod(a=1000 * EARTH_RADIUS_KM, b=1000 * EARTH_RADIUS_KM)


@pytest.fixture(scope="module")
def answer() -> Answer:
    return sample_answer()


@pytest.fixture(scope="module")
def field() -> Field:
    return sample_field()


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


@pytest.mark.parametrize("text", ["=1+1", " =1+1", "\n@SUM(A1)", "\t\u00a0-2+3", "＝1", "\r+1", "\t1"])
def test_no_cell_is_a_formula_for_a_spreadsheet(answer, text):
    first = replace(answer.candidates[0], named=text)
    table = to_csv(replace(answer, candidates=(first, *answer.candidates[1:])))
    assert next(csv.DictReader(io.StringIO(table, newline="")))["named"] == f"'{text}"


def test_a_table_begins_with_a_mark_where_a_spreadsheet_needs_it(answer):
    made = FORMATS["csv"]
    other = replace(answer, candidates=(replace(answer.candidates[0], named="Zürich"), *answer.candidates[1:]))
    assert made.data(other).startswith(b"\xef\xbb\xbfrank,")
    assert made.data(other).decode("utf-8-sig") == to_csv(other)
    assert not FORMATS["geojson"].data(other).startswith(b"\xef")
    plain = replace(answer, candidates=tuple(replace(c, named="") for c in answer.candidates))
    assert made.data(plain).startswith(b"rank,") == to_csv(plain).isascii()


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


def test_every_format_holds_every_place_and_a_new_one_is_a_function_and_a_line(answer, regions, tmp_path, monkeypatch):
    def to_wkt(answer: Answer, regions) -> str:
        return "\n".join(f"POINT({c.latlon[1]} {c.latlon[0]})" for c in answer.candidates)

    monkeypatch.setitem(FORMATS, "wkt", Format("WKT", "places.wkt", "text/plain", to_wkt))
    for suffix in (".geojson", ".KML", ".csv", ".wkt"):
        path = tmp_path / f"answer{suffix}"
        save(answer, path, regions)
        assert all(f"{lon!r}" in path.read_text(encoding="utf-8") for _, lon in POINTS), suffix
    with pytest.raises(QueryError, match=r"answer\.txt names no known format.*\.geojson, \.kml, \.csv, \.wkt"):
        save(answer, tmp_path / "answer.txt")
    with pytest.raises(GeoclipError, match="cannot be written"):
        save(answer, tmp_path / "answer.csv" / "inside.csv")


def test_one_row_of_a_candidate_is_what_every_format_writes(answer):
    row = candidate_rows(answer)[1]
    assert list(row) == [column.name for column in COLUMNS]
    assert row["rank"] == 2
    assert (row["latitude"], row["longitude"]) == POINTS[1]
    assert {**answer.to_dict()["candidates"][1], "latlon": None} == {**row, "latlon": None}
    feature = answer.to_geojson()["features"][1]
    assert feature["geometry"]["coordinates"] == [row["longitude"], row["latitude"]]
    assert feature["properties"] == {k: v for k, v in row.items() if k not in ("latitude", "longitude")}
    table = csv.reader(io.StringIO(to_csv(answer), newline=""))
    assert next(table) == list(row)
    stored = answer_rows("photo.jpg", answer)[1]
    assert {name: stored[name] for name in row} == row
    assert set(stored) == set(SCHEMA.names)

"""Evidence that disagrees is told and kept apart; what a position's error says is kept, however dense the gallery."""

from __future__ import annotations

import csv
import io
import json
from xml.etree import ElementTree

import numpy as np
import pytest
import rasterio
from PIL import Image

from geoclip_core.earth.distance import great_circle_km
from geoclip_core.earth.window import Window
from geoclip_core.export.csv import to_csv
from geoclip_core.export.kml import to_kml
from geoclip_core.export.parquet import answer_rows
from geoclip_core.locate.fusion.conflict import LEAST_BAYES_FACTOR, separate
from geoclip_core.locate.posterior import compare
from tests.photo_files import jpeg, placed_photo, position_exif

EIFFEL, BERLIN = (48.8584, 2.2945), (52.52, 13.405)


def photo(latlon, shade: int = 20, error_m: float | None = None) -> bytes:
    """A photo with a position; another shade is another photo."""
    return jpeg(Image.new("RGB", (64, 48), (shade, 60, 20)), exif=position_exif(latlon, error_m))


@pytest.mark.parametrize("error_m", [5.0, 500.0, 5_000.0, 60_000.0])
def test_the_stated_error_is_the_radius_in_the_middle_of_a_dense_gallery(embedded_locator, error_m):
    answer = embedded_locator.locate(photo(EIFFEL, error_m=error_m), top_k=20)
    best = answer.candidates[0]
    assert best.latlon == EIFFEL
    assert best.probability > 0.9
    # Half of a disk lies within 0.71 of its radius; the points of the gallery make it rougher.
    assert 0.5 < best.radius_km * 1000 / error_m <= 1.1
    mass, away = answer.posterior.probability, great_circle_km(EIFFEL, answer.posterior.latlon)
    assert mass[away * 1000 > 2 * error_m + 100].sum() < 0.05


def test_two_photos_that_exclude_each_other_are_two_places(embedded_locator):
    for other in ((48.9034, 2.2945), (53.355, 2.2945)):
        answer = embedded_locator.locate([photo(EIFFEL), photo(other, 21)])
        assert [c.probability for c in answer.candidates] == pytest.approx([0.5, 0.5], abs=0.01)
        assert {c.latlon for c in answer.candidates} == {EIFFEL, other}
        assert len(answer.warnings) == 1
        assert "Photo 1 and photo 2 speak of different places" in answer.warnings[0]


def test_photos_of_one_place_and_a_country_around_it_agree(embedded_locator):
    near = embedded_locator.locate([photo(EIFFEL), photo((48.8587, 2.2945), 21)])
    assert near.warnings == ()
    for latlon, text in (((47.1, 2.3), "France"), ((-53.16, -70.91), "Chile"), ((40.71, -74.0), "USA")):
        inside = embedded_locator.locate(photo(latlon), text)
        assert inside.warnings == (), (latlon, text)
        assert great_circle_km(inside.candidates[0].latlon, latlon) < 1


def test_a_text_about_another_country_is_told_and_kept(embedded_locator):
    answer = embedded_locator.locate(photo((41.9, 12.5)), "Berlin")
    assert "The photo and the text speak of different places" in answer.warnings[0]
    assert [c.probability for c in answer.candidates[:2]] == pytest.approx([0.5, 0.5], abs=0.05)
    assert {c.place.country_code for c in answer.candidates[:2]} == {"IT", "DE"}
    field = embedded_locator.field(answer.query)
    for place in ((41.9, 12.5), BERLIN):
        row, column = field.window.pixel_of(place)
        mass = field.mass[row - 1 : row + 2, column - 1 : column + 2].sum()
        assert mass == pytest.approx(0.5, abs=0.1)


def test_the_same_photo_twice_counts_once(embedded_locator):
    once, twice = (embedded_locator.locate([photo(EIFFEL)] * n) for n in (1, 2))
    assert twice.candidates == once.candidates
    assert any("more than once" in note for note in twice.notes)


def test_the_measure_is_the_bayes_factor_of_one_place(embedded_locator):
    locator = embedded_locator
    answer = locator.locate([photo(EIFFEL), photo((53.355, 2.2945), 21)])
    compared = compare(answer.query, locator.gallery, locator.encoder, locator.scale)
    a, b = np.exp(compared.logs - compared.logs.max(axis=1, keepdims=True))
    m = compared.prior
    slow = (m * a * b).sum() * m.sum() / ((m * a).sum() * (m * b).sum())
    query, conflicts = separate(answer.query, compared)
    assert conflicts[0].bayes_factor == pytest.approx(slow)
    assert slow < LEAST_BAYES_FACTOR
    assert [part.group for part in query.evidence] == [0, 1]


def test_a_restriction_that_held_hardly_anything_is_told_in_every_format(embedded_locator, tmp_path):
    answer = embedded_locator.locate(text="48.8584, 2.2945", region="DE")
    (warning,) = answer.warnings
    assert "Germany held < 0.01 % of the probability" in warning
    assert answer.to_dict()["warnings"] == [warning]
    assert answer.to_geojson()["warnings"] == [warning]
    assert answer.to_geojson()["region"] == "Germany"
    json.dumps(answer.to_geojson(), allow_nan=False)
    row = next(csv.DictReader(io.StringIO(to_csv(answer), newline="")))
    assert (row["region"], row["warnings"]) == ("Germany", warning)
    assert float(row["region_share"]) < 0.01
    assert warning in ElementTree.fromstring(to_kml(answer)).findtext(".//{*}Document/{*}description")
    assert answer_rows("a.jpg", answer)[0]["warnings"] == warning
    embedded_locator.field(answer.query, None, (64, 128)).to_geotiff(tmp_path / "field.tif")
    with rasterio.open(tmp_path / "field.tif") as raster:
        assert raster.tags()["region"] == "Germany"
        assert float(raster.tags()["region_share"]) < 0.01


@pytest.mark.parametrize("latlon", [(0.0, 180.0), (89.9, 30.0), (-89.99, -120.0), (65.0, -179.99)])
def test_fields_at_the_antimeridian_and_the_poles_are_round(embedded_locator, latlon):
    answer = embedded_locator.locate(text=f"{latlon[0]:.5f}, {latlon[1]:.5f}")
    window = Window.around(latlon, 50, (101, 101))
    field = embedded_locator.field(answer.query, window)
    assert great_circle_km(field.peak, latlon) < 0.5
    assert field.mass[:, :50].sum() == pytest.approx(field.mass[:, 51:].sum(), rel=0.05)
    assert field.mass[:50].sum() == pytest.approx(field.mass[51:].sum(), rel=0.05)


def test_an_error_that_cannot_be_is_told_and_not_believed(embedded_locator):
    answer = embedded_locator.locate(photo(EIFFEL, error_m=4_294_967_295.0))
    assert answer.candidates[0].radius_km < 0.1
    assert "was not believed" in answer.exif[0].problems[0]


@pytest.mark.parametrize(("latlon", "km"), [((48.0, 2.0), 78.6), ((48.5, 2.25), 1.31), ((48.8584, 2.2945), 0.05)])
def test_whole_degrees_and_minutes_leave_open_where_in_them(embedded_locator, latlon, km):
    degrees, minutes = zip(*(divmod(round(abs(value) * 60, 6), 60) for value in latlon), strict=True)
    exif = position_exif(latlon)
    gps = exif.get_ifd(0x8825)
    gps[2], gps[4] = ((float(d), float(m), 0.0) for d, m in zip(degrees, minutes, strict=True))
    answer = embedded_locator.locate(jpeg(exif=exif))
    assert answer.candidates[0].radius_km == pytest.approx(km, rel=0.5)


def test_the_country_of_a_candidate_is_that_of_its_place(embedded_locator):
    for text, country in (("Gibraltar Airport", "GI"), ("Konstanz", "DE"), ("Goma", "CD"), ("Strasbourg", "FR")):
        assert embedded_locator.locate(text=text).candidates[0].place.country_code == country
    assert embedded_locator.locate(placed_photo((30.0, -40.0))).candidates[0].place.country_code == ""

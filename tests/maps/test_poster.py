"""The picture of an answer: heat, numbers and outlines where they belong."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from geoclip_core.earth.window import Window
from geoclip_core.errors import QueryError
from geoclip_core.locate.answer import Answer
from geoclip_core.locate.credible import CredibleRegion, credible_regions
from geoclip_core.locate.field import Field
from geoclip_core.maps.heat import DECADES
from geoclip_core.maps.palette import levels, ramp
from geoclip_core.maps.poster import map_png
from tests.export.answers import POINTS, sample_answer, sample_field


@pytest.fixture(scope="module")
def answer() -> Answer:
    return sample_answer()


@pytest.fixture(scope="module")
def field() -> Field:
    return sample_field()


@pytest.fixture(scope="module")
def regions(field) -> tuple[CredibleRegion, ...]:
    return credible_regions(field)


@pytest.mark.slow
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

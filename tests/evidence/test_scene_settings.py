"""By the sea or inland, in a big city or outside: places, shares and what is told of them."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from geoclip_core.evidence.scene_classes.classifier import CLASSES, class_names
from geoclip_core.evidence.scene_classes.settings import OF_ALL_PHOTOS, SETTINGS, Setting, setting_shares, told
from geoclip_core.files import asset_path


def only(name: str) -> np.ndarray:
    """Probabilities of a photo that surely shows one class."""
    probability = np.zeros(CLASSES)
    probability[class_names().index(name)] = 1.0
    return probability


def test_places_are_by_the_sea_and_in_big_cities_as_they_are() -> None:
    places = {
        (45.92, 6.87): Setting(by_sea=False, in_city=False),  # Chamonix
        (40.42, -3.70): Setting(by_sea=False, in_city=True),  # Madrid
        (50.21, -5.48): Setting(by_sea=True, in_city=False),  # St Ives in Cornwall
        (41.38, 2.18): Setting(by_sea=True, in_city=True),  # Barcelona
        (-16.5, -180.0): Setting(by_sea=True, in_city=False),  # at the antimeridian
        (90.0, 0.0): Setting(by_sea=True, in_city=False),
    }
    inside = np.array([setting.contains(np.array(list(places))) for setting in SETTINGS])
    assert (inside.sum(axis=0) == 1).all()
    assert [SETTINGS[row] for row in inside.argmax(axis=0)] == list(places.values())
    assert SETTINGS[0].contains(np.zeros((0, 2))).shape == (0,)
    assert "inland" in SETTINGS[0].label


def test_shares_follow_the_table_and_a_class_without_a_row_is_as_all_photos_are() -> None:
    sea = np.array([setting.by_sea for setting in SETTINGS])
    beach = setting_shares(only("seashore"))
    assert beach.sum() == pytest.approx(1)
    assert beach[sea].sum() > 0.8
    assert setting_shares(only("cup")) == pytest.approx(OF_ALL_PHOTOS)
    half = setting_shares(0.5 * only("seashore") + 0.5 * only("cup"))
    assert half == pytest.approx((beach + OF_ALL_PHOTOS) / 2)


def test_what_is_notable_is_told() -> None:
    assert told(setting_shares(only("seashore"))) == "by the sea"
    assert told(setting_shares(only("alp"))) == "inland and outside big cities"
    assert told(setting_shares(only("streetcar"))) == "in big cities"
    assert told(OF_ALL_PHOTOS) == ""


def test_the_table_names_every_class_once_with_shares_that_are_shares() -> None:
    with asset_path("scene_settings.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    numbers: list[int] = []
    for row in rows:
        first, _, last = row["classes"].partition("-")
        numbers += range(int(first), int(last or first) + 1)
        assert 0 < float(row["sea"]) < 100
        assert 0 < float(row["city"]) < 100
    assert numbers == sorted(set(numbers))
    assert 0 <= numbers[0] <= numbers[-1] < CLASSES


@pytest.mark.slow
def test_the_shares_of_all_photos_are_those_of_the_gallery(embedded_locator) -> None:
    gallery = embedded_locator.gallery
    found = [gallery.weights[gallery.inside(setting)].sum() / gallery.weights.sum() for setting in SETTINGS]
    assert found == pytest.approx(OF_ALL_PHOTOS, abs=0.005)

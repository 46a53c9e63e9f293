"""Splits that never part what belongs together, and nested fractions."""

from __future__ import annotations

import numpy as np
import pytest

from geoclip_core.earth.cells import cells_of
from geoclip_core.errors import DataError
from geoclip_core.learning.data.datamodule import GeoData
from geoclip_core.learning.data.splits import REGION_RESOLUTION, split_rows, take_fraction
from geoclip_core.learning.data.toy import PaintedPlanet

LATLON = PaintedPlanet(2000).latlon


def test_smaller_fractions_lie_in_larger_ones_and_the_seed_fixes_them() -> None:
    rows = np.arange(1000) * 3
    parts = [set(take_fraction(rows, fraction, 5)) for fraction in (0.05, 0.1, 0.2, 1.0)]
    assert [len(part) for part in parts] == [50, 100, 200, 1000]
    assert parts[0] < parts[1] < parts[2] < parts[3]
    assert np.array_equal(take_fraction(rows, 0.1, 5), take_fraction(rows, 0.1, 5))
    assert not np.array_equal(take_fraction(rows, 0.1, 5), take_fraction(rows, 0.1, 6))


@pytest.mark.parametrize("by", ["photo", "photographer", "region"])
def test_no_group_is_on_both_sides(by: str) -> None:
    owners = np.random.default_rng(0).integers(0, 100, 2000)
    chosen = split_rows(LATLON, owners, 0.2, by, 0)
    groups = {"photo": np.arange(2000), "photographer": owners, "region": cells_of(LATLON, REGION_RESOLUTION)}[by]
    assert not set(groups[chosen]) & set(groups[~chosen])
    assert chosen.mean() == pytest.approx(0.2, abs=0.02)
    assert np.array_equal(chosen, split_rows(LATLON, owners, 0.2, by, 0))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: take_fraction(np.arange(9), 0.0, 0), "above 0 and at most 1"),
        (lambda: take_fraction(np.arange(9), 0.01, 0), "leaves none"),
        (lambda: split_rows(LATLON, None, 1.0, "photo", 0), "between 0 and 1"),
        (lambda: split_rows(LATLON, None, 0.1, "photographer", 0), "needs to know who took each photo"),
        (lambda: split_rows(LATLON, np.zeros(2000), 0.1, "photographer", 0), "leaves one side empty"),
    ],
)
def test_splits_that_cannot_be_say_why(call: object, words: str) -> None:
    with pytest.raises(DataError, match=words):
        call()


@pytest.mark.parametrize("seed", range(8))
def test_one_who_took_nearly_all_photos_is_not_held_out(seed: int) -> None:
    owners = np.concatenate([np.zeros(1800, dtype=np.int64), np.arange(1, 201)])
    chosen = split_rows(LATLON, owners, 0.05, "photographer", seed)
    assert not chosen[owners == 0].any()
    assert chosen.sum() == 100


def test_a_region_keeps_its_own_pairs_and_gallery(tmp_path) -> None:
    source = PaintedPlanet(3000)
    data = GeoData(source, 0.1, region="continent:AF")
    for latlon in (data.train_latlon, source.latlon[data.validation_rows], data.gallery):
        assert len(latlon)
        assert (np.abs(latlon[:, 0]) < 40).all()
    assert not set(data.train_rows) & set(data.validation_rows)
    with pytest.raises(DataError, match="None of the 3000 pairs lies in VA"):
        GeoData(source, 0.1, region="VA")
    with pytest.raises(DataError, match="None of the 9 pairs to validate on lies in VA"):
        GeoData(Places(np.full((30, 2), [41.9029, 12.4534])), Places(np.zeros((9, 2))), region="VA")
    with pytest.raises(DataError, match=r"lies in FR, but 30 would with latitude and longitude exchanged"):
        GeoData(Places(np.full((30, 2), [2.35, 48.85])), region="FR")
    np.save(tmp_path / "g.npy", np.array([[60.0, 10.0]]))
    with pytest.raises(DataError, match="has no point in continent:AF"):
        GeoData(source, 0.1, region="continent:AF", gallery=str(tmp_path / "g.npy"))


class Places(PaintedPlanet):
    """Pairs at given places."""

    def __init__(self, latlon: np.ndarray) -> None:
        super().__init__(len(latlon))
        self.latlon = latlon.astype(np.float32)


def test_a_source_of_its_own_for_validation() -> None:
    data = GeoData(PaintedPlanet(50), PaintedPlanet(20, seed=1), gallery_size=30)
    assert len(data.train_rows) == 50
    assert data.validation_rows.tolist() == list(range(20))
    assert len(data.gallery) == 30
    assert data.digest != GeoData(PaintedPlanet(50), PaintedPlanet(20, seed=2)).digest

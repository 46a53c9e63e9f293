"""What looks wrong with the data of a run is told at its start, with counts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from geoclip_core.learning.data.augment import PhotoViews
from geoclip_core.learning.data.checks import doubts
from geoclip_core.learning.data.datamodule import GeoData
from geoclip_core.learning.data.features import CachedFeatures
from geoclip_core.learning.data.imported.features import import_features
from geoclip_core.learning.data.photos import PhotoFolder
from geoclip_core.learning.data.toy import PaintedPlanet
from geoclip_core.photo.preprocess import Preprocess
from tests.learning.conftest import ONE_EPOCH, Fit
from tests.learning.data.layouts import places, put, table


def photos(root: Path, rows: list[list[object]], numbers: list[int]) -> PhotoFolder:
    """A table of rows, and photos 0.jpg, 1.jpg ... whose content is that of the numbers."""
    for i, number in enumerate(numbers):
        put(root / "photos", f"{i}.jpg", number)
    file = table(root / "t.csv", ["image", "lat", "lon"], rows)
    return PhotoFolder(str(file), str(root / "photos"), views=PhotoViews(1, Preprocess(16)))


def features(root: Path, vectors: np.ndarray, latlon: np.ndarray) -> CachedFeatures:
    """Features with their places."""
    root.mkdir()
    np.save(root / "v.npy", vectors.astype(np.float32))
    file = table(root / "t.csv", ["lat", "lon"], latlon.tolist())
    import_features(root / "v.npy", file, root / "out", tower="mine unchecked")
    return CachedFeatures(str(root / "out"))


def test_good_data_raises_no_doubt(tmp_path: Path) -> None:
    rows = [[f"{i}.jpg", *place] for i, place in enumerate(places(20).tolist())]
    assert doubts(GeoData(photos(tmp_path, rows, list(range(20))), validation=0.2)) == []
    assert doubts(GeoData(PaintedPlanet(50), validation=PaintedPlanet(20, seed=1))) == []
    vectors = np.random.default_rng(0).normal(size=(40, 8))
    assert doubts(GeoData(features(tmp_path / "f", vectors, places(40)), validation=0.2)) == []


def test_validating_on_what_is_trained_on_is_counted(fit: Fit, caplog: pytest.LogCaptureFixture) -> None:
    kind = "geoclip_core.learning.data.toy.PaintedPlanet"
    same = (f"--data.validation={kind}", "--data.validation.init_args.count=200", "--data.validation.init_args.size=16")
    fit("run", *same, ONE_EPOCH)
    assert "200 of 200 photos to validate on are trained on too" in caplog.text


@pytest.mark.parametrize("named", ["content", "name"])
def test_duplicates_across_the_split_are_counted(tmp_path: Path, named: str) -> None:
    latlon = places(20).tolist()
    rows = [[f"{i}.jpg", *latlon[i]] for i in range(20)]
    numbers = list(range(20))
    held_out = GeoData(photos(tmp_path / "a", rows, numbers), validation=0.2).validation_rows.tolist()
    kept = [i for i in range(20) if i not in held_out]
    if named == "content":
        numbers[held_out[0]] = numbers[kept[0]]
        rows[held_out[0]][1:] = rows[kept[0]][1:]
    else:
        rows[held_out[0]] = rows[kept[0]]
    [doubt] = doubts(GeoData(photos(tmp_path / "b", rows, numbers), validation=0.2))
    assert doubt.startswith("1 of 4 photos to validate on are trained on too")


def test_duplicates_among_many_features_are_found_by_their_places(tmp_path: Path) -> None:
    count = 6000
    rng = np.random.default_rng(0)
    vectors, latlon = (
        rng.normal(size=(count, 4)),
        np.stack([rng.uniform(-80, 80, count), rng.uniform(-180, 179, count)], 1),
    )
    data = GeoData(features(tmp_path / "a", vectors, latlon), validation=0.01)
    twin, own = data.validation_rows[:7], data.train_rows[:7]
    vectors[twin], latlon[twin] = vectors[own], latlon[own]
    [doubt] = doubts(GeoData(features(tmp_path / "b", vectors, latlon), validation=0.01))
    assert doubt.startswith("7 of 60 photos")


def test_unknown_places_are_counted(tmp_path: Path) -> None:
    vectors = np.random.default_rng(0).normal(size=(20, 8))
    latlon = places(20)
    latlon[3:9] = 0
    [doubt] = doubts(GeoData(features(tmp_path / "a", vectors, latlon), validation=0.2))
    assert doubt.startswith("6 of 20 places are at latitude 0 and longitude 0")
    latlon[:] = 0
    assert "20 of 20 places" in doubts(GeoData(features(tmp_path / "b", vectors, latlon), validation=0.2))[0]
    latlon[:] = 5
    assert (
        "places to train on are the same"
        in doubts(GeoData(features(tmp_path / "c", vectors, latlon), validation=0.2))[0]
    )


def test_photos_with_several_places_are_counted(tmp_path: Path) -> None:
    latlon = places(20).tolist()
    rows = [[f"{i}.jpg", *latlon[i]] for i in range(20)]
    by_name = [["0.jpg" if i % 4 == 0 else f"{i}.jpg", *latlon[i]] for i in range(20)]
    said = doubts(GeoData(photos(tmp_path / "a", by_name, list(range(20))), validation=0.2))
    assert said[0].startswith("1 photos of one name have several places")
    said = doubts(GeoData(photos(tmp_path / "b", rows, [0, 0, *range(2, 20)]), validation=0.2))
    assert (
        any("1 photos with the same content have several places, 2 rows" in each for each in said)
        or "1 of 4" in said[0]
    )

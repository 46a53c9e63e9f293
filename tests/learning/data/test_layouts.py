"""Public layouts are read without options, and trained on through the command line."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

from geoclip_core.errors import DataError
from geoclip_core.learning.data.augment import PhotoViews
from geoclip_core.learning.data.photos import PhotoFolder
from geoclip_core.learning.data.shards import Shards
from geoclip_core.photo.preprocess import Preprocess
from tests.learning.conftest import ONE_EPOCH, Fit, checkpoint
from tests.learning.data.layouts import COUNT, LAYOUTS, POSITIONS, img2dataset, photo, places, put, table

VIEWS = PhotoViews(1, Preprocess(16))
QUIET = ("--trainer.enable_progress_bar=false", "--trainer.enable_model_summary=false", "--trainer.log_every_n_steps=1")


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_public_layout_is_found_without_options(tmp_path: Path, name: str) -> None:
    file, folder = LAYOUTS[name](tmp_path)
    source = PhotoFolder(str(file), str(folder), views=VIEWS)
    assert not source.skipped
    assert np.array_equal(source.latlon, places())
    assert [source.read(row) for row in range(COUNT)] == [photo(i) for i in range(COUNT)]  # each row its own photo


@pytest.mark.slow
@pytest.mark.parametrize("name", ["osv5m", "yfcc100m", "img2dataset"])
def test_a_public_layout_is_trained_on(fit: Fit, tmp_path: Path, name: str) -> None:
    kind = "geoclip_core.learning.data."
    if name == "img2dataset":
        source = [
            f"--data.source={kind}shards.Shards",
            f"--data.source.init_args.folder={img2dataset(tmp_path / 'data')}",
        ]
    else:
        file, folder = LAYOUTS[name](tmp_path / "data")
        source = [f"--data.source={kind}photos.PhotoFolder", f"--data.source.init_args.table={file}"]
        source += [f"--data.source.init_args.folder={folder}"]
    views = ("--data.source.init_args.views.preprocess.size=16", "--data.validation=0.25", "--data.batch_size=5")
    run = fit("run", *source, *views, ONE_EPOCH, *QUIET, small=False)
    assert checkpoint(run)["global_step"] == 2


def test_shards_of_others_are_read(tmp_path: Path) -> None:
    shards = Shards(str(img2dataset(tmp_path / "data", without=(4, 7))), VIEWS)
    kept = [i for i in range(COUNT) if i not in (4, 7)]
    assert np.array_equal(shards.latlon, places()[kept])
    assert [shards.read(row) for row in range(len(kept))] == [photo(i) for i in kept]
    assert [(item.image, item.reason) for item in shards.skipped] == [
        ("00000.tar/000000004", "its JSON file holds no latitude and longitude"),
        ("00001.tar/000010007", "its JSON file holds no latitude and longitude"),
    ]
    again = Shards(str(tmp_path / "data"), VIEWS)
    assert again.digest == shards.digest
    assert again.name(9) == "00001.tar/000010011"
    assert len(again.validation_batch(np.arange(10)).rows) == 10
    with pytest.raises(DataError, match=r"None of the 12 photos .*no latitude and longitude. Allowed: latitude or lat"):
        Shards(str(img2dataset(tmp_path / "none", without=tuple(range(COUNT)))), VIEWS)
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "0.tar").write_bytes(b"no tar at all" * 100)
    with pytest.raises(DataError, match="whole and not compressed"):
        Shards(str(tmp_path / "bad"), VIEWS)


@pytest.mark.parametrize("said", POSITIONS)
def test_positions_of_shards_are_found_however_they_are_written(tmp_path: Path, said: str) -> None:
    suffixes = ("image.JPEG", "json") if said == "below" else ("jpg", "json")
    shards = Shards(str(img2dataset(tmp_path / "data" / "train", said=said, suffixes=suffixes).parent), VIEWS)
    assert np.allclose(shards.latlon, places(), atol=1e-6)
    assert [shards.read(row) for row in range(COUNT)] == [photo(i) for i in range(COUNT)]


def test_a_folder_without_shards_says_so(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"holds no shards. Allowed: \*.tar with photos and JSON files"):
        Shards(str(tmp_path), VIEWS)


def test_where_a_photo_was_looked_for_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    put(tmp_path / "photos", "a/1.jpg", 1)
    put(tmp_path / "photos", "b/2.jpg", 2)
    put(tmp_path / "photos", "c/2.png", 2)
    rows: list[list[object]] = [[1, 10, 20], [2, 30, 40], [3, 50, 60]]
    file = table(tmp_path / "t.csv", ["id", "lat", "lon"], rows)
    with caplog.at_level(logging.WARNING):
        source = PhotoFolder(str(file), str(tmp_path / "photos"), views=VIEWS)
    assert source.images.tolist() == ["a/1.jpg"]
    assert [item.reason for item in source.skipped] == ["several files could be meant", "there is no such file"]
    assert "by name among the 3 photos of its 4 folders" in caplog.text
    with pytest.raises(DataError, match=r"the first photo was looked for as .*none, with .jpg"):
        PhotoFolder(
            str(table(tmp_path / "n.csv", ["id", "lat", "lon"], [["none", 1, 2]])), str(tmp_path / "photos" / "a")
        )

"""The command that calibrates, through its real entry point: from a table, from a folder, and from too little."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from geoclip_core.earth.distance import disk_points
from geoclip_core.evaluation.calibration_file import read_calibration
from geoclip_core.locate.load import load_locator
from tests.locate.clip_model import write_clip_model
from tests.photo_files import jpeg, placed_photo, position_exif
from training.evaluate import app

COUNT = 104


@pytest.fixture(scope="module")
def shipped(small_clip, tmp_path_factory) -> Path:
    return write_clip_model(tmp_path_factory.mktemp("models") / "meadow", small_clip)


@pytest.fixture
def model(shipped, tmp_path) -> Path:
    """The model in a folder of this test, where its calibration is written."""
    folder = tmp_path / "meadow"
    folder.mkdir()
    for file in shipped.iterdir():
        (folder / file.name).symlink_to(file)
    return folder


@pytest.fixture(scope="module")
def photos(tmp_path_factory) -> Path:
    """Photos that state where they are, by four people, with a table of the same positions."""
    folder = tmp_path_factory.mktemp("photos")
    rng, rows = np.random.default_rng(0), ["image,latitude,longitude"]
    for i, latlon in enumerate(disk_points((20.0, 10.0), 6000.0, COUNT).tolist()):
        name = f"{i}_ab_1_{100 + i % 4}@N00.jpg"
        picture = Image.fromarray(rng.integers(0, 255, (24, 32, 3), dtype=np.uint8))
        (folder / name).write_bytes(jpeg(picture, exif=position_exif((latlon[0], latlon[1]))))
        rows.append(f"{name},{latlon[0]},{latlon[1]}")
    (folder / "photos.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


def calibrate(*arguments):
    return CliRunner().invoke(app, ["calibrate", *map(str, arguments)])


@pytest.mark.slow
def test_a_table_and_a_folder_whose_positions_are_hidden_give_the_same(model, photos, tmp_path):
    (photos / "unplaced.jpg").write_bytes(jpeg())
    (photos / "broken.jpg").write_bytes(b"no photo")
    folder = calibrate(photos, "--model", model, "--out", tmp_path / "folder.json")
    assert folder.exit_code == 0, folder.output
    assert "passed over, states no position: 1 (unplaced.jpg)" in folder.stderr
    assert "passed over, no photo that can be read: 1 (broken.jpg)" in folder.stderr
    table = calibrate(photos / "photos.csv", "--model", model)
    assert table.exit_code == 0, table.output
    assert "calibration error" in table.stdout
    assert "truths in the regions that hold 50 %" in table.stdout
    by_folder, by_table = read_calibration(tmp_path / "folder.json"), read_calibration(model / "calibration.json")
    kind = by_table.kinds["visual"]
    assert (kind.questions, kind.groups, kind.of) == (COUNT, 4, "photos")
    assert kind.log_likelihood[1] >= kind.log_likelihood[0]
    # With the positions of the files, every first place would be right.
    assert sum(row.count * row.right for row in by_folder.kinds["visual"].table) < COUNT / 4
    assert by_folder.kinds["visual"].temperature == pytest.approx(kind.temperature, rel=1e-6)
    answer = load_locator(str(model)).locate(photo=jpeg())
    assert answer.calibrated
    assert f"on {COUNT} photos, " in answer.to_dict()["calibration"]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([f"{i}_ab_1_7@N00.jpg" for i in range(COUNT)], "All photos are of one group, '7@N00' (104 of visual)"),
        ([f"{i}_ab_1_{i % 3}@N00.jpg" for i in range(9)], "too few questions with evidence: 9 of visual"),
    ],
)
def test_one_photographer_and_few_photos_are_too_little(model, tmp_path, names, message):
    (tmp_path / "own").mkdir()
    for i, name in enumerate(names):
        (tmp_path / "own" / name).write_bytes(placed_photo((float(i % 60), 10.0)))
    result = calibrate(tmp_path / "own", "--model", model)
    assert result.exit_code == 1
    assert message in result.stderr
    assert not (model / "calibration.json").exists()


def test_photos_without_positions_and_tables_without_columns_are_told(model, tmp_path):
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "a.jpg").write_bytes(jpeg())
    result = calibrate(tmp_path / "own", "--model", model)
    assert result.exit_code == 1
    assert "passed over, states no position: 1 (a.jpg)" in result.stderr
    assert "too few questions with evidence: none" in result.stderr
    (tmp_path / "photos.csv").write_text("image,place\na.jpg,Giza\n", encoding="utf-8")
    result = calibrate(tmp_path / "photos.csv", "--model", model)
    assert result.exit_code == 1
    assert "no column latitude" in result.stderr
    result = calibrate("--model", model)
    assert "Nothing to calibrate on was given" in result.stderr

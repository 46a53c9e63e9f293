"""Benchmarks of photos end to end, with a small model of random weights: layouts, ten crops, kills, reports."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from typer.testing import CliRunner

from geoclip_core.locate.load import load_locator
from geoclip_core.photo.decode import open_photo
from tests.locate.clip_model import write_clip_model
from training.benchmarks import photo_run
from training.benchmarks.photo_sets import find_images, read_photo_set
from training.evaluate import app


@pytest.fixture(scope="module")
def model(small_clip, tmp_path_factory) -> Path:
    return write_clip_model(tmp_path_factory.mktemp("models") / "meadow", small_clip)


@pytest.fixture
def photos(tmp_path) -> Path:
    """Nine photos of three people, two of which are not there, and one that is no photo."""
    folder = tmp_path / "im2gps3k"
    (folder / "images").mkdir(parents=True)
    rng, rows = np.random.default_rng(0), ["IMG_ID,AUTHOR,LAT,LON,S3_Label"]
    for i in range(9):
        name = f"{i}_ab_1_{100 + i % 3}@N00.jpg"
        rows.append(f"{name},{i % 3},{rng.uniform(-60, 60):.4f},{rng.uniform(-170, 170):.4f},{i % 3}")
        if i < 7:
            pixels = rng.integers(0, 255, (6, 8, 3), dtype=np.uint8)
            path = folder / "images" / (name if i else name.replace("@", "_"))
            Image.fromarray(pixels).resize((80, 60)).save(path)
    (folder / "images" / "6_ab_1_100@N00.jpg").write_bytes(b"no photo")
    (folder / "im2gps3k_places365.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


def evaluate(name, folder, *arguments):
    return CliRunner().invoke(app, [name, str(folder), *map(str, arguments)])


def test_the_command_answers_as_retrieval_by_the_mean_over_crops_does(model, photos, tmp_path):
    result = evaluate(
        "im2gps3k", photos, "--model", model, "--crops", 10, "--out", tmp_path / "out", "--batch", 2, "--json"
    )
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout[result.stdout.index("{") :])
    assert (told["found"], told["expected"], told["missing"]) == (7, 2997, 2990)
    assert list(told["unreadable"]) == ["6_ab_1_100@N00.jpg"]
    assert told["missing_images"] == ["7_ab_1_101@N00.jpg", "8_ab_1_102@N00.jpg"]
    assert "random" in told["weights"]
    assert told["galleries"]["own"]["answered"] == 6
    assert told["galleries"]["own"]["groups"] == 3
    assert set(told["galleries"]["own"]["by_scene"]) == {"indoor", "natural", "urban"}
    locator = load_locator(str(model))
    network = locator.sources[0].network
    image = open_photo(photos / "images" / "1_ab_1_101@N00.jpg").image
    with torch.no_grad():
        views = F.normalize(network.image_encoder(torch.from_numpy(network.preprocess.ten_crops(image))), dim=1)
    best = locator.gallery.latlon[int((locator.gallery.vectors @ views.mean(0)).argmax())]
    rows = (tmp_path / "out" / "predictions-own.csv").read_text(encoding="utf-8").splitlines()
    assert [float(v) for v in rows[2].split(",")[1:3]] == pytest.approx(best, abs=1e-5)
    again = CliRunner().invoke(app, ["predictions", str(tmp_path / "out" / "predictions-own.csv"), "--json"])
    assert json.loads(again.stdout)["accuracy"] == told["galleries"]["own"]["accuracy"]


def test_the_report_is_markdown_with_published_rows_and_a_picture(model, photos, tmp_path):
    assert evaluate("im2gps3k", photos, "--model", model, "--out", tmp_path / "out").exit_code == 0
    text = (tmp_path / "out" / "results.md").read_text(encoding="utf-8")
    assert "7 of 2997 photos are there (2990 missing)" in text
    assert "Not answered, the first 1: 6_ab_1_100@N00.jpg (" in text
    assert "Missing, the first 2: 7_ab_1_101@N00.jpg, 8_ab_1_102@N00.jpg" in text
    assert "random" in text
    assert "| GeoCLIP | 14.11 |" in text
    picture = ET.fromstring((tmp_path / "out" / "accuracy.svg").read_text(encoding="utf-8"))
    assert len(picture.findall(".//{http://www.w3.org/2000/svg}polyline")) == 1


def test_leaks_are_counted_and_left_out(model, photos, tmp_path):
    truth = read_photo_set("im2gps3k", photos).truth
    rows = ["latitude,longitude,author", f"{truth[1, 0]},{truth[1, 1]},9", "10,10,2", "-40,20,7"]
    (tmp_path / "points.csv").write_text("\n".join(rows), encoding="utf-8")
    arguments = ("--gallery", "own", "--gallery", tmp_path / "points.csv", "--leak-check", "--out", tmp_path / "out")
    assert evaluate("im2gps3k", photos, "--model", model, *arguments).exit_code == 0
    told = json.loads((tmp_path / "out" / "results.json").read_text(encoding="utf-8"))["galleries"]
    assert told["own"]["leaks"]["same_author"] is None
    leaks = told["points"]["leaks"]
    assert leaks["within_100_m"] == pytest.approx(1 / 7)
    assert leaks["same_author"] == pytest.approx(2 / 7)
    assert leaks["without"]["questions"] == 4


def test_a_run_that_is_killed_goes_on_and_ends_with_the_same_bytes(model, photos, tmp_path, monkeypatch):
    monkeypatch.setattr(photo_run, "PART", 2)
    arguments = ("--model", model, "--crops", 10, "--out")
    assert evaluate("im2gps3k", photos, *arguments, tmp_path / "whole").exit_code == 0
    honest = photo_run._part
    for stop in (1, 2):
        calls = []

        def killed(*args, calls=calls, stop=stop):
            calls.append(args)
            if len(calls) > stop:
                raise KeyboardInterrupt
            return honest(*args)

        monkeypatch.setattr(photo_run, "_part", killed)
        assert evaluate("im2gps3k", photos, *arguments, tmp_path / "parts").exit_code != 0
    monkeypatch.setattr(photo_run, "_part", honest)
    assert len(list((tmp_path / "parts" / "parts").glob("part-*.json"))) == 3
    assert evaluate("im2gps3k", photos, *arguments, tmp_path / "parts").exit_code == 0
    for file in sorted((tmp_path / "whole").rglob("*.*")):
        assert file.read_bytes() == (tmp_path / "parts" / file.relative_to(tmp_path / "whole")).read_bytes(), file.name


def test_a_folder_of_another_run_and_a_damaged_part_are_refused(model, photos, tmp_path):
    out = tmp_path / "out"
    assert evaluate("im2gps3k", photos, "--model", model, "--out", out).exit_code == 0
    result = evaluate("im2gps3k", photos, "--model", model, "--crops", 10, "--out", out)
    assert result.exit_code == 1
    assert "another run" in result.stderr
    (out / "parts" / "part-00000.json").write_text("{}", encoding="utf-8")
    result = evaluate("im2gps3k", photos, "--model", model, "--out", out)
    assert "part-00000.json is damaged" in " ".join(result.stderr.split())


def test_a_model_without_a_tower_is_asked_photo_by_photo(photos, tmp_path):
    assert evaluate("im2gps3k", photos, "--model", "embedded", "--out", tmp_path / "out").exit_code == 0
    told = json.loads((tmp_path / "out" / "results.json").read_text(encoding="utf-8"))
    assert told["weights"].startswith("Released weights")
    assert told["galleries"]["own"]["answered"] + len(told["unreadable"]) == 7


def test_what_is_not_there_is_told_with_where_it_can_be_had(tmp_path):
    result = evaluate("yfcc4k", tmp_path)
    assert result.exit_code == 1
    assert "yfcc4k.zip" in result.stderr
    (tmp_path / "gws15k.csv").write_text("path,lat,lon\ngsv_0.jpg,1,2\n", encoding="utf-8")
    result = evaluate("gws15k", tmp_path)
    assert result.exit_code == 1
    assert "None of the 1 images of GWS15k" in result.stderr


def test_every_official_layout_is_read(tmp_path):
    def layout(name: str, file: str, content: str):
        folder = tmp_path / name / file.replace(".", "-")
        folder.mkdir(parents=True)
        (folder / file).write_text(content, encoding="utf-8")
        return read_photo_set(name, folder)

    cells = ["x"] * 14
    cells[1], cells[12], cells[13] = "77", "13.4", "52.5"
    found = layout("yfcc4k", "info.txt", "\t".join(cells) + "\n")
    assert (found.images, found.truth.tolist()) == (["77.jpg"], [[52.5, 13.4]])
    found = layout("yfcc26k", "yfcc_25600_places365.csv", "IMG_ID,LAT,LON,S3_Label\n45/77/3.jpg,1,2,0\n")
    assert (found.images, found.scenes) == (["45/77/3.jpg"], ["indoor"])
    found = layout("osv5m", "test.csv", "id,latitude,longitude,country,creator_id\n9,1,2,FR,77\n")
    assert (found.images, found.groups) == (["9"], ["77"])
    found = layout("im2gps", "info.json", '{"a_7@N00.jpg": {"latitude": 1, "longitude": "2"}}')
    assert (found.truth.tolist(), found.groups) == ([[1.0, 2.0]], ["7@N00"])
    folder = tmp_path / "comments"
    folder.mkdir()
    Image.new("RGB", (9, 9)).save(folder / "b.jpg", comment=b"latitude: -1.5\nlongitude: 2.25\n")
    found = read_photo_set("im2gps", folder)
    assert found.truth.tolist() == [[-1.5, 2.25]]
    assert find_images(found, folder) == [folder / "b.jpg"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("id,lat,lon\na,1,2\na,1,2\n", "line 3: the image 'a' is there twice; line 2 has it too"),
        ("id,lat\na,1\n", "has the columns id, lat"),
        ("id,lat,lon\na,x,2\n", "line 2: lat is 'x'"),
        ("id,lat,lon\na,1,2\nb,nan,2\n", "line 3: lat is 'nan'"),
        ("id,lat,lon\na,151.2,-33.8\n", "line 2: lat 151.2, lon -33.8 is not a point on Earth; latitude and longitude"),
        ("id,lat,lon\n", "has no rows"),
    ],
)
def test_bad_coordinates_of_a_benchmark_get_a_message_with_the_row(tmp_path, content, message):
    (tmp_path / "gws15k.csv").write_text(content, encoding="utf-8")
    result = evaluate("gws15k", tmp_path)
    assert result.exit_code == 1
    assert message in result.stderr
    cells = ["x"] * 14
    cells[1], cells[12], cells[13] = "77", "13.4", "152.5"
    (tmp_path / "info.txt").write_text("\t".join(cells) + "\n", encoding="utf-8")
    assert "image '77.jpg': 152.5, 13.4 is not a point on Earth" in evaluate("yfcc4k", tmp_path).stderr


def test_two_rows_that_are_one_file_are_refused(tmp_path):
    (tmp_path / "gws15k.csv").write_text("id,lat,lon\na,1,2\na.jpg,1,2\n", encoding="utf-8")
    Image.new("RGB", (9, 9)).save(tmp_path / "a.jpg")
    result = evaluate("gws15k", tmp_path)
    assert result.exit_code == 1
    assert "The images 'a' and 'a.jpg' are the same file" in result.stderr

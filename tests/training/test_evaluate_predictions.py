"""Anybody's predictions through the real entry point: numbers by hand, and every bad table with its row."""

from __future__ import annotations

import json
import math

import pytest
from typer.testing import CliRunner

from training.evaluate import app

HEAD = "image,latitude,longitude,true_latitude,true_longitude\n"


def run(tmp_path, content, *arguments, truth=None):
    path = tmp_path / "mine.csv"
    path.write_text(content, encoding="utf-8")
    more = []
    if truth is not None:
        (tmp_path / "truth.csv").write_text(truth, encoding="utf-8")
        more = ["--truth", str(tmp_path / "truth.csv")]
    return CliRunner().invoke(app, ["predictions", str(path), *more, *arguments])


def scores(result):
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_scores_by_hand(tmp_path):
    rows = "a.jpg,0,0,0,0\nb.jpg,0,0,0,0.2\nc.jpg,10,0,0,0\nd.jpg,,,5,5\n"
    told = scores(run(tmp_path, HEAD + rows, "--json"))
    assert told["accuracy"] == {"1": 0.25, "25": 0.5, "200": 0.5, "750": 0.5, "2500": 0.75}
    degree = math.pi * 6371.0088 / 180
    assert told["median_km"] == pytest.approx((0.2 + 10) / 2 * degree)
    assert told["mean_km"] == pytest.approx(10.2 / 3 * degree)
    expected = [5000 * math.exp(-d * degree / 1492.7) for d in (0, 0.2, 10)]
    assert told["geoscore"] == pytest.approx(sum(expected) / 4)
    assert (told["questions"], told["answered"], told["unanswered_images"]) == (4, 3, ["d.jpg"])
    assert told["intervals"]["accuracy"]["25"] == [pytest.approx(0, abs=0.2), pytest.approx(1, abs=0.2)]


def test_the_median_of_mostly_unanswered_photos_is_null_in_json(tmp_path):
    told = scores(run(tmp_path, HEAD + "a.jpg,,,1,1\nb.jpg,1,1,1,1\nc.jpg,,,2,2\n", "--json"))
    assert told["median_km"] is None
    assert told["mean_km"] == 0


def test_a_truth_of_its_own_lists_what_is_missing(tmp_path):
    truth = "image,latitude,longitude\na.jpg,1,1\nb.jpg,2,2\nlost.jpg,3,3\n"
    told = scores(run(tmp_path, "image,lat,lon\nb.jpg,2,2\na.jpg,1,1\n", "--json", truth=truth))
    assert told["accuracy"]["1"] == 1.0
    assert (told["expected"], told["missing"], told["missing_images"]) == (3, 1, ["lost.jpg"])


def test_intervals_are_clustered_by_author_or_by_flickrs_owner(tmp_path):
    rows = [f"{i},{i % 2},0,0,0,{'ab'[i % 2]}" for i in range(8)]
    told = scores(run(tmp_path, HEAD[:-1] + ",author\n" + "\n".join(rows) + "\n", "--json"))
    assert (told["groups"], told["grouped_by"]) == (2, "the column author")
    rows = [f"1_2_3_{7 + i % 3}@N00.jpg".replace("1_", f"{i}_") + ",0,0,0,0" for i in range(6)]
    assert scores(run(tmp_path, HEAD + "\n".join(rows) + "\n", "--json"))["groups"] == 3


def test_countries_by_both_methods_and_confidence(tmp_path):
    rows = "a.jpg,48.8,2.3,48.9,2.4,0.9\nb.jpg,48.8,2.3,52.5,13.4,0.2\n"
    told = scores(run(tmp_path, HEAD[:-1] + ",confidence\n" + rows, "--json"))
    assert {m: c["share"] for m, c in told["country_accuracy"].items()} == {"polygon": 0.5, "nearest_town": 0.5}
    assert told["area_under_risk"]["25"] == pytest.approx(0.25)
    # At a border they differ: a point in Italy whose nearest town is in France, as an answer to a photo of Nice.
    told = scores(run(tmp_path, HEAD + "a.jpg,43.76,7.53,43.70,7.27\n", "--json"))
    assert {m: c["share"] for m, c in told["country_accuracy"].items()} == {"polygon": 0.0, "nearest_town": 1.0}


def test_a_photo_without_an_answer_needs_no_confidence(tmp_path):
    told = scores(run(tmp_path, HEAD[:-1] + ",confidence\na.jpg,1,1,1,1,0.4\nb.jpg,,,2,2,\n", "--json"))
    assert told["area_under_risk"]["25"] == pytest.approx(0.25)
    result = run(tmp_path, HEAD[:-1] + ",confidence\na.jpg,1,1,1,1,\n")
    assert "line 2: confidence is ''" in result.stderr


def test_a_header_in_capitals_with_spaces_and_longitudes_up_to_360_are_read(tmp_path):
    told = scores(run(tmp_path, HEAD.upper().replace(",", " , ") + "a.jpg,1,200,1,-160\n", "--json"))
    assert told["accuracy"]["1"] == 1.0


def test_plain_text_tells_the_same(tmp_path):
    result = run(tmp_path, HEAD + "a.jpg,0,0,0,0\n")
    assert result.exit_code == 0
    assert "GeoScore" in result.stdout
    assert "within 25 km" in result.stdout
    truth = "image,latitude,longitude\na.jpg,1,1\nb.jpg,2,2\nlost.jpg,3,3\n"
    result = run(tmp_path, "image,lat,lon\nb.jpg,,\na.jpg,1,1\n", truth=truth)
    assert "not in the file, the first 1: lost.jpg" in result.stdout
    assert "without an answer, the first 1: b.jpg" in result.stdout


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("image,latitude,longitude\na.jpg,1,1\n", "no column true_latitude"),
        ("latitude,longitude,true_latitude,true_longitude\n1,1,1,1\n", "no column image"),
        ("image,latitude,true_latitude,true_longitude\na.jpg,1,1,1\n", "no column longitude"),
        (HEAD, "has no rows"),
        (HEAD + "a.jpg,1,1,1,1\nb.jpg,nan,1,1,1\n", "line 3: latitude is 'nan'"),
        (HEAD + "a.jpg,1,1,1,1\nb.jpg,1,1,inf,1\n", "line 3: true_latitude is 'inf'"),
        (HEAD + "a.jpg,1,1,1,1\nb.jpg,1,1,,\n", "line 3: true_latitude is ''"),
        (HEAD + "a.jpg,1,1,1,1\nb.jpg,1,north,1,1\n", "line 3: longitude is 'north'"),
        (HEAD + "a.jpg,1,1,1,1\na.jpg,1,1,1,1\n", "line 3: the image 'a.jpg' is there twice; line 2"),
        (HEAD + "a.jpg,151.2,-33.8,-33.8,151.2\n", "line 2: latitude 151.2, longitude -33.8 is not a point on Earth"),
        (HEAD + "a.jpg,2.3,48.8,48.8,2.3\nb.jpg,13.4,52.5,52.5,13.4\n", "the columns are swapped"),
        (HEAD + "a.jpg,48.8,2.3,48.8,2.3\nb.jpg,13.4,52.5,52.5,13.4\nc.jpg,2.3,48.8,48.8,2.3\n", "line 3 and 1 more"),
        (HEAD + "a.jpg,2.3,48.8,48.8,2.3\n", "line 2: the answer is right only if"),
        (HEAD.replace(",", ";") + "a.jpg;1;1;1;1\n", "separate cells by commas"),
        (HEAD + "a.jpg,1,1,1\n", "line 2: 4 cells under 5 columns"),
        (HEAD + ",1,1,1,1\n", "line 2: the image has no name"),
        ("", "has no rows"),
        (HEAD + "a.jpg,1,1,91,1\n", "true_latitude 91, true_longitude 1 is not a point on Earth"),
        (HEAD.replace("image", "Latitude,image") + "9,a.jpg,1,1,1,1\n", "has two columns 'latitude'"),
    ],
)
def test_bad_tables_get_a_message_with_the_row(tmp_path, content, message):
    result = run(tmp_path, content, "--json")
    assert result.exit_code == 1
    assert message in result.stderr
    assert not result.stdout


def test_an_image_that_the_truth_does_not_have_is_named(tmp_path):
    result = run(tmp_path, "image,latitude,longitude\nx.jpg,1,1\n", truth="image,latitude,longitude\na.jpg,1,1\n")
    assert result.exit_code == 1
    assert "line 2" in result.stderr
    assert "has no image 'x.jpg'" in result.stderr


def test_a_file_that_is_not_there_is_named(tmp_path):
    result = CliRunner().invoke(app, ["predictions", str(tmp_path / "nowhere.csv")])
    assert result.exit_code == 1
    assert "nowhere.csv" in result.stderr

"""The measuring script through its real entry point, and the aims of the text model on public tables."""

from __future__ import annotations

import numpy as np
import pytest
from typer.testing import CliRunner

from geoclip_core.text.reader import TextReader
from training.evaluate import app, measure_texts, read_questions


@pytest.fixture(scope="module")
def encoder() -> TextReader:
    return TextReader()


def table(tmp_path, content):
    path = tmp_path / "table.csv"
    path.write_text(content, encoding="utf-8")
    return str(path)


def run(*arguments):
    return CliRunner().invoke(app, ["text", *arguments])


def test_it_prints_shares_and_the_median(tmp_path):
    path = table(
        tmp_path,
        "name,latitude,longitude\nPyramids of Giza,29.9773,31.1325\nqzxwv,0,0\n,1,1\nBurj Khalifa,25.1972,55.2744\n",
    )
    result = run(path)
    assert result.exit_code == 0, result.output
    assert "<=25 km" in result.stdout
    values = result.stdout.splitlines()[-1].split()
    assert values[:4] == ["4", "50.0%", "50.0%", "50.0%"]


def test_limit_and_countries_and_column(tmp_path):
    path = table(
        tmp_path, "site,countries,latitude,longitude\nCordoba,Spain,37.88,-4.78\nCordoba,Argentina,-31.4,-64.18\n"
    )
    texts, truth = read_questions(tmp_path / "table.csv", "site", countries=True)
    assert texts == ["Cordoba, Spain", "Cordoba, Argentina"]
    assert truth == [(37.88, -4.78), (-31.4, -64.18)]
    result = run(path, "--column-name", "site", "--countries", "--limit", "1")
    assert result.stdout.splitlines()[-1].split()[0] == "1"


def test_titles_and_tags_are_one_text(tmp_path):
    table(tmp_path, 'title,tags,latitude,longitude\nIMG_1,"paris,eiffel",48.86,2.29\n')
    assert read_questions(tmp_path / "table.csv")[0] == ["IMG_1, paris,eiffel"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("name,breite\nGiza,3\n", "has no column latitude, longitude"),
        ("name,lat\nGiza,3\n", "has no column longitude"),
        ("name,latitude,longitude\n", "no rows"),
        ("name,latitude,longitude\nGiza,north,3\n", "line 2: 'north', '3' are not numbers"),
        ("name,latitude,longitude\nGiza,99,3\n", "not a point on Earth"),
    ],
)
def test_bad_tables_get_a_clear_message(tmp_path, content, message):
    result = run(table(tmp_path, content))
    assert result.exit_code == 1
    assert message in " ".join(result.output.split())


def test_a_missing_file_is_named(tmp_path):
    result = run(str(tmp_path / "nowhere.csv"))
    assert result.exit_code == 1
    assert "nowhere.csv" in result.output


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "countries", "every", "within_25", "within_750"),
    [
        # The floors are the aims less the noise of a sample; the script measures whole tables.
        ("wikidata_places_dev.csv", False, 12, 0.28, 0.43),
        ("unesco_sites.csv", False, 6, 0.30, 0.45),
        ("unesco_sites.csv", True, 3, 0.35, 0.90),
    ],
)
def test_the_text_model_reaches_its_aims(shared_data, encoder, file, countries, every, within_25, within_750):
    texts, truth = read_questions(shared_data / "text" / file, countries=countries)
    accuracy = measure_texts(encoder, texts[::every], truth[::every])
    shares = dict(zip(accuracy.thresholds_km, accuracy.shares, strict=True))
    assert shares[25.0] >= within_25
    assert shares[750.0] >= within_750
    assert np.isfinite(accuracy.score)

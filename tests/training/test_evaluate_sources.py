"""What single sources know of photos with known places: the table, the reliabilities, the command on drawn signs."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from geoclip_core.evidence.reliability import reliability
from tests.evidence.sign_reading.pictures import sign
from training.benchmarks.sources import Measured, fit_reliability, report
from training.evaluate import app

LLANDOVERY = 51.995, -3.802


def photos(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["photos", *map(str, arguments)])


def told(text: str, name: str) -> float:
    """The number after a name at the beginning of a line."""
    (line,) = (line for line in text.splitlines() if line.startswith(name))
    return float(line.removeprefix(name).split()[0].removesuffix("%"))


def test_the_surest_answers_are_looked_at_by_the_share_of_photos_that_they_are() -> None:
    right = [Measured(f"a{i}", True, 10.0, claim=0.9) for i in range(3)]
    wrong = [Measured(f"b{i}", True, 9000.0, claim=0.2, wide=True) for i in range(3)]
    silent = [Measured(f"c{i}", False) for i in range(94)]
    text = report(right + wrong + silent)
    assert told(text, "answered  ") == 6.0
    assert told(text, "of these within 750 km") == 50.0
    assert told(text, "the surest 1 % of photos") == 100.0  # all three that claim the same
    assert told(text, "the surest 3.5 % of photos") == 50.0
    assert "the surest 10 %" not in text  # fewer are answered
    assert told(text, "answered by a wide map") == 3.0
    assert told(text, "claims of 0.3 and more") == 90.0


def test_reliabilities_are_those_that_make_the_true_places_likeliest() -> None:
    def of(name: str, *odds: float) -> list[Measured]:
        weight = reliability("signs", name)
        return [Measured("x", True, bands=(("signs", name, weight, value),)) for value in odds]

    right, chance = [1000.0] * 80, [0.0] * 20
    found = fit_reliability([*of("long name", *right, *chance), *of("language", *[0.0] * 50)])["signs"]
    assert found["long name"] == {"reliability": pytest.approx(0.8, abs=0.02), "photos": 100}
    assert found["language"]["reliability"] <= 0.05


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A sign at its own place, the same at the other end of the Earth, a board without words, and no photo."""
    rows = ["image,latitude,longitude,owner"]
    for name, lines, (latitude, longitude), owner in (
        ("home.png", ["LLANDOVERY", "STATION"], LLANDOVERY, "ann"),
        ("away.png", ["LLANDOVERY", "STATION"], (-40.0, 175.0), "ben"),
        ("plain.png", [], (0.0, 0.0), "ann"),
    ):
        sign(lines).save(tmp_path / name)
        rows.append(f"{name},{latitude},{longitude},{owner}")
    (tmp_path / "broken.png").write_bytes(b"no photo")
    (tmp_path / "photos.csv").write_text("\n".join([*rows, "broken.png,1,2,cy", "lost.png,1,2,cy"]), encoding="utf-8")
    return tmp_path


@pytest.mark.slow
def test_the_command_tells_what_signs_know_and_keeps_other_sources_reliabilities(folder: Path) -> None:
    kept = {"scenes": {"bands": {"above 0.5": {"reliability": 0.5, "photos": 7}}}}
    table = folder / "reliability.json"
    table.write_text(json.dumps(kept), encoding="utf-8")
    done = photos(folder, "--sources", "signs", "--write-reliability", table)
    assert done.exit_code == 0, done.output
    assert "3 photos by 2 photographers" in done.stdout
    assert "broken.png: " in done.stderr
    assert told(done.stdout, "answered  ") == pytest.approx(200 / 3, abs=0.1)
    assert told(done.stdout, "of these within 750 km") == 50.0
    written = json.loads(table.read_text(encoding="utf-8"))
    assert written["scenes"] == kept["scenes"]
    ((band, fitted),) = written["signs"]["bands"].items()
    assert fitted["photos"] == written["signs"]["photos"] == 2
    assert 0 < fitted["reliability"] < 1
    assert math.isfinite(reliability("signs", band))
    half = photos(folder, "--sources", "signs", "--half", "b")
    assert "1 photos by 1 photographers" in half.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--sources", "horoscope"], r"The sources are 'horoscope'. Allowed: signs, scenes, all"),
        (["--half", "c"], "The half is 'c'. Allowed: a or b"),
    ],
)
def test_wrong_words_are_told(folder: Path, arguments: list[str], message: str) -> None:
    done = photos(folder, *arguments)
    assert done.exit_code == 1
    assert message in done.stderr


def test_a_table_that_is_missing_or_lacks_what_is_needed_is_told(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    for content, message in (
        ("", "has no photos.csv"),
        ("image,lat\na.png,1\n", "lacks a column"),
        ("image,latitude,longitude\na.png,1,2\n", "None of the photos of"),
    ):
        if content:
            (tmp_path / "photos.csv").write_text(content, encoding="utf-8")
        done = photos(tmp_path / "inner")
        assert done.exit_code == 1
        assert message in done.stderr

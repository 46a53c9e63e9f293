"""Measuring a table of queries by group."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from geoclip_core.errors import GeoclipError, QueryError
from training.benchmarks.calibration.questions import text_questions
from training.evaluate import app, read_queries

TABLE = (
    "query,group,expected_lat,expected_lon,tolerance_km\n"
    '"59.3293, 18.0686",position,59.33,18.07,1\n'
    '"59.3293, 18.0686",position,48.0,2.0,1\n'
    "brussels sprouts,no place,,,\n"
)


def test_a_table_of_queries_is_measured_by_group(tmp_path: Path) -> None:
    path = tmp_path / "queries.csv"
    path.write_text(TABLE, encoding="utf-8")
    result = CliRunner().invoke(app, ["text", str(path)])
    assert result.exit_code == 0, result.output
    lines = [line.split() for line in result.stdout.splitlines() if "%" in line]
    assert [line[-1] for line in lines if line[0] in ("position", "no", "all")] == ["50.0%", "100.0%", "66.7%"]


def test_a_table_of_places_is_none(tmp_path: Path) -> None:
    path = tmp_path / "places.csv"
    path.write_text("name,latitude,longitude\nGiza,29.98,31.13\n", encoding="utf-8")
    assert read_queries(path) is None
    with pytest.raises(QueryError, match="nowhere"):
        read_queries(tmp_path / "nowhere.csv")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("Giza,g,29.98,31.13,near", "line 2: tolerance_km is 'near'"),
        ("Giza,g,29.98,31.13,-5", "line 2: tolerance_km is -5"),
        ("Giza,g,29.98,,5", "line 2: expected_lon is ''"),
        ("Giza,g,91,31.13,5", "line 2: expected_lat 91, expected_lon 31.13 is not a point on Earth"),
        (" ,g,29.98,31.13,5", "line 2: the query is empty"),
        ("Giza,g,29.98", "line 2: 3 cells under 5 columns"),
        ("", "has no rows"),
    ],
)
def test_bad_rows_get_a_message_with_the_line(tmp_path: Path, row: str, message: str) -> None:
    path = tmp_path / "queries.csv"
    path.write_text(TABLE.splitlines()[0] + f"\n{row}\n", encoding="utf-8")
    result = CliRunner().invoke(app, ["text", str(path)])
    assert result.exit_code == 1
    assert message in result.stderr
    with pytest.raises(GeoclipError, match=re.escape(message)):  # as the command that calibrates reads it
        text_questions(path)

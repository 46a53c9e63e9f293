"""Measure how far off answers are, on tables of questions with known positions.

Texts, with the embedded model's place encoder::

    python training/evaluate.py text places.csv
    python training/evaluate.py text sites.csv --countries --limit 200

The table has the columns ``name`` (or ``title`` and ``tags``), ``latitude`` and ``longitude``; an answer is
the position of the likeliest place, and a text without an answer counts as a miss. A table with the columns ``query``,
``group``, ``expected_lat``, ``expected_lon`` and ``tolerance_km`` is measured by group instead: a query is right within
its tolerance, and one without an expected position is right if it is refused or its best place has a probability below
0.5.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from tqdm import tqdm

from geoclip_core.earth.points import read_rows
from geoclip_core.errors import GeoclipError, QueryError
from geoclip_core.evaluation.metrics import Accuracy, error_km
from geoclip_core.text.cleaning import MAX_TEXT_LENGTH
from geoclip_core.text.reader import TextReader

_QUERY_COLUMNS = ("query", "group", "expected_lat", "expected_lon", "tolerance_km")
_BELIEVED = 0.5  # probability from which a place counts as the answer

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)


def read_questions(
    path: Path, column: str = "", countries: bool = False
) -> tuple[list[str], list[tuple[float, float]]]:
    """Texts and true positions from a table.

    Args:
        path: CSV with a header, UTF-8.
        column: Column of the text; by default ``name``, else ``title`` and ``tags`` together.
        countries: Whether to append the column ``countries`` to the text.

    Returns:
        The texts, and (latitude, longitude) in degrees.

    Raises:
        GeoclipError: The file cannot be read, has no rows, or lacks a column.
        CoordinateError: A position is no point on Earth.
    """
    rows, points = read_rows(path)
    header = [name for name in rows[0] if name]
    described = ["name"] if "name" in header else ["title", "tags"]
    texts = [*([column] if column else described), *(["countries"] if countries else [])]
    missing = [name for name in texts if name not in header]
    if missing:
        raise QueryError(
            f"{path} has no column {', '.join(missing)}; it has {', '.join(header)}",
            allowed="name (or title and tags), latitude, longitude, and countries with --countries",
            hint="name the text's column with --column-name",
        )
    questions = [", ".join(row[name] for name in texts if row[name])[:MAX_TEXT_LENGTH] for row in rows]
    return questions, [(float(lat), float(lon)) for lat, lon in points]


def measure_texts(encoder: TextReader, texts: list[str], truth: list[tuple[float, float]]) -> Accuracy:
    """Ask every text, with a progress bar; an empty text is a question without an answer."""
    answers = np.full((len(texts), 2), np.nan)
    for i, text in enumerate(tqdm(texts, desc="texts", unit="text")):
        try:
            reading = encoder.read(text)
        except QueryError:
            continue
        if reading.recognised:
            answers[i] = reading.alternatives[0].place.latlon
    return Accuracy.of(error_km(answers, truth))


def read_queries(path: Path) -> list[dict[str, str]] | None:
    """Rows of a table of queries with groups and tolerances; None for a table of another kind.

    Raises:
        QueryError: The file cannot be read.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            table = csv.DictReader(stream)
            return list(table) if set(_QUERY_COLUMNS) <= set(table.fieldnames or ()) else None
    except (OSError, UnicodeDecodeError) as error:
        raise QueryError(f"{path} cannot be read ({error})", allowed="a CSV file in UTF-8") from error


def is_right(encoder: TextReader, row: dict[str, str]) -> bool:
    """Whether the answer to a row of :func:`read_queries` is the expected one."""
    try:
        best = next(iter(encoder.read(row["query"]).alternatives), None)
    except QueryError:
        best = None
    if not row["expected_lat"]:
        return best is None or best.weight < _BELIEVED
    expected = [(float(row["expected_lat"]), float(row["expected_lon"]))]
    return best is not None and float(error_km([best.place.latlon], expected)[0]) <= float(row["tolerance_km"])


def measure_queries(encoder: TextReader, rows: list[dict[str, str]]) -> str:
    """Right answers by group and in all, as a table."""
    right: dict[str, list[bool]] = {}
    for row in tqdm(rows, desc="queries", unit="query"):
        right.setdefault(row["group"], []).append(is_right(encoder, row))
    right["all"] = [answer for group in right.values() for answer in group]
    width = max(map(len, right))
    return "\n".join(f"{name:{width}} {sum(a):5} of {len(a):5} {np.mean(a):7.1%}" for name, a in right.items())


@app.callback()
def evaluate() -> None:
    """Measure how far off answers are."""


@app.command()
def text(
    table: Annotated[Path, typer.Argument(metavar="FILE.csv", help="Texts with their true positions.")],
    limit: Annotated[int, typer.Option(min=0, help="Ask only this many, spread over the table; 0 asks all.")] = 0,
    column_name: Annotated[str, typer.Option(help="Column of the text.")] = "",
    countries: Annotated[bool, typer.Option("--countries", help="Append the column 'countries' to the text.")] = False,
) -> None:
    """Print the share of texts answered within 1, 25, 200, 750 and 2500 km, and the median error."""
    try:
        queries = read_queries(table)
        if queries:
            typer.echo(measure_queries(TextReader(), queries[:: max(1, len(queries) // limit) if limit else 1]))
            return
        texts, truth = read_questions(table, column_name, countries)
        if 0 < limit < len(texts):
            chosen = np.linspace(0, len(texts) - 1, limit).round().astype(int).tolist()
            texts, truth = [texts[i] for i in chosen], [truth[i] for i in chosen]
        typer.echo(measure_texts(TextReader(), texts, truth).table())
    except GeoclipError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error


if __name__ == "__main__":
    app()

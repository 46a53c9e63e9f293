"""Texts with their true positions: tables of names, and tables of queries by group."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from tqdm import tqdm

from geoclip_core.earth.points import read_rows
from geoclip_core.errors import QueryError
from geoclip_core.evaluation.metrics import Accuracy, error_km
from geoclip_core.text.cleaning import MAX_TEXT_LENGTH
from geoclip_core.text.reader import TextReader
from training.benchmarks.predictions import number_of, point_of, read_table

_QUERY_COLUMNS = ("query", "group", "expected_lat", "expected_lon", "tolerance_km")
_BELIEVED = 0.5  # probability from which a place counts as the answer


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
        GeoclipError: The file cannot be read, or a row has no query, half a position, or no tolerance for one.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            header = next(csv.reader(stream), [])
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise QueryError(f"{path} cannot be read ({error})", allowed="a CSV file in UTF-8") from error
    if not set(_QUERY_COLUMNS) <= set(header):
        return None
    rows = read_table(path)[1]
    for line, row in rows:
        if not row["query"].strip():
            raise QueryError(f"{path}, line {line}: the query is empty")
        point = point_of(row, "expected_lat", "expected_lon", path, line, empty=True)
        if not np.isnan(point).any() and not number_of(row, "tolerance_km", path, line) >= 0:
            raise QueryError(f"{path}, line {line}: tolerance_km is {row['tolerance_km']}", allowed="0 km or more")
    return [row for _, row in rows]


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


def measure_table(table: Path, limit: int = 0, column: str = "", countries: bool = False) -> str:
    """What ``training/evaluate.py text`` prints of a table.

    Args:
        table: Of either kind.
        limit: Ask only this many, spread over the table; 0 asks all.
        column: As in :func:`read_questions`.
        countries: As there.

    Raises:
        GeoclipError: The table cannot be read.
    """
    queries = read_queries(table)
    if queries is not None:
        return measure_queries(TextReader(), queries[:: max(1, len(queries) // limit) if limit else 1])
    texts, truth = read_questions(table, column, countries)
    if 0 < limit < len(texts):
        chosen = np.linspace(0, len(texts) - 1, limit).round().astype(int).tolist()
        texts, truth = [texts[i] for i in chosen], [truth[i] for i in chosen]
    return measure_texts(TextReader(), texts, truth).table()

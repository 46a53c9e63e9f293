"""Answers and credible regions as CSV (RFC 4180)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Any

import shapely

from geoclip_core.export.rows import COLUMNS, candidate_rows
from geoclip_core.locate.answer import Answer
from geoclip_core.locate.credible import CredibleRegion

_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]|[\t\r\n]")  # also behind blanks, and as wide as East Asian letters


def to_csv(answer: Answer) -> str:
    """Candidates, one row each; numbers to their last digit.

    A cell of text that a spreadsheet might run as a formula starts with an apostrophe.
    """
    rows = [[_cell(value) for value in row.values()] for row in candidate_rows(answer)]
    return _table([column.name for column in COLUMNS], rows)


def regions_to_csv(regions: Sequence[CredibleRegion]) -> str:
    """Credible regions as CSV: level, probability, area, whether that is an upper bound, number of parts."""
    rows = [
        [r.level, repr(r.mass), repr(r.area_km2), str(r.upper_bound).lower(), len(shapely.get_parts(r.geometry))]
        for r in regions
    ]
    return _table(["level", "probability", "area_km2", "area_is_upper_bound", "parts"], rows)


def csv_text(head: Sequence[str], rows: Iterable[Iterable[object]]) -> str:
    """A table as CSV: nothing for None, numbers to their last digit, texts that no spreadsheet runs as a formula."""
    return _table(list(head), ([_cell(value) for value in row] for row in rows))


def _table(head: list[str], rows: Iterable[list[Any]]) -> str:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow(head)
    writer.writerows(rows)
    return stream.getvalue()


def _cell(value: object) -> str:
    if isinstance(value, str):
        return f"'{value}" if _FORMULA.match(value) else value
    return "" if value is None else repr(value)

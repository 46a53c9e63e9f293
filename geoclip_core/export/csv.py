"""Answers and credible regions as CSV (RFC 4180)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

import shapely

from geoclip_core.export.rows import COLUMNS, candidate_rows
from geoclip_core.locate.answer import Answer
from geoclip_core.locate.credible import CredibleRegion

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def to_csv(answer: Answer) -> str:
    """Candidates, one row each; numbers to their last digit.

    A cell of text that a spreadsheet would run as a formula starts with an apostrophe.
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


def _table(head: list[str], rows: Iterable[list[Any]]) -> str:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow(head)
    writer.writerows(rows)
    return stream.getvalue()


def _cell(value: object) -> str:
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA) else value
    return "" if value is None else repr(value)

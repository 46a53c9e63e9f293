"""One row for a candidate: what every format writes about a place where it may be.

A new column is one line in ``COLUMNS``; CSV, JSON, GeoJSON, KML, Parquet and the HTTP service then have it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from geoclip_core.locate.answer import Answer

Value = str | int | float | None
Row = dict[str, Value]


@dataclass(frozen=True)
class Column:
    """A column.

    Attributes:
        name: Its name in every format.
        kind: Type of its values.
        value: From an answer and the index of a candidate, from 0; None where there is nothing to say.
    """

    name: str
    kind: type[str] | type[int] | type[float]
    value: Callable[[Answer, int], Value]


COLUMNS: tuple[Column, ...] = (
    Column("rank", int, lambda _, i: i + 1),
    Column("latitude", float, lambda answer, i: answer.candidates[i].latlon[0]),
    Column("longitude", float, lambda answer, i: answer.candidates[i].latlon[1]),
    Column("probability", float, lambda answer, i: answer.candidates[i].probability),
    Column("radius_km", float, lambda answer, i: answer.candidates[i].radius_km),
    Column("next_km", float, lambda answer, i: answer.next_km[i]),
    Column("place", str, lambda answer, i: answer.candidates[i].place.name),
    Column("country_code", str, lambda answer, i: answer.candidates[i].place.country_code),
    Column("named", str, lambda answer, i: answer.candidates[i].named),
    Column("model", str, lambda answer, _: answer.model),
    Column("region", str, lambda answer, _: answer.region),
    Column("region_share", float, lambda answer, _: answer.posterior.region_share),
    Column("warnings", str, lambda answer, _: " ".join(answer.warnings) or None),
)
"""Latitude and longitude in degrees, distances in km, ``rank`` from 1, ``next_km`` to the candidate after it; the
region that was searched, the share of the probability that lay in it before, and what makes the answer doubtful."""


def candidate_rows(answer: Answer) -> list[Row]:
    """One row per candidate, by falling probability, with the columns of ``COLUMNS``."""
    return [{column.name: column.value(answer, i) for column in COLUMNS} for i in range(len(answer.candidates))]

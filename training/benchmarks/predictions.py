"""Anybody's predictions, from a table: read, checked row by row, scored with the code that scores our own."""

from __future__ import annotations

import csv
import math
import re
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from geoclip_core.earth.coordinates import Floats, unit_vectors
from geoclip_core.earth.distance import great_circle_km
from geoclip_core.earth.points import latlon_columns
from geoclip_core.errors import DataError
from geoclip_core.evaluation.countries import countries_by_polygon, country_accuracy
from geoclip_core.evaluation.scores import score_answers
from geoclip_core.places.gazetteer import load_gazetteer

IMAGE, TRUE = "image", ("true_latitude", "true_longitude")
GROUPS = ("author", "owner", "photographer", "creator_id", "group")
"""Names of the column by which intervals are clustered; the first that is there counts."""

_FLICKR_OWNER = re.compile(r"_(\d+@N\d\d)\.\w+$")  # Im2GPS names its files by photo, secret, server and owner
_SCENES = MappingProxyType({"0": "indoor", "1": "natural", "2": "urban"})  # S3_Label of GeoEstimation's files
_SWAPPED_KM, _SWAPPED_SHARE = 25.0, 0.01  # fewer answers than this share may be right by chance if swapped
_LISTED = 20


@dataclass(frozen=True)
class Table:
    """Predictions with their truths.

    Attributes:
        images: (n,) names.
        predicted: (n, 2) degrees; NaN where a photo was not answered.
        truth: (n, 2) degrees.
        groups: (n,) photographers; None where nothing tells them.
        grouped_by: In words.
        confidence: (n,) where there is such a column.
        missing: Images of the truth of which nothing is predicted.
        scenes: (n,) what each photo shows, where there is such a column.
    """

    images: list[str]
    predicted: Floats
    truth: Floats
    groups: list[str] | None
    grouped_by: str
    confidence: Floats | None
    missing: list[str]
    scenes: list[str] | None = None


def read_predictions(path: Path, truth: Path | None = None) -> Table:
    """Read a table of predictions.

    Args:
        path: CSV with the columns image, latitude, longitude, and true_latitude, true_longitude unless ``truth`` is
            given; also author and confidence, where they are known. A photo that was not answered has empty cells.
        truth: CSV with the columns image, latitude, longitude.

    Raises:
        DataError: A column is missing, a row cannot be read, an image is there twice or not in the truth, or latitude
            and longitude are swapped. The message names the row.
    """
    header, rows = read_table(path)
    image = _column(header, IMAGE, path)
    lat, lon = latlon_columns(header, path)
    refuse_repeated(rows, image, path)
    positions = [point_of(row, lat, lon, path, line, empty=True) for line, row in rows]
    names = [row[image] for _, row in rows]
    if truth is None:
        for name in TRUE:
            _column(header, name, path, " or give the truth with --truth FILE")
        right = [point_of(row, *TRUE, path, line, empty=False) for line, row in rows]
        missing: list[str] = []
    else:
        known, missing = _truths(truth, names)
        lost = next(((line, row[image]) for line, row in rows if row[image] not in known), None)
        if lost is not None:
            raise DataError(
                f"{path}, line {lost[0]}: {truth} has no image {lost[1]!r}", hint="use the same names in both"
            )
        right = [known[name] for name in names]
    predicted, actual = np.array(positions, np.float64), np.array(right, np.float64)
    _refuse_swapped(predicted, actual, [line for line, _ in rows], path)
    groups, by = photographers(header, [row for _, row in rows], names)
    sure = None
    if "confidence" in header:
        sure = _confidences(rows, np.asarray(np.isnan(predicted).any(axis=1)), path)
    return Table(names, predicted, actual, groups, by, sure, missing, scenes_of(header, [row for _, row in rows]))


def score_table(table: Table) -> dict[str, Any]:
    """Scores of a table, as ``--json`` prints them: those of ``evaluation.scores``, countries, and what is missing."""
    scores = score_answers(table.predicted, table.truth, table.groups, table.confidence)
    unanswered = [name for name, row in zip(table.images, table.predicted, strict=True) if np.isnan(row).any()]
    return {
        **scores,
        "country_accuracy": country_scores(table.predicted, table.truth),
        "grouped_by": table.grouped_by,
        "expected": len(table.images) + len(table.missing),
        "missing": len(table.missing),
        "missing_images": table.missing[:_LISTED],
        "unanswered_images": unanswered[:_LISTED],
    }


def country_scores(predicted: Floats, truth: Floats) -> dict[str, Any]:
    """Country accuracy by both methods, each with how many truths it counts."""
    told = {}
    for method, codes in (("polygon", countries_by_polygon), ("nearest_town", countries_by_town)):
        right = codes(truth)
        if (right != "").any():
            share, counted = country_accuracy(codes(predicted), right)
            told[method] = {"share": share, "questions": counted}
    return told


def countries_by_town(latlon: Floats) -> np.ndarray:
    """Codes of the countries of the nearest towns of the gazetteer, as OSV-5M finds them with one of its own."""
    gazetteer = load_gazetteer()
    towns = gazetteer.rows_of_kind("city")
    answered = ~np.isnan(latlon).any(axis=1)
    codes = np.full(len(latlon), "", dtype="<U2")
    near = cKDTree(unit_vectors(gazetteer.latlon[towns])).query(unit_vectors(latlon[answered]))[1]
    codes[answered] = np.array(gazetteer.country_codes)[gazetteer.country[towns[near]]]
    return codes


def photographers(header: list[str], rows: list[dict[str, str]], names: list[str]) -> tuple[list[str] | None, str]:
    """Whose each photo is, by a column or by names of Flickr's files; and where that is from, in words."""
    column = next((name for name in GROUPS if name in header), None)
    if column is not None:
        return [row[column] or name for row, name in zip(rows, names, strict=True)], f"the column {column}"
    owners = [_FLICKR_OWNER.search(name) for name in names]
    if names and all(owners):
        return [match.group(1) for match in owners if match], "the owner in Flickr's file names"
    return None, "each photo by itself: no photographer is known, so the intervals may be too narrow"


def scenes_of(header: list[str], rows: list[dict[str, str]]) -> list[str] | None:
    """What each photo shows, by a column ``scene`` in words or ``s3_label`` as GeoEstimation writes it, if any."""
    if "s3_label" in header:
        return [_SCENES.get(row["s3_label"], "unknown") for row in rows]
    return [row["scene"] or "unknown" for row in rows] if "scene" in header else None


def read_table(path: Path) -> tuple[list[str], list[tuple[int, dict[str, str]]]]:
    """Header in small letters, and rows with their line numbers.

    Raises:
        DataError: The file cannot be read or has no rows, two columns have one name, or a row has another number of
            cells than the header.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream)
            header = [name.strip().lower() for name in next(reader, [])]
            if len(header) == 1 and any(mark in header[0] for mark in ";\t"):
                raise DataError(
                    f"{path} has one column, {header[0]!r}", hint="separate cells by commas, not by semicolons or tabs"
                )
            twice = next((name for name in header if name and header.count(name) > 1), None)
            if twice is not None:
                raise DataError(f"{path} has two columns {twice!r}", hint="keep or rename one of them")
            rows = []
            for cells in reader:
                if not cells:
                    continue
                if len(cells) != len(header):
                    raise DataError(
                        f"{path}, line {reader.line_num}: {len(cells)} cells under {len(header)} columns",
                        hint="quote cells that hold a comma",
                    )
                rows.append((reader.line_num, dict(zip(header, cells, strict=True))))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} cannot be read ({error})", allowed="a CSV file in UTF-8 with a header") from error
    if not rows:
        raise DataError(f"{path} has no rows", allowed="a header and at least one row")
    return header, rows


def _truths(path: Path, wanted: list[str]) -> tuple[dict[str, tuple[float, float]], list[str]]:
    header, rows = read_table(path)
    image = _column(header, IMAGE, path)
    refuse_repeated(rows, image, path)
    lat, lon = TRUE if set(TRUE) <= set(header) else latlon_columns(header, path)
    known = {row[image]: point_of(row, lat, lon, path, line, empty=False) for line, row in rows}
    asked = set(wanted)
    return known, [name for name in known if name not in asked]


def _column(header: list[str], name: str, path: Path, way_out: str = "") -> str:
    if name not in header:
        raise DataError(
            f"{path} has no column {name}; it has {', '.join(header)}",
            allowed=f"image, latitude, longitude, {', '.join(TRUE)}{way_out}",
        )
    return name


def refuse_repeated(rows: list[tuple[int, dict[str, str]]], column: str, path: Path) -> None:
    """Refuse a table in which an image has no name, or is there twice.

    Raises:
        DataError: With the lines.
    """
    seen: dict[str, int] = {}
    for line, row in rows:
        if not row[column]:
            raise DataError(f"{path}, line {line}: the image has no name")
        if row[column] in seen:
            raise DataError(
                f"{path}, line {line}: the image {row[column]!r} is there twice; line {seen[row[column]]} has it too",
                hint="keep one row per image",
            )
        seen[row[column]] = line


def number_of(row: dict[str, str], name: str, path: Path, line: int, hint: str | None = None) -> float:
    """The number in a cell of a row of :func:`read_table`.

    Raises:
        DataError: None, or not a finite one, with the line.
    """
    try:
        value = float(row[name])
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise DataError(f"{path}, line {line}: {name} is {row[name]!r}, which is not a finite number", hint=hint)
    return value


def point_of(
    row: dict[str, str], lat: str, lon: str, path: Path, line: int, *, empty: bool = False
) -> tuple[float, float]:
    """The position in a row of a table, degrees; NaN where there is none.

    Args:
        row: Of :func:`read_table`.
        lat: Column of the latitude.
        lon: Column of the longitude.
        path: The table, for the message.
        line: Of the row.
        empty: Whether the cells may be empty, for a photo that was not answered.

    Raises:
        DataError: Not a point on Earth, with the line.
    """
    if empty and not row[lat].strip() and not row[lon].strip():
        return math.nan, math.nan
    hint = "leave both cells empty where there is no answer" if empty else None
    point = number_of(row, lat, path, line, hint), number_of(row, lon, path, line, hint)
    if not (-90 <= point[0] <= 90 and -180 <= point[1] <= 360):
        raise DataError(f"{path}, line {line}: {lat} {point[0]:g}, {lon} {point[1]:g} {not_on_earth(point)}", hint=hint)
    return point


def not_on_earth(point: tuple[float, float]) -> str:
    """What is wrong with a latitude and a longitude that are no point, to follow them in a message."""
    swapped = "; latitude and longitude may be swapped" if 90 < abs(point[0]) <= 180 and abs(point[1]) <= 90 else ""
    return f"is not a point on Earth{swapped}: latitude lies within -90 and 90, longitude within -180 and 360"


def _confidences(rows: list[tuple[int, dict[str, str]]], unanswered: npt.NDArray[np.bool_], path: Path) -> Floats:
    """Confidence of every row; of one without an answer, whose cell may be empty, less than all others."""
    sure = [
        math.nan if lost and not row["confidence"].strip() else number_of(row, "confidence", path, line)
        for (line, row), lost in zip(rows, unanswered.tolist(), strict=True)
    ]
    least = math.nextafter(min((value for value in sure if not math.isnan(value)), default=0.0), -math.inf)
    return np.array([least if math.isnan(value) else value for value in sure])


def _refuse_swapped(predicted: Floats, truth: Floats, lines: list[int], path: Path) -> None:
    """Refuse predictions of which more are right if latitude and longitude change places than as they are."""
    turned = predicted[:, ::-1]
    with np.errstate(invalid="ignore"):
        possible = ~np.isnan(predicted).any(axis=1) & (np.abs(turned[:, 0]) <= 90)
    if not possible.any():
        return
    as_is = great_circle_km(predicted[possible], truth[possible]) <= _SWAPPED_KM
    mirrored = (great_circle_km(turned[possible], truth[possible]) <= _SWAPPED_KM) & ~as_is
    if mirrored.sum() > as_is.sum() and mirrored.mean() >= _SWAPPED_SHARE:
        raise DataError(
            f"{path}, line {lines[int(np.flatnonzero(possible)[mirrored.argmax()])]}"
            + (f" and {int(mirrored.sum()) - 1} more" if mirrored.sum() > 1 else "")
            + ": the answer is right only if latitude and longitude change places; the columns are swapped, there or "
            "in the truth",
            hint="name the columns for what they hold",
        )

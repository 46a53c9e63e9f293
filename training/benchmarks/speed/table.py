"""The figures of ``make bench`` as one Markdown table: here, the reference, and what the machine allows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Line:
    """One line of the table.

    Attributes:
        what: Words.
        here: Name of the figure of this package.
        reference: Name of the reference's figure; "" where it has nothing of the kind.
        limit: Name of the figure that says what the machine's matrix products allow; "" where there are hardly any.
        unit: "s" or "MB".
    """

    what: str
    here: str
    reference: str = ""
    limit: str = ""
    unit: str = "s"


LINES = (
    Line("one photo, float32", "geoclip float32: one photo", "reference: one photo", "limit: one photo, float32"),
    Line("one photo, bfloat16", "geoclip bfloat16: one photo", "reference: one photo", "limit: one photo, bfloat16"),
    Line(
        "each of 48 photos, float32",
        "geoclip float32: each of many photos",
        "reference: one photo",
        "limit: one photo, float32",
    ),
    Line(
        "each of 48 photos, float32, signs left out",
        "geoclip float32: each of many photos, signs left out",
        "reference: one photo",
        "limit: one photo, float32",
    ),
    Line(
        "each of 48 photos, bfloat16",
        "geoclip bfloat16: each of many photos",
        "reference: one photo",
        "limit: one photo, bfloat16",
    ),
    Line(
        "each of 48 photos, bfloat16, signs left out",
        "geoclip bfloat16: each of many photos, signs left out",
        "reference: one photo",
        "limit: one photo, bfloat16",
    ),
    Line("a text, full model, float32", "geoclip float32: one text", "", "limit: one text, float32"),
    Line("a text, embedded model", "embedded: one text"),
    Line("the slowest of five texts, embedded model", "embedded: slowest of the texts"),
    Line("a city window of 50 km, embedded model", "embedded: city window of 50 km"),
    Line("the world picture, embedded model", "embedded: world picture"),
    Line("each photo of a batch, embedded model", "embedded: each photo of a batch"),
    Line(
        "the gallery's vectors, once", "geoclip: gallery, first time", "reference: gallery", "limit: gallery, float32"
    ),
    Line(
        "a step of training on 512 photos",
        "learning: step from cached features",
        "learning: the reference's step, CLIP scaled from 4 to 512 photos",
        "limit: step of training, float32",
    ),
    Line("start-up: `import geoclip_core`", "start-up: import", "start-up: import of the reference"),
    Line("start-up: `python -m geoclip_core --help`", "start-up: help"),
    Line("start-up: the command line's first answer to a text", "start-up: one text from the command line"),
    Line("start-up: the page takes questions", "page: from the command to a page that takes questions"),
    Line("the page's answer to a text", "page: one text"),
    Line("memory, full model, float32", "geoclip float32: memory MB", "reference: memory MB", unit="MB"),
    Line("memory, full model, bfloat16", "geoclip bfloat16: memory MB", "reference: memory MB", unit="MB"),
    Line("memory, embedded model", "embedded: memory MB", unit="MB"),
)


def markdown(figures: Mapping[str, Any]) -> str:
    """The table.

    Args:
        figures: By name; a line whose own figure is missing is left out.
    """
    rows = [
        "| what | here | reference | here / reference | matrix products alone | share of that limit |",
        "|---" * 6 + "|",
    ]
    for line in LINES:
        if line.here not in figures:
            continue
        here, reference, limit = (figures.get(name) for name in (line.here, line.reference, line.limit))
        cells = [
            line.what,
            _told(here, line.unit),
            _told(reference, line.unit),
            f"1 / {reference / here:.3g}" if reference and here else "",
            _told(limit, line.unit),
            f"{limit / here:.0%}" if limit and here else "",
        ]
        rows.append("| " + " | ".join(cells) + " |")
    rates = [f"{name.removeprefix('limit: ')} {figures[name] / 1e9:,.0f} GFLOP/s" for name in figures if "rate" in name]
    about = [str(figures["machine"])] if "machine" in figures else []
    return "\n".join(rows) + "\n\n" + "; ".join([*about, *rates]) + "\n"


def _told(value: float | None, unit: str) -> str:
    if value is None:
        return ""
    return f"{value:,.0f} MB" if unit == "MB" else f"{value:.3g} s"

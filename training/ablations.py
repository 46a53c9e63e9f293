"""What each part of the method is worth, on views from above: data that everyone has.

Every variant differs from the first in one setting; each is trained from nothing with several seeds, behind one frozen
tower, and measured on the same held-out views against the same gallery. The questions are GeoCLIP's RQ2 (location
encoder), RQ3 (queue, noise, views) and RQ5 (less data). A first impression, of two variants and few steps::

    python training/ablations.py baseline "no queue" --steps 100 --seeds 2

Results are kept in ``runs/ablations`` as they come, and the same command continues where it stopped. The table is
printed as Markdown, and written to a file with ``--table``.
"""

from __future__ import annotations

import json
import logging
import statistics
import sys
from pathlib import Path
from typing import Annotated

import typer

from geoclip_core.errors import GeoclipError
from geoclip_core.files import sha256, write_json, write_text
from geoclip_core.learning.overhead.ablations import MEASURED, VARIANTS, measure, precompute_features

MODEL = Path("assets/weights/overhead")

HEAD = """\
| variant | seeds | <= 25 km | <= 200 km | <= 750 km | <= 2500 km | median km |
|---|---|---|---|---|---|---|
"""


def markdown(results: dict[str, dict[str, dict[str, float]]]) -> str:
    """The table: one row per variant, mean and (from two seeds on) standard deviation over its seeds."""
    lines = []
    for variant, runs in results.items():
        cells = []
        for name in MEASURED:
            factor, digits = (1.0, 0) if name == "median_km" else (100.0, 1)
            values = [run[name] * factor for run in runs.values()]
            spread = f" ± {statistics.stdev(values):.{digits}f}" if len(values) > 1 else ""
            cells.append(f"{statistics.fmean(values):.{digits}f}{spread}")
        lines.append(f"| {variant} | {len(runs)} | {' | '.join(cells)} |")
    return HEAD + "\n".join(lines) + "\n"


def main(
    variants: Annotated[list[str] | None, typer.Argument(help="Rows of the table; all of them by default")] = None,
    model: Annotated[Path, typer.Option(help="Folder of the overhead model whose tower is used")] = MODEL,
    steps: Annotated[int, typer.Option(min=1, help="Optimiser steps of every run")] = 400,
    batch_size: Annotated[int, typer.Option(min=1, help="Places per step")] = 128,
    places: Annotated[int, typer.Option(min=1, help="Training places")] = 6_000,
    held_out: Annotated[int, typer.Option(min=1, help="Held-out views")] = 1_000,
    seeds: Annotated[int, typer.Option(min=1, help="Runs of every variant")] = 3,
    out: Annotated[Path, typer.Option(help="Folder of the results")] = Path("runs/ablations"),
    table: Annotated[Path | None, typer.Option(help="Markdown file to write the table to")] = None,
) -> None:
    """Train what is missing, and print the table."""
    chosen = variants or list(VARIANTS)
    if unknown := [name for name in chosen if name not in VARIANTS]:
        raise GeoclipError(f"There is no variant {unknown[0]!r}", allowed=", ".join(VARIANTS))
    logging.getLogger("lightning.pytorch.utilities.rank_zero").setLevel(logging.WARNING)  # a greeting at every run
    sizes = f"{steps}-{batch_size}-{places}-{held_out}"
    tower = sha256(model / "model.safetensors")[:8]  # another tower's results are another table
    kept = out / f"results-{sizes}-{tower}.json"
    results = json.loads(kept.read_text(encoding="utf-8")) if kept.is_file() else {}
    missing = [
        (seed, variant) for seed in range(seeds) for variant in chosen if str(seed) not in results.get(variant, {})
    ]
    if missing:
        features = precompute_features(model, places, held_out)
        for seed, variant in missing:
            found = measure(variant, seed, steps, batch_size, features)
            results.setdefault(variant, {})[str(seed)] = found
            write_json(kept, results)
            typer.echo(f"{variant}, seed {seed}: {found}")
    text = markdown({variant: results[variant] for variant in VARIANTS if variant in results})
    typer.echo(text)
    if table:
        write_text(table, text)


if __name__ == "__main__":
    try:
        typer.run(main)
    except GeoclipError as error:
        sys.exit(str(error))

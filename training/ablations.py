"""What each part of the method is worth, on views from above: data that everyone has.

Every variant differs from the first in one setting; each is trained from nothing with several seeds, behind one frozen
tower, and measured on the same held-out views against the same gallery. The questions are GeoCLIP's RQ2 (location
encoder), RQ3 (queue, noise, views) and RQ5 (less data). A first impression, of few variants and few steps::

    python training/ablations.py --steps 100 --seeds 2 --only baseline "no queue"

Results are kept in ``runs/ablations`` as they come, and the same command goes on where it stopped. The table is
printed, and written as Markdown where ``--table`` says.
"""

from __future__ import annotations

import argparse
import json
import logging
import statistics
import sys
from pathlib import Path

from geoclip_core.errors import GeoclipError
from geoclip_core.learning.data.manifest import sha256
from geoclip_core.learning.overhead.ablations import MEASURED, VARIANTS, measure, see
from geoclip_core.learning.run.checkpoints import write_json

PLACES, HELD_OUT = 6_000, 1_000

HEAD = """\
| variant | seeds | <= 25 km | <= 200 km | <= 750 km | <= 2500 km | median km |
|---|---|---|---|---|---|---|
"""


def table(results: dict[str, dict[str, dict[str, float]]]) -> str:
    """Markdown: one row per variant, mean and (from two seeds on) standard deviation over its seeds."""
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


def main(args: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--model", type=Path, default=Path("assets/weights/overhead"), help="whose tower looks")
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--places", type=int, default=PLACES)
    parser.add_argument("--held-out", type=int, default=HELD_OUT)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", nargs="*", choices=list(VARIANTS), default=list(VARIANTS), metavar="VARIANT")
    parser.add_argument("--out", type=Path, default=Path("runs/ablations"))
    parser.add_argument("--table", type=Path, help="Markdown file to write the table to")
    given = parser.parse_args(args)
    logging.getLogger("lightning.pytorch.utilities.rank_zero").setLevel(logging.WARNING)  # it greets at every run
    sizes = f"{given.steps}-{given.batch_size}-{given.places}-{given.held_out}"
    tower = sha256(given.model / "model.safetensors")[:8]  # what is seen through another one is another table
    kept = given.out / f"results-{sizes}-{tower}.json"
    results = json.loads(kept.read_text(encoding="utf-8")) if kept.is_file() else {}
    left = [
        (seed, variant)
        for seed in range(given.seeds)
        for variant in given.only
        if str(seed) not in results.get(variant, {})
    ]
    if left:
        seen = see(given.model, given.places, given.held_out)
        for seed, variant in left:
            found = measure(variant, seed, given.steps, given.batch_size, seen)
            results.setdefault(variant, {})[str(seed)] = found
            write_json(kept, results)
            print(f"{variant}, seed {seed}: {found}", flush=True)
    text = table({variant: results[variant] for variant in VARIANTS if variant in results})
    print(text)
    if given.table:
        given.table.parent.mkdir(parents=True, exist_ok=True)
        given.table.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    try:
        main()
    except GeoclipError as error:
        sys.exit(str(error))

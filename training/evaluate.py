"""Measure how far off answers are, how sure they may be, and how they compare with others'.

Texts, with the embedded model's place encoder::

    python training/evaluate.py text places.csv
    python training/evaluate.py text sites.csv --countries --limit 200

Ordinary photos of known places, by source of evidence (``training/benchmarks/sources.py``)::

    python training/evaluate.py photos FOLDER --sources scenes

A table of texts has the columns ``name`` (or ``title`` and ``tags``), ``latitude`` and ``longitude``; an answer is
the position of the likeliest place, and a text without an answer counts as a miss. A table with the columns ``query``,
``group``, ``expected_lat``, ``expected_lon`` and ``tolerance_km`` is measured by group instead: a query is right within
its tolerance, and one without an expected position is right if it is refused or its best place has a probability below
0.5.

Anybody's predictions, scored as our own are::

    python training/evaluate.py predictions mine.csv --json
    python training/evaluate.py predictions mine.csv --truth truth.csv

The columns are ``image``, ``latitude``, ``longitude``, and ``true_latitude`` and ``true_longitude`` unless ``--truth``
names a table with ``image``, ``latitude`` and ``longitude``.

How sure a model may be, fitted on questions with known answers and written beside it::

    python training/evaluate.py calibrate photos.csv --photos FOLDER --model geoclip
    python training/evaluate.py calibrate places.csv queries.csv --views raster.jpg --model embedded

The benchmarks of the papers, with images from a folder; a run that was stopped goes on when it is started again::

    python training/evaluate.py im2gps3k FOLDER --model geoclip --crops 10 --gallery own --gallery more.npy --leak-check
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from geoclip_core.errors import GeoclipError
from geoclip_core.evaluation.scores import score_lines
from training.benchmarks.photo_sets import BENCHMARKS
from training.benchmarks.predictions import read_predictions, score_table
from training.benchmarks.sources import photos
from training.benchmarks.texts import measure_table, measure_texts, read_queries, read_questions

__all__ = ["app", "measure_texts", "read_queries", "read_questions"]

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)


@contextmanager
def told() -> Iterator[None]:
    """An error that a person can act on ends the command with its message."""
    try:
        yield
    except GeoclipError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error


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
    with told():
        typer.echo(measure_table(table, limit, column_name, countries))


@app.command()
def predictions(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="Predictions: image, latitude, longitude.")],
    truth: Annotated[Path | None, typer.Option(help="True positions, where FILE.csv does not hold them.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Score anybody's predictions: accuracy, median, GeoScore and more, with intervals."""
    with told():
        scores = score_table(read_predictions(file, truth))
        if as_json:
            typer.echo(json.dumps(scores, indent=2, ensure_ascii=False, allow_nan=False))
            return
        typer.echo("\n".join(score_lines(scores)))
        for method, found in scores["country_accuracy"].items():
            typer.echo(f"right country, by {method.replace('_', ' ')}: {found['share']:.2%} of {found['questions']}")
        typer.echo(f"{scores['questions']} of {scores['expected']} photos; intervals by {scores['grouped_by']}")
        for what, name in (("not in the file", "missing_images"), ("without an answer", "unanswered_images")):
            if scores[name]:
                typer.echo(f"{what}, the first {len(scores[name])}: {', '.join(scores[name])}")


@app.command()
def calibrate(
    sources: Annotated[
        list[Path] | None,
        typer.Argument(help="Tables of texts or of photos with known positions, or folders of photos."),
    ] = None,
    views: Annotated[list[str] | None, typer.Option(help="Picture of the Earth to cut views from; may repeat.")] = None,
    model: Annotated[str, typer.Option(help="Name of a model, or the folder of an exported one.")] = "auto",
    photos: Annotated[Path | None, typer.Option(help="Folder of a table's images.")] = None,
    out: Annotated[Path | None, typer.Option(help="File to write; beside the model by default.")] = None,
    limit: Annotated[int, typer.Option(min=0, help="Questions of each table and views of each picture; 0 is all.")] = 0,
) -> None:
    """Fit how sure a model may be, and write it beside the model, which then answers by it.

    Photos' own positions are hidden from the model. A table of photos has the columns image, latitude, longitude.
    """
    from geoclip_core.evaluation.calibration_file import read_calibration, write_calibration
    from geoclip_core.locate.load import load_locator
    from geoclip_core.weights.calibration import own_file
    from geoclip_core.weights.local import find_local
    from geoclip_core.weights.registry import MODELS
    from training.benchmarks.calibration.calibrate import calibrate_model, merged, report
    from training.benchmarks.calibration.questions import told_passed_over

    passed_over: dict[str, str] = {}
    with told():
        locator = load_locator(model)
        try:
            found = calibrate_model(locator, sources or [], views or [], passed_over, photos=photos, limit=limit)
        finally:
            for line in told_passed_over(passed_over):
                typer.echo(line, err=True)
        path = out or own_file(locator.name, None if locator.name in MODELS else find_local(model).folder)
        typer.echo("\n".join(report(found)))
        write_calibration(path, merged(read_calibration(path) if path.is_file() else None, found))
        typer.echo(f"written to {path}")


def photo_benchmark(name: str) -> Callable[..., None]:
    """The command of a benchmark of photos."""

    def command(
        folder: Annotated[Path, typer.Argument(help="Folder of the images, at any depth.")],
        truth: Annotated[
            Path | None, typer.Option(help="The official file with the coordinates; found in or beside FOLDER.")
        ] = None,
        model: Annotated[
            list[str] | None, typer.Option(help="Name of a model, or the folder of an exported one; may repeat. auto.")
        ] = None,
        clip: Annotated[Path | None, typer.Option(help="Where CLIP's weights are.")] = None,
        gallery: Annotated[
            list[str] | None, typer.Option(help="File of points (.csv, .npy), or 'own'; may repeat. The model's own.")
        ] = None,
        crops: Annotated[int, typer.Option(help="1, or 10 as in most papers.")] = 1,
        batch: Annotated[int, typer.Option(min=1, help="Photos through the tower at a time.")] = 16,
        limit: Annotated[int, typer.Option(min=0, help="Ask only this many, spread over all; 0 asks all.")] = 0,
        out: Annotated[Path | None, typer.Option(help="Folder of the results; a run in it is resumed.")] = None,
        leak_check: Annotated[
            bool, typer.Option("--leak-check", help="Find photos that the gallery gives away.")
        ] = False,
        as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of Markdown.")] = False,
    ) -> None:
        from training.benchmarks.photo_benchmark import Settings, printed, run_benchmark
        from training.benchmarks.photo_report import as_markdown

        with told():
            settings = Settings(tuple(model or ["auto"]), clip, tuple(gallery or ()), crops, batch, limit, leak_check)
            result = run_benchmark(name, folder, truth, out, settings)
            typer.echo(printed(result) if as_json else as_markdown(result))

    command.__doc__ = f"{BENCHMARKS[name].title}: {BENCHMARKS[name].questions:,} photos. Get {BENCHMARKS[name].where}."
    return command


for benchmark in BENCHMARKS:
    app.command(benchmark)(photo_benchmark(benchmark))


app.command()(photos)

if __name__ == "__main__":
    app()

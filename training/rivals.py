"""GeoCLIP and the methods that it is compared with, on the same features: fitted, scored, and put into a table.

``python training/rivals.py`` runs all on views from above, as vectors and with their parts, and on data made by
rules whose right answer is known. On your own photos, with features that ``make_features.py`` made::

    python training/rivals.py --sets folder --features features/ --split-by photographer

Results are kept in ``runs/rivals`` as they come, and the same command goes on where it stopped. A first impression
within two minutes: ``python training/rivals.py --quick``.
"""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import Annotated

import typer

from geoclip_core.errors import DataError, GeoclipError
from geoclip_core.files import write_text

SETS = ("views", "parts", "rules", "folder")
OF_PARTS = ("translocator", "geodecoder")  # the rivals that use the parts of a photo
BESIDE_PARTS = ("translocator_one_branch", "geoclip")  # without parts: as large as TransLocator, and the reference
QUICK_PLACES, QUICK_PHOTOS, QUICK_STEPS = 400, 240, 20


def main(
    rivals: Annotated[list[str] | None, typer.Argument(help="Which; all of them by default")] = None,
    sets: Annotated[
        str, typer.Option(help=f"Which data, with commas between: {', '.join(SETS)}")
    ] = "views,parts,rules",
    features: Annotated[Path | None, typer.Option(help="Folder of make_features.py, for the set folder")] = None,
    split_by: Annotated[str, typer.Option(help="photographer or region, for the set folder")] = "region",
    places: Annotated[int, typer.Option(min=40, help="Views from above")] = 4_000,
    photos: Annotated[int, typer.Option(min=40, help="Photos of each set of made data")] = 1_600,
    steps: Annotated[int, typer.Option(min=1, help="Optimiser steps of every fit")] = 300,
    batch_size: Annotated[int, typer.Option(min=1, help="Photos per step")] = 128,
    seeds: Annotated[int, typer.Option(min=1, help="Fits of every rival")] = 3,
    out: Annotated[Path, typer.Option(help="Folder of the results")] = Path("runs/rivals"),
    table: Annotated[Path | None, typer.Option(help="Markdown file to write the tables to")] = None,
    picture: Annotated[Path | None, typer.Option(help="SVG file to draw the scores of the first set into")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Little data and few steps")] = False,
) -> None:
    """Fit and score what is missing, and print the tables."""
    from geoclip_core.rivals import RIVALS
    from geoclip_core.rivals.comparison.known_rules import RULES, known_set
    from geoclip_core.rivals.comparison.photo_sets import PhotoSet, folder_set, overhead_set
    from geoclip_core.rivals.comparison.picture import scores_picture
    from geoclip_core.rivals.comparison.run import compare
    from geoclip_core.rivals.comparison.scores import Scores
    from geoclip_core.rivals.comparison.table import notes, rules_table, scores_table
    from geoclip_core.rivals.training import Training

    names = rivals or list(RIVALS)
    if unknown := [name for name in names if name not in RIVALS]:
        raise DataError(f"There is no rival {unknown[0]!r}", allowed=", ".join(RIVALS))
    asked = sets.split(",")
    if unknown := [name for name in asked if name not in SETS]:
        raise DataError(f"There is no set {unknown[0]!r}", allowed=", ".join(SETS))
    if split_by not in ("photographer", "region"):
        raise DataError(f"--split-by is {split_by}", allowed="photographer, region")
    if "folder" in asked and features is None:
        raise DataError("The set folder needs --features", hint="name the folder that make_features.py wrote")
    if quick:
        places, photos, steps = QUICK_PLACES, QUICK_PHOTOS, QUICK_STEPS
    budget = dataclasses.replace(Training(), steps=steps, batch_size=batch_size)
    texts: list[str] = []

    def show(data: PhotoSet, results: dict[str, list[Scores]]) -> None:
        groups = data.groups[data.test]
        title = f"{data.name}: {(~data.test).sum()} photos of training, {data.test.sum()} of the test"
        texts.append(f"### {title}\n\n{scores_table(results, groups)}\n{notes(results)}")
        if picture and len(texts) == 1:
            write_text(picture, scores_picture(results, groups, title))

    def go(data: PhotoSet, which: list[str], search: bool = True) -> dict[str, list[Scores]]:
        return compare(data, which, seeds, budget, out, search=search, report=typer.echo)

    for kind in [kind for kind in SETS if kind in asked and kind != "rules"]:
        which = [name for name in names if kind != "parts" or name in OF_PARTS]
        if not which:
            continue
        which += BESIDE_PARTS if kind == "parts" else ()
        if kind == "folder":
            assert features is not None
            data = folder_set(features, "photographer" if split_by == "photographer" else "region")
        else:
            data = overhead_set(places, tokens=kind == "parts")
        show(data, go(data, which))
    if "rules" in asked:
        made = [known_set(rule, photos) for rule in RULES]
        found = {data.name: go(data, names, search=False) for data in made}
        texts.append(
            f"### Data made by rules: {photos} photos each, a quarter of them the test\n\n{rules_table(found)}"
        )
    text = "\n".join(texts)
    typer.echo(text)
    if table:
        write_text(table, text)


if __name__ == "__main__":
    try:
        typer.run(main)
    except GeoclipError as error:
        sys.exit(str(error))

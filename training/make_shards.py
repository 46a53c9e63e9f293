"""Pack a folder of photos into WebDataset shards with an index.

``python training/make_shards.py photos.csv photos/ shards/ --longest-side 512``
A run that was stopped continues where it stood; ``--check`` reads everything again and compares digests.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from geoclip_core.errors import GeoclipError


def main(
    table: Annotated[str, typer.Argument(help="CSV or Parquet: image, latitude, longitude")],
    folder: Annotated[str, typer.Argument(help="Where the photos are")],
    out: Annotated[Path, typer.Argument(help="Where the shards go")],
    part_rows: Annotated[int, typer.Option(min=1, help="Photos of a shard")] = 4096,
    columns: Annotated[str, typer.Option(help="Unusual columns: image=...,latitude=...,longitude=...,owner=...")] = "",
    longest_side: Annotated[int | None, typer.Option(min=1, help="Make larger photos smaller, in pixels")] = None,
    check: Annotated[bool, typer.Option("--check", help="Compare the digests of shards that are there")] = False,
) -> None:
    from tqdm import tqdm

    from geoclip_core.errors import DataError
    from geoclip_core.learning.data.manifest import Manifest
    from geoclip_core.learning.data.photos import PhotoFolder
    from geoclip_core.learning.data.shards import make_shards
    from geoclip_core.learning.data.table import count_reasons, parse_columns, write_report

    source = PhotoFolder(table, folder, parse_columns(columns), report=str(out / "skipped.csv"))
    with tqdm(desc="shards") as bar:

        def show(done: int, every: int) -> None:
            bar.total = every
            bar.update(done - bar.n)

        bad = make_shards(source, out, part_rows=part_rows, longest_side=longest_side, progress=show)
    write_report(out / "skipped.csv", bad)
    skipped = [*source.skipped, *bad]
    typer.echo(f"{len(source) - len(bad)} photos; {len(skipped)} skipped {count_reasons(skipped)}")
    if check and (damaged := Manifest.of(out).damaged()):
        raise DataError(f"{', '.join(damaged)} are damaged", hint="delete them and run this again")


if __name__ == "__main__":
    try:
        typer.run(main)
    except GeoclipError as error:
        sys.exit(str(error))

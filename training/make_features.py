"""Run CLIP's frozen image tower once over a folder or shards of photos, and keep what it says.

``python training/make_features.py --table photos.csv --folder photos/ --out features/``
On several GPUs, one process each: ``torchrun --nproc-per-node 8 training/make_features.py ...``. A run that was
stopped goes on where it stood.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from geoclip_core.errors import GeoclipError


def main(
    out: Annotated[Path, typer.Option(help="Where the features go")],
    table: Annotated[str | None, typer.Option(help="CSV or Parquet: image, latitude, longitude")] = None,
    folder: Annotated[str | None, typer.Option(help="Where the photos of the table are")] = None,
    columns: Annotated[str, typer.Option(help="Unusual columns: image=...,latitude=...,longitude=...,owner=...")] = "",
    shards: Annotated[str | None, typer.Option(help="What make_shards.py wrote, instead of both")] = None,
    clip: Annotated[str, typer.Option(help="CLIP's weights: auto, a file or a folder")] = "auto",
    views: Annotated[int, typer.Option(help="Random views of each photo, besides the plain one")] = 2,
    float32: Annotated[bool, typer.Option("--float32", help="float32 instead of bfloat16")] = False,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, ...")] = "auto",
    batch_size: Annotated[int, typer.Option(help="Photos at a time")] = 64,
    part_rows: Annotated[int, typer.Option(help="Photos of a file")] = 4096,
    workers: Annotated[int, typer.Option(help="Processes that decode")] = 0,
    seed: Annotated[int, typer.Option(help="Of the random views")] = 0,
) -> None:
    import torch
    from tqdm import tqdm

    from geoclip_core.learning.data.augment import PhotoViews
    from geoclip_core.learning.data.features import make_features
    from geoclip_core.learning.data.photos import PhotoFolder
    from geoclip_core.learning.data.shards import Shards
    from geoclip_core.learning.data.table import count_reasons, parse_columns, write_report
    from geoclip_core.model.clip import load_towers
    from geoclip_core.model.tower_digest import tower_digest
    from geoclip_core.photo.preprocess import Preprocess
    from geoclip_core.weights.convert import read_clip
    from geoclip_core.weights.resolve import find_clip

    rank, processes = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
    if device == "auto":
        device = f"cuda:{os.environ.get('LOCAL_RANK', '0')}" if torch.cuda.is_available() else "cpu"
    tower, _ = load_towers(read_clip(find_clip(None if clip == "auto" else clip)))
    tower.to(device, torch.float32 if float32 else torch.bfloat16)
    seen = PhotoViews(views, Preprocess(int(tower.image_size[0])))  # type: ignore[index]
    report = out / f"skipped-{rank}.csv"
    if shards is not None:
        source: PhotoFolder | Shards = Shards(shards, seen, str(report))
    elif table is not None and folder is not None:
        source = PhotoFolder(table, folder, parse_columns(columns), seen, str(report))
    else:
        raise typer.BadParameter("Name --table and --folder, or --shards")
    with tqdm(desc="parts", disable=rank > 0) as bar:

        def show(done: int, every: int) -> None:
            bar.total = every
            bar.update(done - bar.n)

        bad = make_features(
            source,
            tower,
            out,
            tower_name=f"CLIP {tower_digest(tower)}",
            batch_size=batch_size,
            part_rows=part_rows,
            workers=workers,
            rank=rank,
            processes=processes,
            seed=seed,
            progress=show,
        )
    write_report(report, bad)
    skipped = [*source.skipped, *bad]
    typer.echo(f"{len(source) - len(bad)} photos; {len(skipped)} skipped {count_reasons(skipped)}")


if __name__ == "__main__":
    try:
        typer.run(main)
    except GeoclipError as error:
        sys.exit(str(error))

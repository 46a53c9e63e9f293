"""Run a frozen image tower, CLIP's by default, once over a folder or shards of photos, and keep the features.

``python training/make_features.py --table photos.csv --folder photos/ --out features/``
On several GPUs, one process each: ``torchrun --nproc-per-node 8 training/make_features.py ...``. A run that was
stopped continues where it stood.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from geoclip_core.errors import GeoclipError
from geoclip_core.model.backbones.registry import BACKBONES, CLIP_L14, find_backbone


def main(
    out: Annotated[Path, typer.Option(help="Where the features go")],
    table: Annotated[str | None, typer.Option(help="CSV or Parquet: image, latitude, longitude")] = None,
    folder: Annotated[str | None, typer.Option(help="Where the photos of the table are")] = None,
    columns: Annotated[str, typer.Option(help="Unusual columns: image=...,latitude=...,longitude=...,owner=...")] = "",
    shards: Annotated[str | None, typer.Option(help="What make_shards.py wrote, instead of both")] = None,
    backbone: Annotated[str, typer.Option(help=f"Which image tower: {', '.join(BACKBONES)}")] = CLIP_L14,
    weights: Annotated[
        str, typer.Option("--weights", "--clip", help="The backbone's weights: auto, a file or a folder")
    ] = "auto",
    views: Annotated[int, typer.Option(help="Random views of each photo, besides the plain one")] = 2,
    float32: Annotated[bool, typer.Option("--float32", help="float32 instead of bfloat16")] = False,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, mps, cuda:1")] = "auto",
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
    from geoclip_core.model.backbones.load import load_backbone, tower_label
    from geoclip_core.model.device import choose_device
    from geoclip_core.weights.convert import read_backbone
    from geoclip_core.weights.resolve import find_weights

    rank, processes = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
    chosen = choose_device(device)
    if chosen.type == "cuda" and chosen.index is None:
        chosen = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
    record = find_backbone(backbone)
    found = find_weights(record, None if weights == "auto" else weights)
    tower, _, preprocess = load_backbone(backbone, read_backbone(found, record))
    tower.to(chosen, torch.float32 if float32 else torch.bfloat16)
    seen = PhotoViews(views, preprocess)
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
            tower_name=tower_label(backbone, tower),
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

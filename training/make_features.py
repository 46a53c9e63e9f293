"""Run a frozen image tower, CLIP's by default, once over a folder or shards of photos, and keep the features.

``python training/make_features.py --table photos.csv --folder photos/ --out features/``
On several GPUs, one process each: ``torchrun --nproc-per-node 8 training/make_features.py ...``, or on the machines of
a Ray cluster, which all see the same folders: ``... --ray 10.0.0.1:6379 --gpus 1``. A run that was stopped continues
where it stood, and so does the share of a worker that dies.

Features that another program made, a ``.npy`` file or a Parquet column, row by row with a table of their places::

    python training/make_features.py import vectors.npy --table photos.csv --backbone dinov2-vit-b-14 --out features/
"""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geoclip_core.errors import GeoclipError
from geoclip_core.model.backbones.registry import BACKBONES, CLIP_L14, find_backbone

if TYPE_CHECKING:
    from geoclip_core.learning.data.table import Skipped


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
    views: Annotated[int, typer.Option(min=0, help="Random views of each photo, besides the plain one")] = 2,
    float32: Annotated[bool, typer.Option("--float32", help="float32 instead of bfloat16")] = False,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, mps, cuda:1")] = "auto",
    batch_size: Annotated[int, typer.Option(min=1, help="Photos at a time")] = 64,
    part_rows: Annotated[int, typer.Option(min=1, help="Photos of a file")] = 4096,
    workers: Annotated[int, typer.Option(min=0, help="Processes that decode; 0: threads, as the page's album")] = 0,
    seed: Annotated[int, typer.Option(min=0, help="Of the random views")] = 0,
    ray: Annotated[str | None, typer.Option(help="Share the work: local, or the address of a Ray cluster")] = None,
    gpus: Annotated[float, typer.Option(help="With --ray, the share of a GPU that each worker takes")] = 0.0,
    ray_workers: Annotated[int, typer.Option(help="With --ray, how many; 0 for as many as there is room for")] = 0,
) -> None:
    if shards is None and (table is None or folder is None):
        raise typer.BadParameter("Name --table and --folder, or --shards")
    work = partial(
        _share,
        out=out,
        table=table,
        folder=folder,
        columns=columns,
        shards=shards,
        backbone=backbone,
        weights=weights,
        views=views,
        float32=float32,
        device=device,
        batch_size=batch_size,
        part_rows=part_rows,
        workers=workers,
        seed=seed,
    )
    if ray is None:
        shares = [work(int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1")))]
    else:
        from geoclip_core.serve.ray_batch import Cluster, share_work

        shares = share_work(Cluster(ray, ray_workers, gpus), work)
    from geoclip_core.learning.data.table import count_reasons

    listed, unlisted, _ = shares[0]
    bad = [photo for *_, unread in shares for photo in unread]
    skipped = [*unlisted, *bad]
    typer.echo(f"{listed - len(bad)} photos; {len(skipped)} skipped {count_reasons(skipped)}")


def _share(
    rank: int,
    processes: int,
    *,
    out: Path,
    table: str | None,
    folder: str | None,
    columns: str,
    shards: str | None,
    backbone: str,
    weights: str,
    views: int,
    float32: bool,
    device: str,
    batch_size: int,
    part_rows: int,
    workers: int,
    seed: int,
) -> tuple[int, list[Skipped], list[Skipped]]:
    """One process's share of the work.

    Returns:
        How many photos there are in all, what the table or the shards left out, and photos of this share that could
        not be read.
    """
    import torch
    from tqdm import tqdm

    from geoclip_core.learning.data.augment import PhotoViews
    from geoclip_core.learning.data.features import make_features
    from geoclip_core.learning.data.photos import PhotoFolder
    from geoclip_core.learning.data.shards import Shards
    from geoclip_core.learning.data.table import parse_columns, write_report
    from geoclip_core.model.backbones.load import load_backbone, tower_label
    from geoclip_core.model.device import choose_device
    from geoclip_core.weights.convert import read_backbone
    from geoclip_core.weights.resolve import find_weights

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
    else:
        assert table is not None
        assert folder is not None
        source = PhotoFolder(table, folder, parse_columns(columns), seen, str(report))
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
    return len(source), list(source.skipped), bad


def import_main(
    features: Annotated[Path, typer.Argument(help=".npy or .parquet, one row for each row of the table")],
    out: Annotated[Path, typer.Option(help="Where the features go")],
    table: Annotated[
        Path | None, typer.Option(help="CSV or Parquet: latitude, longitude; left out, the Parquet file itself")
    ] = None,
    columns: Annotated[str, typer.Option(help="Unusual columns: latitude=...,longitude=...,owner=...")] = "",
    backbone: Annotated[
        str, typer.Option(help="What made them; a model can be loaded behind one of make_features")
    ] = "",
    weights: Annotated[
        str | None, typer.Option(help="The backbone's weights, to write down which: auto, a file or a folder")
    ] = None,
    part_rows: Annotated[int, typer.Option(min=1, help="Photos of a file")] = 65536,
) -> None:
    import torch

    from geoclip_core.learning.data.imported.features import import_features
    from geoclip_core.learning.data.table import count_reasons, parse_columns
    from geoclip_core.model.backbones.load import load_backbone, tower_label
    from geoclip_core.model.backbones.registry import UNCHECKED

    if not backbone:
        raise typer.BadParameter(f"Name --backbone: one of {', '.join(BACKBONES)}, or a name of your own")
    record = BACKBONES.get(backbone)
    label = f"{backbone.replace(' ', '-') if record is None else record.label} {UNCHECKED}"
    preprocess = None if record is None else record.preprocess
    width = None if record is None else record.width
    if record is not None and weights is not None:
        from geoclip_core.weights.convert import read_backbone
        from geoclip_core.weights.resolve import find_weights

        found = find_weights(record, None if weights == "auto" else weights)
        tower, _, preprocess = load_backbone(backbone, read_backbone(found, record))
        label = tower_label(backbone, tower)
        with torch.inference_mode():
            width = int(tower(torch.zeros(1, 3, preprocess.size, preprocess.size)).shape[-1])
    pairs = import_features(
        features,
        features if table is None else table,
        out,
        tower=label,
        preprocess=preprocess,
        width=width,
        columns=parse_columns(columns),
        part_rows=part_rows,
    )
    typer.echo(f"{len(pairs.rows)} photos; {len(pairs.skipped)} skipped {count_reasons(pairs.skipped)}")
    if record is None:
        typer.echo(
            f"{backbone} cannot be built here: models of these features answer from features only, not from photos"
        )


if __name__ == "__main__":
    try:
        if sys.argv[1:2] == ["import"]:
            del sys.argv[1]
            typer.run(import_main)
        else:
            typer.run(main)
    except GeoclipError as error:
        sys.exit(str(error))

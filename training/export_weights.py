"""Write a checkpoint as a folder that can be located with: weights, gallery and a record of what they are.

``python training/export_weights.py runs/smoke/checkpoints/best.ckpt models/smoke --licence MIT``
The format is described in ``geoclip_core/learning/run/model_folder.py``.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from geoclip_core.errors import GeoclipError


def main(
    checkpoint: Annotated[Path, typer.Argument(help="A .ckpt of a run")],
    folder: Annotated[Path, typer.Argument(help="Where the model goes")],
    licence: Annotated[str, typer.Option(help="SPDX identifier of the weights")],
    name: Annotated[str | None, typer.Option(help="Its name; that of the folder by default")] = None,
    summary: Annotated[str, typer.Option(help="One sentence on what it is")] = "",
    gallery: Annotated[str | None, typer.Option(help=".npy or .csv of points; the run's own by default")] = None,
    clip: Annotated[str | None, typer.Option(help="CLIP's weights, where low-rank steps were trained")] = None,
) -> None:
    from geoclip_core.learning.data.table import read_gallery
    from geoclip_core.learning.run.model_folder import export_model

    state = None
    if clip is not None:
        from geoclip_core.weights.convert import read_clip
        from geoclip_core.weights.resolve import find_clip

        state = read_clip(find_clip(None if clip == "auto" else clip))
    points = read_gallery(gallery or str(checkpoint.resolve().parents[1] / "gallery.npy"))
    record = export_model(
        checkpoint, folder, name=name or folder.name, licence=licence, gallery=points, summary=summary, clip=state
    )
    size = sum(mark["size"] for mark in record["files"].values())
    typer.echo(f"{folder}: {size / 1e6:.1f} MB, {', '.join(f'{k} {v:.4g}' for k, v in record['metrics'].items())}")


if __name__ == "__main__":
    try:
        typer.run(main)
    except GeoclipError as error:
        sys.exit(str(error))

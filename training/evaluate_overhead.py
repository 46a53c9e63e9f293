"""Measure the ``embedded`` model on views from above, as a user meets it: a picture in, candidates out.

The views are those of ``geoclip_core/learning/overhead/protocol.py``; a refused view counts as a miss::

    python training/evaluate_overhead.py --views 300 RASTER... --photos FOLDER

For each raster: accuracy of the first candidate, beside that of the overhead model alone; the share that was refused;
the mean probability of the first candidates, and how often they were right. For a folder of photos taken on the
ground: the share that was refused. The overhead model alone, without its out-of-distribution test, answering from the
protocol's gallery and off it::

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
from geoclip_core.learning.overhead.protocol import (
    PIXELS,
    PROTOCOL,
    SEED,
    VIEW_COUNT,
    VIEW_THRESHOLDS_KM,
    protocol_errors,
)
from geoclip_core.learning.overhead.raster import Raster, find_raster
from geoclip_core.learning.overhead.sampling import ViewSampler
from geoclip_core.locate.load import load_locator
from geoclip_core.locate.locator import Locator
from geoclip_core.overhead.clusters import CLUSTER_KM
from geoclip_core.overhead.network import OverheadModel
from geoclip_core.photo.decode import open_photo


def measure_views(locator: Locator, model: OverheadModel, raster: Path, count: int) -> None:
    """Ask about views of a raster, and print accuracy, refusals and calibration."""
    views = ViewSampler(PROTOCOL).draw(VIEW_COUNT, np.random.default_rng(SEED))[np.arange(count)]
    answers, earth = np.full((2, count, 2), np.nan), Raster(raster)
    probability = np.zeros(count)
    for i in tqdm(range(count), desc=raster.name, unit="view"):
        rgb = earth.cut(views[np.arange(i, i + 1)], PIXELS)[0, :3].permute(1, 2, 0)
        picture = Image.fromarray((rgb * 255).round().byte().numpy())
        try:
            best = locator.locate(picture).candidates[0]
        except NoEvidenceError:
            continue
        answers[0, i], probability[i] = best.latlon, best.probability
        answers[1, i] = model.predict(picture).clusters[0].latlon
    errors = [error_km(found, views.latlon) for found in answers]
    answered = np.isfinite(errors[0])
    for name, off in zip(("first candidate", "overhead model alone"), errors, strict=True):
        typer.echo(f"{raster.name}, {name}\n{Accuracy.of(off, VIEW_THRESHOLDS_KM).table()}")
    typer.echo(f"{raster.name}: {1 - answered.mean():.1%} refused")
    if answered.any():
        right, claimed = (errors[0][answered] <= CLUSTER_KM).mean(), probability[answered].mean()
        typer.echo(
            f"right within {CLUSTER_KM:.0f} km: {right:.1%} of the others; mean probability of the first: {claimed:.1%}"
        )


def measure_protocol(model: OverheadModel, raster: Path, count: int) -> None:
    """Print the accuracy of the overhead model alone, by the protocol."""
    earth = Raster(raster)
    for off_gallery in (False, True):
        errors = protocol_errors(earth, model, model.location_encoder, views=count, off_gallery=off_gallery)
        said = Accuracy.of(errors, VIEW_THRESHOLDS_KM).table()
        typer.echo(f"{raster.name}, {'off the gallery' if off_gallery else 'from the gallery'}\n{said}")


def measure_photos(model: OverheadModel, folder: Path) -> None:
    """Print the share of photos, none of them a view from above, that the overhead model refuses."""
    refused: list[bool] = []
    for path in tqdm(sorted(folder.iterdir()), desc=folder.name, unit="photo"):
        try:
            model.check_view(open_photo(path).image)
            refused.append(False)
        except NoEvidenceError:
            refused.append(True)
        except PhotoError:
            continue
    typer.echo(f"{folder.name}: {np.mean(refused):.1%} of {len(refused)} photos refused")


def main(
    rasters: Annotated[list[str] | None, typer.Argument(help="Pictures of the Earth; bmng.jpg by default")] = None,
    views: Annotated[int, typer.Option(help="How many views of each", min=1, max=VIEW_COUNT)] = VIEW_COUNT,
    photos: Annotated[list[Path] | None, typer.Option(help="Folders of photos taken on the ground")] = None,
    protocol: Annotated[bool, typer.Option("--protocol", help="The overhead model alone, by the fixed test")] = False,
) -> None:
    """Measure and print."""
    model = OverheadModel.shipped()
    if model is None:
        raise GeoclipError("This installation has no overhead model (assets/weights/overhead)", hint="install it again")
    for folder in photos or []:
        measure_photos(model, folder)
    locator = None if protocol else load_locator("embedded")
    for name in rasters or ["bmng.jpg"]:
        if locator is None:
            measure_protocol(model, find_raster(name), views)
        else:
            measure_views(locator, model, find_raster(name), views)


if __name__ == "__main__":
    try:
        typer.run(main)
    except GeoclipError as error:
        sys.exit(str(error))

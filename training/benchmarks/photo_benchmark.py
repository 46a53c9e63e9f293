"""A benchmark of photos from its folder to its report; ``training/evaluate.py im2gps3k`` and the others call it."""

from __future__ import annotations

import csv
import io
import json
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from geoclip_core.earth.coordinates import Floats
from geoclip_core.earth.points import read_points
from geoclip_core.errors import DataError
from geoclip_core.files import write_json, write_text
from geoclip_core.locate.gallery import Gallery
from geoclip_core.locate.load import load_locator
from geoclip_core.locate.locator import Locator
from geoclip_core.weights.local import find_local
from geoclip_core.weights.registry import MODELS
from training.benchmarks.photo_report import OF, as_markdown, as_picture, assemble
from training.benchmarks.photo_run import OWN, Answers, Run, answer_photos, make_galleries
from training.benchmarks.photo_sets import BENCHMARKS, PhotoSet, find_images, read_photo_set
from training.benchmarks.predictions import GROUPS, read_table

_UNRELEASED = "is not one of the released CLIP files"
_RANDOM = (
    "The weights behind this run are random, or at least not the released ones: its scores say nothing about the model."
)


@dataclass(frozen=True)
class Settings:
    """What a benchmark is run with.

    Attributes:
        models: Names of models, or folders of exported ones; each answers all photos from each gallery.
        clip: Where CLIP's weights are.
        galleries: Files of points, or ``own`` for the model's; its own alone where there are none.
        crops: 1 or 10.
        batch: Photos through the tower at a time.
        limit: Ask only this many, spread over the benchmark; 0 asks all.
        leaks: Whether to look for photos that the gallery gives away.
    """

    models: tuple[str, ...] = ("auto",)
    clip: Path | None = None
    galleries: tuple[str, ...] = ()
    crops: int = 1
    batch: int = 16
    limit: int = 0
    leaks: bool = False


def run_benchmark(name: str, folder: Path, truth: Path | None, out: Path | None, settings: Settings) -> dict[str, Any]:
    """Run a benchmark; ``results.json``, ``results.md``, ``accuracy.svg`` and ``predictions-*.csv`` are written.

    Args:
        name: One of ``photo_sets.BENCHMARKS``.
        folder: Of the images.
        truth: File with the coordinates; looked for in the folder where absent.
        out: Folder of the results; named after benchmark and model where absent.
        settings: What it is run with.

    Returns:
        What ``results.json`` holds.

    Raises:
        DataError: Coordinates or images are not there, or the results' folder holds another run.
        GeoclipError: The model cannot be loaded, or a gallery cannot be read.
    """
    if settings.crops not in (1, 10) or settings.batch < 1:
        raise DataError(
            f"{settings.crops} crops, {settings.batch} photos at a time", allowed="1 or 10 crops, 1 photo or more"
        )
    every = read_photo_set(name, folder, truth)
    photos = _limited(every, settings.limit)
    expected = max(BENCHMARKS[name].questions, len(every.images)) if photos is every else len(photos.images)
    paths = find_images(photos, folder)
    there = np.array([path is not None for path in paths])
    if not there.any():
        raise DataError(
            f"None of the {len(photos.images)} images of {BENCHMARKS[name].title} is in {folder}",
            allowed=f"names as in its table, such as {photos.images[0]}",
            hint=f"get {BENCHMARKS[name].where}",
        )
    points, authors = _read_galleries(settings.galleries)
    models = [_load(model, settings.clip) for model in settings.models]
    names = [locator.name for locator, _ in models]
    if len(set(names)) < len(names):
        raise DataError(f"Two models are called the same: {', '.join(names)}", hint="name each model once")
    place = out or Path(f"{name}-{'-'.join(Path(model).name for model in names)}-{settings.crops}-crops")
    answers: dict[str, Answers] = {}
    galleries: dict[str, Gallery] = {}
    problems: dict[str, str] = {}
    for locator, _ in models:
        run = Run(locator, make_galleries(locator, points), settings.crops, settings.batch)
        several = len(models) > 1
        found, lost = answer_photos(
            run, photos.images, paths, place / "parts" / (Path(locator.name).name if several else "")
        )
        for own, gallery in run.galleries.items():
            label = f"{locator.name}{OF}{own}" if several else own
            answers[label], galleries[label] = found[own], gallery
        problems |= lost
    weights = _weights_in_words({locator.name: words for locator, words in models})
    about = {"model": " and ".join(names), "weights": weights, "crops": settings.crops}
    result = assemble(
        photos,
        there,
        answers,
        galleries,
        problems,
        about,
        leaks=settings.leaks,
        authors={label: authors[own] for label in answers if (own := label.rpartition(OF)[2]) in authors},
        expected=expected,
    )
    for label, told in answers.items():
        write_text(place / f"predictions-{label.replace(OF, '-')}.csv", _table(photos, there, told))
    write_text(place / "accuracy.svg", as_picture(result))
    write_text(place / "results.md", as_markdown(result))
    write_json(place / "results.json", result)
    return result


def _limited(photos: PhotoSet, limit: int) -> PhotoSet:
    if not 0 < limit < len(photos.images):
        return photos
    rows = np.linspace(0, len(photos.images) - 1, limit).round().astype(int)
    return replace(
        photos,
        images=[photos.images[i] for i in rows],
        truth=photos.truth[rows],
        groups=[photos.groups[i] for i in rows] if photos.groups else None,
        scenes=[photos.scenes[i] for i in rows] if photos.scenes else None,
    )


def _load(model: str, clip: Path | None) -> tuple[Locator, str]:
    """A model, and one sentence on what its weights are."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        locator = load_locator(model, clip=clip)
    if any(_UNRELEASED in str(warning.message) for warning in caught):
        return locator, _RANDOM
    if locator.name in MODELS:
        return locator, "Released weights, checked by their digests."
    record = find_local(model)
    if not record.metrics:
        return locator, f"{_RANDOM} (The record of {record.name} holds no validation.)"
    return locator, f"Trained here: {record.summary or record.name}"


def _weights_in_words(sorts: dict[str, str]) -> str:
    """What the weights of all models are, each sentence once."""
    if len(set(sorts.values())) == 1:
        return next(iter(sorts.values()))
    return " ".join(f"{name}: {sentence}" for name, sentence in sorts.items())


def _read_galleries(files: Sequence[str]) -> tuple[dict[str, Floats], dict[str, list[str]]]:
    """Points by label, and the authors of those whose table names them."""
    points: dict[str, Floats] = {}
    authors: dict[str, list[str]] = {}
    for file in files:
        label = OWN if file == OWN else Path(file).stem
        if label in points:
            raise DataError(f"Two galleries are called {label}", hint="rename one of the files")
        points[label] = np.empty((0, 2)) if file == OWN else read_points(Path(file))
        if file != OWN and Path(file).suffix != ".npy":
            header, rows = read_table(Path(file))
            column = next((name for name in GROUPS if name in header), None)
            if column is not None:
                authors[label] = [row[column] for _, row in rows]
    return points, authors


def _table(photos: PhotoSet, there: np.ndarray, found: Answers) -> str:
    """Predictions as ``training/evaluate.py predictions`` reads them."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    header = ["image", "latitude", "longitude", "true_latitude", "true_longitude", "confidence"]
    table.writerow([*header, *(["author"] if photos.groups else [])])
    for i in np.flatnonzero(there):
        answer = ["", ""] if np.isnan(found.latlon[i]).any() else [f"{value:.6f}" for value in found.latlon[i]]
        truth = [f"{value:.6f}" for value in photos.truth[i]]
        own = [photos.groups[i]] if photos.groups else []
        table.writerow([photos.images[i], *answer, *truth, f"{found.confidence[i]:.6f}", *own])
    return out.getvalue()


def printed(result: dict[str, Any]) -> str:
    """A result as JSON."""
    return json.dumps(result, indent=2, ensure_ascii=False, allow_nan=False)

"""Questions with known answers to calibrate on: texts, photos, and views from above."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from geoclip_core.errors import PhotoError
from geoclip_core.learning.overhead.protocol import PIXELS, PROTOCOL, SEED, VIEW_COUNT
from geoclip_core.learning.overhead.raster import Raster
from geoclip_core.learning.overhead.sampling import ViewSampler
from geoclip_core.photo.decode import Photo, open_photo
from geoclip_core.photo.exif import read_exif
from geoclip_core.serve.photo_list import list_photos
from training.benchmarks.predictions import photographers, read_predictions, read_table
from training.benchmarks.texts import read_queries, read_questions

_LISTED = 5  # names of each reason that are told


@dataclass(frozen=True)
class Question:
    """A question with its answer.

    Attributes:
        photo: A picture, or None.
        text: A sentence, or None.
        truth: Degrees; None where no place is meant.
        tolerance_km: How far off is right beyond the usual; 0 where nothing is said.
        group: Whose it is; questions of one group stay together.
        name: What a report calls it.
        scene: What it shows, where that is known, such as indoor.
    """

    photo: Photo | None
    text: str | None
    truth: tuple[float, float] | None
    tolerance_km: float
    group: str
    name: str
    scene: str = ""


def text_questions(table: Path) -> list[Question]:
    """Texts of a table of names, or of queries with tolerances.

    Raises:
        GeoclipError: The table cannot be read.
    """
    queries = read_queries(table)
    if queries is None:
        texts, truth = read_questions(table)
        return [Question(None, text, point, 0.0, text, text) for text, point in zip(texts, truth, strict=True)]
    return [
        Question(
            None,
            row["query"],
            (float(row["expected_lat"]), float(row["expected_lon"])) if row["expected_lat"] else None,
            float(row["tolerance_km"] or 0),
            row["query"],
            row["query"],
        )
        for row in queries
    ]


def photo_questions(
    source: Path, passed_over: dict[str, str], photos: Path | None = None, limit: int = 0
) -> Iterator[Question]:
    """Photos with known positions, opened one at a time.

    Args:
        source: A table with the columns image, latitude and longitude, or a folder whose files state their positions.
        passed_over: Gets the names of photos that cannot be asked, with the reason.
        photos: Folder of the table's images; the table's own, or ``photos`` in it, where absent.
        limit: Ask only this many, spread over all; 0 asks all.

    Raises:
        GeoclipError: The table cannot be read, or the folder holds no photos.
    """
    if source.is_dir():
        paths = [Path(item.path) for item in list_photos(source)]
        owners, _ = photographers([], [], [path.name for path in paths])
        truths: list[tuple[float, float] | None] = [None] * len(paths)
        scenes: list[str] | None = None
    else:
        known = read_predictions(source, source)
        folder = photos or next((f for f in (source.parent / "photos", source.parent) if f.is_dir()), source.parent)
        paths = [folder / name for name in known.images]
        truths, owners = [(float(lat), float(lon)) for lat, lon in known.truth], known.groups
        scenes = known.scenes
    for i in spread_over(len(paths), limit):
        if not paths[i].is_file():
            passed_over[paths[i].name] = "not there"
            continue
        try:
            photo = open_photo(paths[i], pixels_needed=False)
        except PhotoError:
            passed_over[paths[i].name] = "no photo that can be read"
            continue
        truth = truths[i] or read_exif(photo).latlon
        if truth is None:
            passed_over[paths[i].name] = "states no position"
            continue
        name = paths[i].name
        yield Question(photo, None, truth, 0.0, owners[i] if owners else name, name, scenes[i] if scenes else "")


def spread_over(count: int, limit: int) -> list[int]:
    """Indices of some rows, spread over all; all of them where there are no more or the limit is 0."""
    if not 0 < limit < count:
        return list(range(count))
    return [int(i) for i in np.linspace(0, count - 1, limit).round()]


def view_questions(raster: Path, count: int) -> Iterator[Question]:
    """Views from above by the protocol, cut from a picture; those of one cell of 10 degrees are a group."""
    views = ViewSampler(PROTOCOL).draw(VIEW_COUNT, np.random.default_rng(SEED))[np.arange(count)]
    earth = Raster(raster)
    for i in range(count):
        rgb = earth.cut(views[np.arange(i, i + 1)], PIXELS)[0, :3].permute(1, 2, 0)
        lat, lon = views.latlon[i]
        cell = f"{int(lat // 10)} {int(lon // 10)}"
        picture = open_photo(Image.fromarray((rgb * 255).round().byte().numpy()))
        yield Question(picture, None, (float(lat), float(lon)), 0.0, cell, f"{raster.stem}, view {i}")


def is_text_table(path: Path) -> bool:
    """Whether a table holds texts and not photos."""
    header = read_table(path)[0]
    return "image" not in header or "title" in header


def told_passed_over(passed_over: dict[str, str]) -> list[str]:
    """How many questions could not be asked, and some of them, a line for each reason; none where all could."""
    lines = []
    for reason, count in Counter(passed_over.values()).most_common():
        names = [name for name, why in passed_over.items() if why == reason]
        more = ", ..." if count > _LISTED else ""
        lines.append(f"passed over, {reason}: {count} ({', '.join(names[:_LISTED])}{more})")
    return lines

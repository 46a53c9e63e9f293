"""The benchmarks' own files: which photos there are, where they were taken, and whose they are.

Coordinates are read from the official files' layouts, images from the user's folder, by name and wherever in it they
lie. Nothing is downloaded.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
from PIL import Image

from geoclip_core.earth.coordinates import Floats, check_latlon
from geoclip_core.earth.points import LATITUDE_NAMES, LONGITUDE_NAMES
from geoclip_core.errors import DataError
from geoclip_core.photo.limits import SUFFIXES
from training.benchmarks.predictions import (
    not_on_earth,
    photographers,
    point_of,
    read_table,
    refuse_repeated,
    scenes_of,
)

NAMES = ("image", "img_id", "path", "id")
"""Names of the column that names an image; the first that is there counts."""

_COMMENT = re.compile(rb"(latitude|longitude)\s*:\s*(-?\d+(?:\.\d+)?)")
_YFCC_ID, _YFCC_LON, _YFCC_LAT = 1, 12, 13  # columns of YFCC4k's info.txt, from 0


@dataclass(frozen=True)
class Benchmark:
    """A benchmark as its authors published it.

    Attributes:
        title: Its name in papers.
        questions: How many photos it has.
        files: Official names of files with the coordinates, the first that is found counts.
        where: How a person gets coordinates and images.
    """

    title: str
    questions: int
    files: tuple[str, ...]
    where: str


BENCHMARKS: Mapping[str, Benchmark] = MappingProxyType(
    {
        "im2gps": Benchmark(
            "Im2GPS",
            237,
            ("im2gps_places365.csv", "im2gps.csv", "info.json"),
            "gps_query_imgs.zip from the page of IM2GPS (graphics.cs.cmu.edu/projects/im2gps); the positions are in "
            " the JPEG comments",
        ),
        "im2gps3k": Benchmark(
            "Im2GPS3k",
            2997,
            ("im2gps3k_places365.csv", "im2gps3k.csv"),
            "im2gps3ktest.zip, linked in the README of lugiavn/revisiting-im2gps, and im2gps3k_places365.csv of "
            "TIBHannover/GeoEstimation",
        ),
        "yfcc4k": Benchmark(
            "YFCC4k",
            4536,
            ("info.txt", "yfcc4k.csv"),
            "yfcc4k.zip, linked in the README of lugiavn/revisiting-im2gps, with info.txt in it",
        ),
        "yfcc26k": Benchmark(
            "YFCC26k",
            25600,
            ("yfcc_25600_places365.csv", "yfcc26k.csv"),
            "yfcc_25600_places365.csv of TIBHannover/GeoEstimation, and its photos from Flickr by their addresses",
        ),
        "gws15k": Benchmark(
            "GWS15k",
            14955,
            ("gws15k.csv",),
            "gws15k.csv (path, lat, lon); the images are Google's: fetch them with a Street View key of your own",
        ),
        "osv5m": Benchmark(
            "OSV-5M",
            210122,
            ("test.csv", "osv5m.csv"),
            "the data set osv5m/osv5m on the Hugging Face hub: test.csv and images/test/*.zip, unpacked",
        ),
    }
)


@dataclass(frozen=True)
class PhotoSet:
    """Photos with their true positions.

    Attributes:
        name: Of the benchmark.
        images: (n,) names.
        truth: (n, 2) degrees.
        groups: (n,) photographers; None where nothing tells them.
        grouped_by: In words.
        scenes: (n,) indoor, natural or urban; None where there are no labels.
    """

    name: str
    images: list[str]
    truth: Floats
    groups: list[str] | None
    grouped_by: str
    scenes: list[str] | None


def find_truth(name: str, folder: Path) -> Path | None:
    """The file with a benchmark's coordinates in a folder or beside it: an official one, else ``photos.csv``."""
    wanted = (*BENCHMARKS[name].files, "photos.csv")
    places = (folder, folder.parent)
    return next((place / file for file in wanted for place in places if (place / file).is_file()), None)


def read_photo_set(name: str, folder: Path, truth: Path | None = None) -> PhotoSet:
    """Photos and positions of a benchmark.

    Args:
        name: One of ``BENCHMARKS``.
        folder: The user's.
        truth: File with the coordinates; looked for in the folder where absent.

    Raises:
        DataError: There is no such file, or it cannot be read; the message says where it can be had.
    """
    benchmark = BENCHMARKS[name]
    if not folder.is_dir():
        raise DataError(f"{folder} is no folder", allowed="the folder of the images", hint=benchmark.where)
    found = truth or find_truth(name, folder)
    if found is None:
        if name == "im2gps" and (commented := _from_comments(folder)) is not None:
            return commented
        raise DataError(
            f"The coordinates of {benchmark.title} are not in {folder}",
            allowed=f"{', '.join(benchmark.files)}, or --truth FILE with the columns image, latitude, longitude",
            hint=f"get {benchmark.where}",
        )
    readers: dict[str, Callable[[str, Path], PhotoSet]] = {".txt": _from_yfcc, ".json": _from_info}
    return readers.get(found.suffix, _from_table)(name, found)


def find_images(photos: PhotoSet, folder: Path) -> list[Path | None]:
    """Where each image lies in a folder, at any depth; None where it does not.

    A name may lack its suffix, and ``@`` may have become ``_``, as some programs do when they unpack.

    Raises:
        DataError: Two images of the table are one file, which would count twice.
    """
    known: dict[str, Path] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in SUFFIXES:
            known.setdefault(path.name, path)
            known.setdefault(path.stem, path)
    names = [Path(image).name for image in photos.images]
    found = [known.get(name) or known.get(name.replace("@", "_")) for name in names]
    owner: dict[Path, str] = {}
    for image, file in zip(photos.images, found, strict=True):
        if file is not None and owner.setdefault(file, image) != image:
            raise DataError(
                f"The images {owner[file]!r} and {image!r} are the same file, {file}", hint="keep one row per photo"
            )
    return found


def _from_table(name: str, path: Path) -> PhotoSet:
    header, rows = read_table(path)
    image = next((column for column in NAMES if column in header), None)
    lat = next((column for column in LATITUDE_NAMES if column in header), None)
    lon = next((column for column in LONGITUDE_NAMES if column in header), None)
    if image is None or lat is None or lon is None:
        raise DataError(
            f"{path} has the columns {', '.join(header)}",
            allowed=f"one each of {', '.join(NAMES)}; {', '.join(LATITUDE_NAMES)}; {', '.join(LONGITUDE_NAMES)}",
        )
    refuse_repeated(rows, image, path)
    points = [point_of(row, lat, lon, path, line) for line, row in rows]
    content = [row for _, row in rows]
    scenes = scenes_of(header, content)
    # Flickr's names say whose a photo is even where a table has lost them.
    full = "img_id" if "img_id" in header else image
    groups, by = photographers(header, content, [row[full] for row in content])
    return _checked(name, path, [row[image] for row in content], points, groups, by, scenes)


def _from_yfcc(name: str, path: Path) -> PhotoSet:
    images, points = [], []
    for number, line in enumerate(_text(path).splitlines(), start=1):
        cells = line.split("\t")
        try:
            points.append((float(cells[_YFCC_LAT]), float(cells[_YFCC_LON])))
            images.append(f"{cells[_YFCC_ID]}.jpg")
        except (IndexError, ValueError) as error:
            raise DataError(f"{path}, line {number}: not a row of YFCC4k's info.txt ({error})") from error
    return _checked(name, path, images, points, None, photographers([], [], images)[1], None)


def _from_info(name: str, path: Path) -> PhotoSet:
    try:
        content = json.loads(_text(path))
        rows = content.items() if isinstance(content, dict) else [(row["image"], row) for row in content]
        images = [str(image) for image, _ in rows]
        points = [(float(row["latitude"]), float(row["longitude"])) for _, row in rows]
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise DataError(f"{path} is no table of images with latitude and longitude ({error!r})") from error
    groups, by = photographers([], [], images)
    return _checked(name, path, images, points, groups, by, None)


def _from_comments(folder: Path) -> PhotoSet | None:
    """Im2GPS as it was published: positions in the JPEG comments. None where no photo has one."""
    images, points = [], []
    for path in sorted(folder.rglob("*.jpg")):
        with Image.open(path) as image:
            said = dict(_COMMENT.findall(bytes(image.info.get("comment", b""))))
        if len(said) == 2:
            images.append(path.name)
            points.append((float(said[b"latitude"]), float(said[b"longitude"])))
    if not images:
        return None
    groups, by = photographers([], [], images)
    return _checked("im2gps", folder, images, points, groups, by, None)


def _checked(
    name: str,
    path: Path,
    images: list[str],
    points: list[tuple[float, float]],
    groups: list[str] | None,
    by: str,
    scenes: list[str] | None,
) -> PhotoSet:
    if not images:
        raise DataError(f"{path} names no photos", allowed="at least one row")
    image, times = Counter(images).most_common(1)[0]
    if times > 1:
        raise DataError(f"{path} has the image {image!r} {times} times", hint="keep one row per image")
    for image, point in zip(images, points, strict=True):
        if not (-90 <= point[0] <= 90 and -180 <= point[1] <= 360):
            raise DataError(f"{path}, image {image!r}: {point[0]:g}, {point[1]:g} {not_on_earth(point)}")
    truth = check_latlon(np.array(points, np.float64), name=str(path))
    return PhotoSet(name, images, truth, groups, by, scenes)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read ({error})", allowed="a text file in UTF-8") from error

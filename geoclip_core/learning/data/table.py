"""Tables of photos and places, as people have them."""

from __future__ import annotations

import csv
import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from geoclip_core.earth.coordinates import check_latlon
from geoclip_core.earth.points import LATITUDE_NAMES, LONGITUDE_NAMES
from geoclip_core.errors import DataError
from geoclip_core.learning.data.tables.formats import read_frame
from geoclip_core.learning.data.tables.photo_files import find_photos

if TYPE_CHECKING:
    import pandas as pd

_log = logging.getLogger(__name__)

SWAPPED_SHARE = 0.02  # of latitudes beyond 90 that make a swap of columns likelier than mistakes


@dataclass(frozen=True)
class Columns:
    """Names of a table's columns; those left empty are found by the names that known tables use.

    Attributes:
        image: Path of the photo inside the folder.
        latitude: Degrees.
        longitude: Degrees.
        owner: Who took the photo.
    """

    image: str = ""
    latitude: str = ""
    longitude: str = ""
    owner: str = ""


def parse_columns(text: str) -> Columns:
    """Names of columns from a command line, such as ``image=IMG_ID,latitude=LAT``; nothing names none.

    Raises:
        DataError: A part is not of that form, or names something else.
    """
    named = {part.partition("=")[0]: part.partition("=")[2] for part in text.split(",") if part}
    parts = [field.name for field in fields(Columns)]
    if wrong := [part for part, name in named.items() if part not in parts or not name]:
        raise DataError(f"--columns does not say what {wrong[0]!r} is", allowed=f"NAME=COLUMN for {', '.join(parts)}")
    return Columns(**named)


# This repository's and the benchmarks' own (image, latitude, longitude), the reference's (IMG_FILE, LAT, LON),
# MP-16's and the Places365 tables of Im2GPS3k and YFCC (IMG_ID, LAT, LON, AUTHOR), OSV-5M's (id, latitude, longitude),
# and what ``exiftool -csv -n`` writes of a folder (SourceFile, GPSLatitude, GPSLongitude).
KNOWN_NAMES = {
    "image": (
        *("image", "img_file", "img_id", "image_path", "filename", "file_name", "file", "path", "photo", "sourcefile"),
        "id",
    ),
    "latitude": LATITUDE_NAMES,
    "longitude": LONGITUDE_NAMES,
    "owner": ("owner", "photographer", "author", "user", "creator", "creator_username"),
}


@dataclass(frozen=True)
class Skipped:
    """A row that is not used: its number in the table (from 0), its photo, and why."""

    row: int
    image: str
    reason: str


def skipped_in(records: Iterable[Mapping[str, Any]]) -> list[Skipped]:
    """The rows that the records of a manifest's parts list as skipped."""
    return [Skipped(**item) for record in records for item in record["skipped"]]


@dataclass(frozen=True)
class PairTable:
    """The good rows of a table.

    Attributes:
        images: (n,) paths inside the folder where they were found, names as the table has them otherwise, or empty.
        latlon: (n, 2) float32 degrees.
        owners: (n,) numbers that tell photographers apart, or None.
        rows: (n,) numbers in the table, from 0.
        skipped: The rows that were left out.
    """

    images: npt.NDArray[np.str_]
    latlon: npt.NDArray[np.float32]
    owners: npt.NDArray[np.int64] | None
    rows: npt.NDArray[np.int64]
    skipped: tuple[Skipped, ...]


def read_table(
    path: str | Path, columns: Columns | None = None, *, folder: str | Path | None = None, images: bool = True
) -> PairTable:
    """Read a table of photos and places.

    Args:
        path: A kind of file that :func:`read_frame` reads.
        columns: Names of the columns, where they are not known ones.
        folder: Where the photos are, see :func:`find_photos`; given, rows whose photo is not there are skipped.
        images: Whether the table names photos; a gallery does not.

    Returns:
        The rows that can be used, and which could not be and why.

    Raises:
        DataError: The file is missing, empty or of another kind, a column is missing, the coordinates look
            swapped, or no row can be used.
    """
    file = Path(path).expanduser()
    frame = read_frame(file)
    names = _find_columns(list(frame.columns), columns or Columns(), images=images, file=file)
    if not len(frame):
        raise DataError(f"{file} has columns but no rows")
    import pandas as pd

    lat, lon = (_degrees(frame[names[part]]) for part in ("latitude", "longitude"))
    _check_swapped(file, lat, lon)
    photos = frame[names["image"]].astype("string").fillna("").to_numpy(str) if images else np.full(len(lat), "")
    reasons, looked = np.full(len(lat), "", dtype=object), ""
    reasons[~((np.abs(lat) <= 90) & (lon >= -180) & (lon <= 360))] = "no point on Earth"
    reasons[np.isnan(lat) | np.isnan(lon)] = "latitude or longitude is missing or no number"
    if images:
        reasons[photos == ""] = "no photo is named"
        if folder is not None:
            named = np.flatnonzero(reasons == "")
            others = frame["hash"].to_numpy(str)[named] if "hash" in frame else None  # YFCC100M's
            there = find_photos(photos[named], Path(folder).expanduser(), others)
            photos = photos.astype(object)
            photos[named] = there.paths
            reasons[named[~there.found]] = "there is no such file"
            reasons[named[there.several]] = "several files could be meant"
            looked = there.looked if not there.found.all() else ""
    good = np.flatnonzero(reasons == "")
    skipped = tuple(Skipped(int(i), str(photos[i]), str(reasons[i])) for i in np.flatnonzero(reasons != ""))
    if not len(good):
        raise DataError(
            f"None of the {len(frame)} rows of {file} can be used: {count_reasons(skipped)}"
            + (f"; the first photo was {looked}" if looked else ""),
            hint=f"check the columns ({', '.join(names.values())})" + (f" and the folder {folder}" if folder else ""),
        )
    if looked:
        _log.warning("Some photos of %s were not found; the first was %s", file, looked)
    latlon = np.stack([lat, np.where(lon >= 180, lon - 360, lon)], axis=1)[good].astype(np.float32)
    latlon[latlon[:, 1] >= 180, 1] = -180
    owners = None
    if "owner" in names:  # numbers that do not depend on the rest of the table, and name nobody
        named = frame[names["owner"]].astype("string").fillna("").to_numpy(object)[good]
        unknown = [f"\0{row}" for row in good.tolist()]  # a photo of an unknown photographer stands for itself
        owners = pd.util.hash_array(np.where(named == "", np.array(unknown, dtype=object), named))
        owners = (owners >> np.uint64(1)).astype(np.int64)
    return PairTable(photos[good].astype(str), latlon, owners, good.astype(np.int64), skipped)


def read_gallery(path: str | Path) -> npt.NDArray[np.float64]:
    """Points of a gallery, each once; rows of a table that hold no point are left out.

    Args:
        path: ``.npy`` of shape (g, 2) in degrees, or a table as for :func:`read_table`.

    Returns:
        (k, 2) float64 degrees, sorted.

    Raises:
        DataError: The file is not there or holds no points.
        CoordinateError: The array holds something else than points on Earth.
    """
    file = Path(path).expanduser()
    if not file.is_file():
        raise DataError(f"There is no gallery {path}", hint="check the path")
    if file.suffix == ".npy":
        return np.unique(check_latlon(np.load(file, allow_pickle=False), name=f"gallery {file.name}"), axis=0)
    return np.unique(read_table(file, images=False).latlon.astype(np.float64), axis=0)


def count_reasons(skipped: Iterable[Skipped]) -> str:
    """How many rows were skipped for which reason, the most frequent first, in words."""
    counts = Counter(item.reason for item in skipped)
    return "; ".join(f"{count} rows: {reason}" for reason, count in counts.most_common())


def listed_rows(path: Path) -> set[int]:
    """The rows that a report lists."""
    if not path.exists():
        return set()
    with path.open(newline="", encoding="utf-8") as stream:
        return {int(line[0]) for line in csv.reader(stream) if line[0].isdigit()}


def write_report(path: Path, skipped: Sequence[Skipped], listed: set[int] | None = None) -> None:
    """List skipped rows in a CSV file (row, image, reason), after those already there, each row once.

    Args:
        path: The file; made where it is not there.
        skipped: What to list.
        listed: Rows that are listed already; those that are written are added. Left out, the file is read for them.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    listed = listed_rows(path) if listed is None else listed
    with path.open("a", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        if not stream.tell():
            writer.writerow(("row", "image", "reason"))
        for item in skipped:
            if item.row not in listed:
                writer.writerow((item.row, item.image, item.reason))
                listed.add(item.row)


def _find_columns(have: list[str], asked: Columns, *, images: bool, file: Path) -> dict[str, str]:
    lower = {str(name).strip().lower(): str(name) for name in have}
    found: dict[str, str] = {}
    for part, known in KNOWN_NAMES.items():
        name = getattr(asked, part)
        if name and name not in have:
            raise DataError(f"{file} has no column {name!r}", allowed=f"one of its columns: {', '.join(have)}")
        match = name or next((lower[k] for k in known if k in lower), "")
        if match:
            found[part] = match
        elif part in ("latitude", "longitude") or (part == "image" and images):
            raise DataError(
                f"{file} has no column for the {part}; its columns are {', '.join(have)}",
                allowed=f"{', '.join(known)}, in any case",
                hint=f"name it: columns.{part} in a configuration, --columns {part}=NAME on a command line",
            )
    return found


def _degrees(column: pd.Series[Any]) -> npt.NDArray[np.float64]:
    """Numbers of a column, NaN where there is none; 48,85 is how much of Europe writes 48.85."""
    import pandas as pd

    numbers: npt.NDArray[np.float64] = pd.to_numeric(column, errors="coerce").to_numpy(np.float64, copy=True)
    rest = np.isnan(numbers)
    if rest.any():
        texts = column[rest].astype("string").str.replace(r"^(\s*[-+]?\d+),(\d+\s*)$", r"\1.\2", regex=True)
        numbers[rest] = pd.to_numeric(texts, errors="coerce").to_numpy(np.float64, na_value=np.nan)
    return numbers


def _check_swapped(file: Path, lat: npt.NDArray[np.float64], lon: npt.NDArray[np.float64]) -> None:
    finite = np.isfinite(lat) & np.isfinite(lon)
    lat, lon = lat[finite], lon[finite]
    beyond = (np.abs(lat) > 90) & (np.abs(lat) <= 180)
    if len(lat) and beyond.mean() > SWAPPED_SHARE and (np.abs(lon) <= 90).mean() > 1 - SWAPPED_SHARE:
        raise DataError(
            f"{beyond.sum()} of {len(lat)} latitudes of {file} are beyond 90 degrees and the longitudes are not: the "
            "columns look swapped",
            hint="name them the other way round: columns.latitude and columns.longitude, or --columns latitude=...",
        )

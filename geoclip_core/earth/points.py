"""Tables of points: a CSV file with a column for latitude and one for longitude, or an array of them."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from geoclip_core.earth.coordinates import Floats, check_latlon
from geoclip_core.errors import CoordinateError, GeoclipError

LATITUDE_NAMES = ("latitude", "lat", "gpslatitude")
LONGITUDE_NAMES = ("longitude", "lon", "lng", "long", "gpslongitude")


def latlon_columns(header: Iterable[str], path: Path) -> tuple[str, str]:
    """The columns of latitude and longitude, by the names that people give them, in upper or lower case.

    Args:
        header: Names of all columns.
        path: The table, for the message.

    Raises:
        GeoclipError: One of the two is not there.
    """
    names = {name.strip().lower(): name for name in header if name}
    lat = next((names[known] for known in LATITUDE_NAMES if known in names), None)
    lon = next((names[known] for known in LONGITUDE_NAMES if known in names), None)
    if lat is None or lon is None:
        missing = [what for what, found in (("latitude", lat), ("longitude", lon)) if found is None]
        raise GeoclipError(
            f"{path} has no column {', '.join(missing)}; its columns are {', '.join(names) or '(none)'}",
            allowed="latitude and longitude, or lat and lon",
        )
    return lat, lon


def read_rows(path: Path) -> tuple[list[dict[str, str]], Floats]:
    """Rows of a CSV file and their points.

    Args:
        path: UTF-8, with a header; see :func:`latlon_columns`.

    Returns:
        The n rows as text by column, and (n, 2) float64 degrees.

    Raises:
        GeoclipError: The file cannot be read, has no rows, or no such columns.
        CoordinateError: A row that is no point on Earth.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            table = csv.DictReader(stream)
            lat, lon = latlon_columns(table.fieldnames or (), path)
            rows, points = [], []
            for row in table:
                try:
                    points.append((float(row[lat]), float(row[lon])))
                except (TypeError, ValueError) as error:
                    where = f"{path}, line {table.line_num}"
                    raise CoordinateError(f"{where}: {row[lat]!r}, {row[lon]!r} are not numbers") from error
                rows.append(row)
    except (UnicodeDecodeError, csv.Error) as error:
        raise GeoclipError(f"{path} cannot be read as CSV ({error})", hint="save it as CSV in UTF-8") from error
    except OSError as error:
        raise GeoclipError(f"{path} cannot be read ({error.strerror or error})", hint="check the path") from error
    if not rows:
        raise GeoclipError(f"{path} has no rows", allowed="a header and at least one point")
    return rows, check_latlon(np.array(points), name=str(path))


def read_points(path: Path) -> Floats:
    """Points of a file: a CSV file as in :func:`read_rows`, or a ``.npy`` array of shape (n, 2) in degrees.

    Returns:
        (n, 2) float64 degrees, in the order of the file.

    Raises:
        GeoclipError: The file cannot be read, has no rows, or no such columns.
        CoordinateError: A row that is no point on Earth.
    """
    if path.suffix != ".npy":
        return read_rows(path)[1]
    try:
        array = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise GeoclipError(f"{path} cannot be read as an array ({error})", hint="check the path") from error
    return check_latlon(array, name=path.name)

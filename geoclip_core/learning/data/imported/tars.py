"""An index of WebDataset shards that other programs made: where each photo lies in which tar, and its position.

A photo and a JSON file of one name belong together, as img2dataset writes them; where a name has several parts, as in
``7.image.jpg`` and ``7.json``, its first part counts. See :func:`position` for what is looked for in the JSON file.
"""

from __future__ import annotations

import json
import math
import tarfile
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import numpy.typing as npt

from geoclip_core.errors import DataError
from geoclip_core.files import cached_arrays, digest
from geoclip_core.learning.data.table import KNOWN_NAMES, Skipped
from geoclip_core.learning.data.tables.photo_files import SUFFIXES

ENTRY = np.dtype([("part", "<i8"), ("offset", "<i8"), ("size", "<i8"), ("latlon", "<f4", 2), ("key", "<U64")])
_SKIPPED = np.dtype([("row", "<i8"), ("key", "<U128"), ("reason", "<U64")])
_NO_POSITION = "its JSON file holds no latitude and longitude"
_NO_JSON = "there is no JSON file of its name"
_NO_PLACE = "no point on Earth"


def shard_files(folder: Path) -> list[Path]:
    """The tars of a folder, by name; those of the folders below where it has none."""
    return sorted(folder.glob("*.tar")) or sorted(folder.rglob("*.tar"))


def index_shards(folder: Path) -> tuple[npt.NDArray[np.void], tuple[Skipped, ...], str]:
    """Where each photo with a position lies; made once and kept in the cache.

    Args:
        folder: With ``*.tar``, not compressed, in it or in folders below.

    Returns:
        (n,) of :data:`ENTRY`; the photos that cannot be used; and a digest of the shards.

    Raises:
        DataError: There is no tar, one cannot be read, or no photo has a position.
    """
    files = shard_files(folder)
    if not files:
        raise DataError(f"{folder} holds no shards", allowed="*.tar with photos and JSON files of the same names")
    marks = [f"{file.relative_to(folder).as_posix()} {file.stat().st_size} {file.stat().st_mtime_ns}" for file in files]
    found = cached_arrays("shards", digest(str(folder.resolve()), *marks), lambda: _build(files))
    skipped = tuple(Skipped(int(row), str(key), str(reason)) for row, key, reason in found["skipped"].tolist())
    if not len(found["index"]):
        reason = skipped[0].reason if skipped else "they hold no photos"
        raise DataError(
            f"None of the {len(skipped)} photos of {folder} can be used: {reason}",
            allowed=f"{' or '.join(KNOWN_NAMES['latitude'])} and {' or '.join(KNOWN_NAMES['longitude'])} in the JSON "
            "file beside each photo",
        )
    index = np.array(found["index"])
    return index, skipped, digest(index.tobytes(), *(mark.rpartition(" ")[0] for mark in marks))


def position(about: Any) -> tuple[float, float] | None:
    """Latitude and longitude that a photo's JSON holds, in degrees; None where it holds none.

    Found are, at the top or below it: the two under the names that tables have for them; ``latlon`` as a list of both;
    a point of GeoJSON; and what img2dataset writes of a file's EXIF, a JSON text of degrees, minutes and seconds.
    """
    if isinstance(about, str) and about.lstrip().startswith("{"):
        about = _parsed(about)
    if not isinstance(about, Mapping):
        return None
    named = {str(name).strip().lower(): value for name, value in about.items()}
    pair = [next((named[k] for k in KNOWN_NAMES[part] if k in named), None) for part in ("latitude", "longitude")]
    if isinstance(named.get("latlon"), list):
        pair = named["latlon"]
    elif named.get("type") == "Point" and isinstance(named.get("coordinates"), list):
        pair = named["coordinates"][1::-1]
    elif "gps gpslatitude" in named:
        pair = [_from_sexagesimal(named, f"gps gps{part}") for part in ("latitude", "longitude")]
    try:
        lat, lon = (float(str(number).replace(",", ".")) for number in pair)
        return lat, lon
    except ValueError:
        return next((found for value in about.values() if (found := position(value)) is not None), None)


def _from_sexagesimal(named: Mapping[str, Any], name: str) -> float | None:
    """Degrees of ``[48, 51, 1487/50]`` and its reference, N, S, E or W."""
    try:
        parts = [float(Fraction(part.strip())) for part in str(named[name]).strip("[] ").split(",")]
    except (KeyError, ValueError, ZeroDivisionError):
        return None
    degrees = math.fsum(part / 60.0**power for power, part in enumerate(parts))
    return -degrees if str(named.get(f"{name}ref")).strip().upper() in ("S", "W") else degrees


def _build(files: list[Path]) -> dict[str, npt.NDArray[Any]]:
    entries: list[tuple[Any, ...]] = []
    skipped: list[tuple[int, str, str]] = []
    row = 0
    for part, file in enumerate(files):
        for key, photo, about in _photos(file):
            place = None if about is None else position(about)
            reason = _NO_JSON if about is None else _NO_POSITION if place is None else ""
            if place is not None and not (abs(place[0]) <= 90 and -180 <= place[1] <= 360):
                reason = _NO_PLACE
            if reason or place is None:
                skipped.append((row, f"{file.name}/{key}", reason))
            else:
                lat, lon = place
                wrapped = lon - 360 if lon >= 180 else lon
                entries.append((part, photo.offset_data, photo.size, (lat, wrapped), key))
            row += 1
    return {"index": np.array(entries, dtype=ENTRY), "skipped": np.array(skipped, dtype=_SKIPPED)}


def _photos(file: Path) -> Iterator[tuple[str, tarfile.TarInfo, Any]]:
    """Name, entry and JSON of each photo of a tar, in order; the JSON is None where there is none."""
    photos: list[tuple[str, str, tarfile.TarInfo]] = []
    named: dict[str, Any] = {}
    try:
        with tarfile.open(file, "r:") as tar:
            for member in tar:
                if not member.isfile():
                    continue
                path = PurePosixPath(member.name)
                whole, first = path.with_suffix(""), path.with_name(path.name.partition(".")[0] or path.name)
                if path.suffix.lower() in SUFFIXES:
                    photos.append((str(whole), str(first), member))
                elif path.suffix.lower() == ".json":
                    stream = tar.extractfile(member)
                    assert stream is not None
                    about = _parsed(stream.read())
                    named[str(whole)] = about
                    named.setdefault(str(first), about)
    except (tarfile.TarError, OSError) as error:
        raise DataError(f"{file} cannot be read ({error})", allowed="tars that are whole and not compressed") from error
    for key, other, member in photos:
        yield key, member, named.get(key, named.get(other))


def _parsed(content: bytes | str) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return None

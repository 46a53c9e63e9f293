"""An album as one file: answers and small thumbnails, never the photos.

The file is a zip of ``album.json`` and ``thumbnails/NUMBER.jpg``. Where photos lay on this machine is not written.
"""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from geoclip_core.album.album import MOST_PHOTOS, Album
from geoclip_core.album.entry import AlbumPlace, Entry, FileClaim, Pin, Point, TimePlace
from geoclip_core.earth.coordinates import check_latlon
from geoclip_core.errors import DataError, GeoclipError
from geoclip_core.files import atomic, printable

SUFFIX = ".geoalbum"
_FORMAT = 1
_JSON = "album.json"
_MOST_JSON = 200 << 20
_MOST_THUMBNAIL = 1 << 18
_STATUSES = ("answered", "no_evidence", "failed")


def album_bytes(album: Album) -> bytes:
    """The file's bytes; the same album gives the same bytes."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        plain = {"format": _FORMAT, "entries": [_plain(entry) for entry in album.entries]}
        _put(file, _JSON, json.dumps(plain, ensure_ascii=False).encode(), zipfile.ZIP_DEFLATED)
        for entry in album.entries:
            if entry.thumbnail is not None:
                _put(file, f"thumbnails/{entry.number}.jpg", entry.thumbnail, zipfile.ZIP_STORED)
    return stream.getvalue()


def read_album(data: bytes) -> Album:
    """An album from a file's bytes; nothing in it is trusted.

    Raises:
        DataError: It is no album, damaged, of a later version, or larger than an album can be.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            plain = json.loads(_read(file, _JSON, _MOST_JSON))
            version = plain["format"]
            if version != _FORMAT:
                raise DataError(f"The album has format {version}", allowed=str(_FORMAT), hint="use a newer version")
            if len(plain["entries"]) > MOST_PHOTOS:
                raise DataError(f"The album holds {len(plain['entries'])} photos", allowed=f"at most {MOST_PHOTOS}")
            names = set(file.namelist())
            entries = []
            for number, made in enumerate(plain["entries"]):
                small = f"thumbnails/{number}.jpg"
                picture = _read(file, small, _MOST_THUMBNAIL) if small in names else None
                if picture is not None and picture[:3] != b"\xff\xd8\xff":
                    picture = None
                entries.append(replace(_entry(made), number=number, thumbnail=picture))
    except DataError:
        raise
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, AttributeError, EOFError, OSError) as error:
        raise DataError(
            f"The file is no album that can be read ({type(error).__name__})", allowed=f"a {SUFFIX} file saved here"
        ) from error
    return Album(entries)


def save_album(album: Album, path: Path) -> None:
    """Write an album to a file, whole or not at all.

    Raises:
        GeoclipError: The file cannot be written.
    """
    try:
        with atomic(path) as part:
            part.write_bytes(album_bytes(album))
    except OSError as error:
        raise GeoclipError(f"{printable(path)} cannot be written ({error})", hint="choose another path") from error


def open_album(path: Path) -> Album:
    """Read an album from a file.

    Raises:
        DataError: As :func:`read_album`, or the file cannot be read.
    """
    try:
        return read_album(path.read_bytes())
    except OSError as error:
        raise DataError(f"{printable(path)} cannot be read ({error})", hint="check the path") from error


def _put(file: zipfile.ZipFile, name: str, data: bytes, compression: int) -> None:
    about = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))  # a time would make equal albums differ
    about.compress_type = compression
    file.writestr(about, data)


def _read(file: zipfile.ZipFile, name: str, most: int) -> bytes:
    with file.open(name) as stream:
        data = stream.read(most + 1)  # what a zip says of its sizes is not trusted
    if len(data) > most:
        raise DataError(f"{name} in the album has more than {most >> 10} KiB", allowed=f"a {SUFFIX} file saved here")
    return data


def _plain(entry: Entry) -> dict[str, Any]:
    plain = asdict(entry)
    for name in ("thumbnail", "path", "number", "key"):
        del plain[name]
    plain["taken_at"] = entry.taken_at.isoformat() if entry.taken_at else None
    return plain


def _entry(plain: dict[str, Any]) -> Entry:
    if plain["status"] not in _STATUSES:
        raise ValueError("status")
    claim, pin, by_time, taken = plain["file_claim"], plain["pin"], plain["by_time"], plain["taken_at"]
    return Entry(
        0,
        str(plain["name"]),
        plain["status"],
        tuple(
            AlbumPlace(
                _point(p["latlon"]),
                float(p["probability"]),
                float(p["radius_km"]),
                str(p["name"]),
                str(p["country_code"]),
            )
            for p in plain["places"]
        ),
        str(plain["model"]),
        tuple(map(str, plain["evidence"])),
        tuple(map(str, plain["warnings"])),
        str(plain["problem"]),
        datetime.fromisoformat(taken) if taken is not None else None,
        str(plain["camera"]),
        {str(what): str(value) for what, value in plain["file_words"].items()},
        FileClaim(
            _point(claim["latlon"]),
            _number(claim["distance_km"]),
            _number(claim["level"]),
            None if claim["contradicted"] is None else bool(claim["contradicted"]),
            str(claim["sentence"]),
        )
        if claim is not None
        else None,
        Pin(_point(pin["latlon"]), bool(pin["moved"])) if pin is not None else None,
        TimePlace(_point(by_time["latlon"]), float(by_time["spread_km"]), str(by_time["sentence"]))
        if by_time is not None
        else None,
    )


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _point(value: Any) -> Point:
    lat, lon = check_latlon(value).reshape(2)
    return float(lat), float(lon)

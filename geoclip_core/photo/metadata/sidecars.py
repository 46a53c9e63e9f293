"""Files beside a photo that speak of it: ``.xmp`` of photo editors, ``.json`` of Google Takeout."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from geoclip_core.files import printable
from geoclip_core.photo.claims import Claim, Said, finite, words
from geoclip_core.photo.metadata.exif_block import altitude, caption
from geoclip_core.photo.metadata.positions import position
from geoclip_core.photo.metadata.xmp import read_packet

_MOST_BYTES = 1 << 20
_TAKEOUT_LENGTH = 46  # letters of a name that Takeout keeps before ".json"
_TAKEOUT_KEYS = {"photoTakenTime", "geoData", "geoDataExif"}


def find_sidecars(photo: Path) -> list[tuple[str, bytes]]:
    """Names and contents of the files that speak of a photo, in the order in which they are looked for."""
    found: list[tuple[str, bytes]] = []
    for name in dict.fromkeys(_names(photo)):
        path = photo.with_name(name)
        try:
            if path != photo and path.is_file() and path.stat().st_size <= _MOST_BYTES:
                found.append((printable(name), path.read_bytes()))
        except (OSError, ValueError):
            continue
    return found


def _names(photo: Path) -> Iterator[str]:
    for suffix in (".xmp", ".XMP"):
        yield photo.name + suffix
        yield photo.stem + suffix
    # "a(1).jpg" belongs to "a.jpg(1).json", and "a-edited.jpg" to "a.jpg.json".
    stem, number = photo.stem, ""
    if stem.endswith(")") and "(" in stem:
        stem, _, number = stem.rpartition("(")
        number = f"({number}"
    for base in dict.fromkeys((photo.name, f"{stem}{photo.suffix}", f"{stem.removesuffix('-edited')}{photo.suffix}")):
        tail = number if base != photo.name else ""
        yield f"{base[:_TAKEOUT_LENGTH]}{tail}.json"
        yield f"{f'{base}.supplemental-metadata'[:_TAKEOUT_LENGTH]}{tail}.json"
    yield f"{photo.stem[:_TAKEOUT_LENGTH]}.json"


def read_sidecar(name: str, content: bytes) -> Said:
    """All claims of a file beside the photo; none where it turns out to be about something else."""
    source = f"the file {name}"
    if name.lower().endswith(".xmp"):
        return read_packet(content, source)
    try:
        data = json.loads(content)
    except (ValueError, RecursionError):
        return Said()
    if not isinstance(data, dict) or not _TAKEOUT_KEYS & data.keys():
        return Said()
    made: list[Claim | str | None] = []
    for key in ("geoData", "geoDataExif"):
        point = data.get(key)
        if isinstance(point, dict):
            made += _position(point, source)
    made += [_taken(data.get("photoTakenTime"), source), caption(words(data.get("description")), source)]
    return Said(tuple(claim for claim in made if isinstance(claim, Claim)))


def _position(point: dict[str, Any], source: str) -> list[Claim | str | None]:
    lat, lon = finite(point.get("latitude")), finite(point.get("longitude"))
    if not lat and not lon:  # zeros stand for none here
        return []
    height = altitude(point.get("altitude") or None, None, source)
    return [position("position", source, [lat], [lon], signed=True), height]


def _taken(value: object, source: str) -> Claim | None:
    seconds = finite(value.get("timestamp")) if isinstance(value, dict) else None
    if not seconds:
        return None
    try:
        return Claim("taken", datetime.fromtimestamp(seconds, UTC), source)
    except (OverflowError, OSError, ValueError):
        return None

"""What a photo's file says of itself: position, time, camera, and how far that can be believed.

Every statement in the file is a claim (``claims.py``), which can be edited, copied from another photo, or come from a
phone without a fix. It is therefore evidence of its own, always shown apart from what the pixels say.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from weakref import WeakKeyDictionary

from geoclip_core.photo.claims import Claim, Point, Said, What
from geoclip_core.photo.decode import Photo
from geoclip_core.photo.metadata.contradictions import contradictions
from geoclip_core.photo.metadata.exif_block import MAGNETIC
from geoclip_core.photo.metadata.positions import reconcile
from geoclip_core.photo.metadata.read import read_blocks

_RECORDS: WeakKeyDictionary[Photo, ExifRecord] = WeakKeyDictionary()  # several places ask for that of one photo

_TIMES: tuple[What, ...] = ("taken", "digitized", "gps time")


@dataclass(frozen=True)
class ExifRecord:
    """The claims of a photo's file, summed up.

    Attributes:
        latlon: Latitude and longitude in degrees, or None where there is no usable position. Where the file gives
            several, the first: EXIF before XMP before other files; see ``positions``.
        altitude_m: Metres above sea level, negative below.
        heading_deg: Direction the camera looked, degrees clockwise from north, in [0, 360).
        heading_from: ``"true"`` or ``"magnetic"`` north; "" without a heading.
        error_m: Horizontal positioning error in metres: what the device states, or what whole degrees or minutes leave
            open, whichever is larger; more where the device says that its measurement was void.
        taken_at: When the photo was taken: what the file calls the original time, else the time of digitizing, else
            that of the satellites (UTC). Local time, without zone unless the file states one.
        taken_by: Which of them it is: ``"taken"``, ``"digitized"`` or ``"gps time"``; "" without a time.
        changed_at: When the file was last changed, which is no time of taking.
        camera: Maker and model.
        place: Where it was taken, as words in the file: a city, a region, a country.
        caption: What somebody wrote about the photo.
        projection: Of a panorama, such as ``"equirectangular"``.
        problems: Plain sentences: what speaks against the claims, and what was there but could not be used.
        warnings: Those of them that make the position doubtful.
        positions: One claim for each distinct place that the file gives.
        claims: All claims.
    """

    latlon: Point | None = None
    altitude_m: float | None = None
    heading_deg: float | None = None
    error_m: float | None = None
    taken_at: datetime | None = None
    camera: str | None = None
    problems: tuple[str, ...] = ()
    heading_from: str = ""
    taken_by: str = ""
    changed_at: datetime | None = None
    place: str | None = None
    caption: str | None = None
    projection: str | None = None
    warnings: tuple[str, ...] = ()
    positions: tuple[Claim, ...] = field(default=(), compare=False)
    claims: tuple[Claim, ...] = field(default=(), compare=False)


def read_exif(photo: Photo) -> ExifRecord:
    """Read what a photo's file says of itself, in all its blocks.

    Args:
        photo: A decoded photo.

    Returns:
        A record; fields that are absent or unusable are None, with the reason in ``problems`` where
        something was written but makes no sense (zero denominators, out of range, exactly 0, 0).
    """
    if photo not in _RECORDS:
        _RECORDS[photo] = summed_up(read_blocks(photo.blocks))
    return _RECORDS[photo]


def summed_up(said: Iterable[Said]) -> ExifRecord:
    """One record from what every block says; of one thing said twice, the earlier block counts."""
    blocks = list(said)
    claims = tuple(claim for block in blocks for claim in block.claims)
    positions = reconcile([c for c in claims if c.what == "position"])
    positions = positions or reconcile([c for c in claims if c.what == "shown position"])
    conflicts = contradictions(positions, claims)
    unusable = [problem for block in blocks for problem in block.problems]
    doubts = [doubt for claim in positions for doubt in claim.doubts]
    heading, when = _first(claims, "heading"), _taken(claims)
    others = [doubt for claim in (heading, when, _first(claims, "altitude")) if claim for doubt in claim.doubts]
    if when is not None and when.what == "digitized":
        others.append("The file gives no original time; the time of digitizing was taken.")
    error_km = positions[0].error_km if positions else None
    return ExifRecord(
        latlon=positions[0].points[0] if positions else None,
        altitude_m=_number(_first(claims, "altitude")),
        heading_deg=_number(heading),
        error_m=None if error_km is None else error_km * 1000,
        taken_at=_moment(when),
        camera=_text(_first(claims, "camera")),
        problems=tuple(dict.fromkeys([*unusable, *doubts, *conflicts, *others])),
        heading_from="" if heading is None else "magnetic" if MAGNETIC in heading.doubts else "true",
        taken_by="" if when is None else when.what,
        changed_at=_moment(_first(claims, "changed")),
        place=_text(_first(claims, "place") or _first(claims, "shown place")),
        caption=_text(_first(claims, "caption")),
        projection=_text(_first(claims, "projection")),
        warnings=tuple(dict.fromkeys([*doubts, *conflicts])),
        positions=positions,
        claims=claims,
    )


def _first(claims: Iterable[Claim], what: What) -> Claim | None:
    return next((claim for claim in claims if claim.what == what), None)


def _taken(claims: Iterable[Claim]) -> Claim | None:
    return next((found for what in _TIMES if (found := _first(claims, what)) is not None), None)


def _number(claim: Claim | None) -> float | None:
    return claim.value if claim is not None and isinstance(claim.value, float) else None


def _text(claim: Claim | None) -> str | None:
    return claim.value if claim is not None and isinstance(claim.value, str) else None


def _moment(claim: Claim | None) -> datetime | None:
    return claim.value if claim is not None and isinstance(claim.value, datetime) else None

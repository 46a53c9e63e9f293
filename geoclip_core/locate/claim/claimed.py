"""From a claim, in words, in coordinates or in a photo's own file, to the part of the Earth that it means."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geoclip_core.earth.coordinates import Floats, check_latlon
from geoclip_core.earth.countries import countries
from geoclip_core.earth.disk import Disk
from geoclip_core.earth.distance import great_circle_km
from geoclip_core.earth.regions import CountryRegion, Region
from geoclip_core.errors import QueryError
from geoclip_core.locate.wording import degrees
from geoclip_core.photo.exif import ExifRecord
from geoclip_core.photo.metadata.positions import USUAL_ERROR_KM
from geoclip_core.text.reader import shared_reader

FROM_FILE = "the photo's own file"
LEAST_SHARE = 0.25
"""A meaning of the words that is believed less than this, relative to the likeliest one, is not what is claimed."""

ClaimLike = str | tuple[float, float] | None
"""Words or coordinates as text, (latitude, longitude) in degrees, or None for what the photo's own file says."""


@dataclass(frozen=True)
class ClaimedPlace:
    """Where a claim says that a photo was taken.

    Attributes:
        words: The claim as a person would say it.
        source: Who claims it: "the person who asks", or :data:`FROM_FILE`.
        disks: What it means; where the words may mean several places, each of them.
        region: The exact outline, where a country is claimed.
    """

    words: str
    source: str
    disks: tuple[Disk, ...]
    region: Region | None = None

    @property
    def latlon(self) -> tuple[float, float]:
        """The middle of the likeliest meaning, degrees."""
        return max(self.disks, key=lambda disk: disk.weight).latlon

    def holds(self, latlon: Floats, within_km: float) -> npt.NDArray[np.bool_]:
        """Which points lie in the claimed place, or at most so far from its middle."""
        inside = np.zeros(len(latlon), bool)
        if self.region is not None:
            inside |= self.region.contains(latlon)
        else:
            for disk in self.disks:
                inside |= great_circle_km(disk.latlon, latlon) <= max(disk.radius_km, within_km)
        return inside


def read_claim(claim: ClaimLike, record: ExifRecord) -> ClaimedPlace:
    """Understand a claim.

    Args:
        claim: See :data:`ClaimLike`.
        record: What the photo's file says of itself.

    Raises:
        QueryError: The words are no known place, or the file claims none.
        CoordinateError: Not a point on Earth.
    """
    if claim is None:
        return _in_file(record)
    if isinstance(claim, str):
        return _in_words(claim, "the person who asks")
    lat, lon = check_latlon(claim, name="claim").reshape(2)
    point = (float(lat), float(lon))
    return ClaimedPlace(degrees(point), "the person who asks", (Disk("", point, USUAL_ERROR_KM, 1.0),))


def _in_file(record: ExifRecord) -> ClaimedPlace:
    if record.positions:
        points = [(point, claim.error_km or USUAL_ERROR_KM) for claim in record.positions for point in claim.points]
        disks = tuple(Disk("", point, error_km, 1 / len(points)) for point, error_km in points)
        return ClaimedPlace(" or ".join(degrees(point) for point, _ in points), FROM_FILE, disks)
    if record.place:
        return _in_words(record.place, FROM_FILE)
    raise QueryError(
        "The photo's file does not say where it was taken", hint="name the claimed place, such as --claim Kyiv"
    )


def _in_words(text: str, source: str) -> ClaimedPlace:
    reading = shared_reader().read(text)
    if not reading.recognised:
        raise QueryError(
            f"The claimed place “{reading.text[:80]}” was not recognised", hint="name a place, or give its coordinates"
        )
    best = reading.alternatives[0]
    if best.place.kind == "country" and best.place.country_code in countries() and best.weight > 0.5:
        code = best.place.country_code
        middle = tuple(Disk(d.name, d.latlon, d.extent_km, d.weight) for d in reading.disks() if d.country_code == code)
        return ClaimedPlace(best.place.name, source, middle[:1], CountryRegion((code,)))
    heaviest = max(disk.weight for disk in reading.disks())
    disks = tuple(
        Disk(disk.name, disk.latlon, disk.extent_km, disk.weight)
        for disk in reading.disks()
        if disk.weight >= LEAST_SHARE * heaviest
    )
    return ClaimedPlace(" or ".join(dict.fromkeys(disk.name for disk in disks)), source, disks)

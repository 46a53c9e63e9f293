"""The place that a photo's file names in words: its city and country, or what somebody wrote under it."""

from __future__ import annotations

from dataclasses import replace

from geoclip_core.earth.disk import Disk
from geoclip_core.errors import QueryError
from geoclip_core.evidence.network import Network
from geoclip_core.evidence.source import EvidenceSource, Finding, from_points
from geoclip_core.photo.decode import Photo
from geoclip_core.photo.exif import read_exif
from geoclip_core.text.reader import shared_reader
from geoclip_core.text.reading import Reading

_LONGEST = 300  # characters of a caption that are read, and of which the first names are what counts
_QUOTED = 80  # characters that a message repeats
_NAMED = ("exact", "country", "coordinates")
"""Ways of recognising a place that count in a caption: a name, not the sound or the meaning of its words."""

LEAST_CERTAIN = 0.75
"""Share of belief that one country must have for a caption to count. A caption is not written to state a place, and one
word of it may be the name of several: "Sunset" is a quarter of Vancouver and towns of the United States."""


class CaptionSource(EvidenceSource):
    """City, region and country in IPTC or XMP; where there are none, a caption that names a place.

    Args:
        network: The model; nothing of it is needed, since places are compared by distance.
    """

    name = "caption"
    reads_file = True

    def __init__(self, network: Network) -> None:
        del network

    def photo(self, photo: Photo, crops: int = 1) -> Finding:  # noqa: ARG002 - pixels are not looked at
        """The places that the words name; a witness of their own, which may disagree with the stated position."""
        record = read_exif(photo)
        text = record.place or record.caption
        if not text:
            return Finding()
        words = text[:_LONGEST]
        quoted = f"{text[:_QUOTED]}…" if len(text) > _QUOTED else text
        try:
            reading = shared_reader().read(words)
        except QueryError:
            return Finding(reason=f"the words in its file, “{quoted}”, are no place")
        if not reading.recognised or not (record.place or _certain(reading)):
            return Finding(reason=f"the words in its file, “{quoted}”, name no known place")
        spread = reading.spread()
        disks = tuple(Disk(d.name, d.latlon, d.extent_km, d.weight) for d in reading.disks())
        label = f"the words in the photo's file, “{quoted}”: {reading.explanation}"
        found = from_points(
            "caption", label, spread.latlon, spread.weights, spread.spread_km, disks, spread.alternative
        )
        return Finding((replace(found, witness="the words in its file"),))


def _certain(reading: Reading) -> bool:
    """Whether a text names places, and nearly all of what it may mean lies in one country."""
    shares: dict[str, float] = {}
    for alternative in reading.alternatives:
        if alternative.how in _NAMED:
            where = alternative.place.country_code or alternative.place.name
            shares[where] = shares.get(where, 0.0) + alternative.weight
    return max(shares.values(), default=0.0) >= LEAST_CERTAIN

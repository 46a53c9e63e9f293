"""The places that a text names or means."""

from __future__ import annotations

import functools
import math
from dataclasses import replace

from geoclip_core.earth.disk import Disk
from geoclip_core.earth.regions import Region
from geoclip_core.evidence.network import Network
from geoclip_core.evidence.source import EvidenceSource, Finding, from_points
from geoclip_core.places.names import normalise
from geoclip_core.text.reader import TextReader, shared_reader
from geoclip_core.text.reading import Reading

_LONGEST_QUOTE = 80  # characters of a text that a message repeats
_LEAST_SHARE = 1e-12  # told where nothing of a reading lay in the region, since a share is above 0


class TextSource(EvidenceSource):
    """Names of places, landscapes and the sound of a language; asked where no text tower has understood the text.

    Args:
        network: The model; nothing of it is needed, since places are compared by distance.
    """

    name = "text"
    fallback = True

    def __init__(self, network: Network) -> None:
        del network

    @functools.cached_property
    def reader(self) -> TextReader:
        """Reads texts; its tables are loaded when a text is first asked about."""
        return shared_reader()

    def text(self, text: str, region: Region | None = None) -> Finding:
        """The places that the text names or means, spread over their extents.

        With a region, names in it are ranked among themselves, so that one that is little known elsewhere is found.
        """
        reading = self.reader.read(text)
        share = 1.0
        if region is not None and reading.recognised:
            world, reading = reading, self.reader.read(text, region)
            share = _share_in(region, world, reading)
        if not reading.recognised:
            return Finding(reason=f"no place recognised in “{text[:_LONGEST_QUOTE]}”: {reading.explanation}")
        spread = reading.spread()
        disks = tuple(Disk(d.name, d.latlon, d.extent_km, d.weight) for d in reading.disks())
        found = from_points(
            "text", reading.explanation, spread.latlon, spread.weights, spread.spread_km, disks, spread.alternative
        )
        return Finding((replace(found, region_share=share, calibrated_as=_family(reading)),))


def _share_in(region: Region, world: Reading, told: Reading) -> float:
    """Share of belief of a reading that lies in a region, where another reading of the text was told the region.

    What the first left out for its small weight is judged by the scores, which are log odds.
    """
    first, other = world.alternatives[0], told.alternatives[0]
    if told.alternatives == world.alternatives:
        return 1.0  # nothing was ranked anew, so restricting the answer tells its share
    points, weights = world.points()
    share = float(weights[region.contains(points)].sum())
    if other.how == first.how:
        share = max(share, min(1.0, first.weight / other.weight * math.exp(min(0.0, other.score - first.score))))
    return max(share, _LEAST_SHARE)


def _family(reading: Reading) -> str | None:
    """Name in a calibration: a name that is the whole text is surer than one among other words; see ``Evidence``."""
    best = reading.alternatives[0]
    if best.how == "coordinates":
        return None
    whole = normalise(best.matched_text) == normalise(reading.text)
    return f"text: {best.how}" + (", alone" if whole and best.how in ("exact", "country") else "")

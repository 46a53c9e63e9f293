"""The places that a text names or means."""

from __future__ import annotations

import functools

from geoclip_core.earth.disk import Disk
from geoclip_core.evidence.network import Network
from geoclip_core.evidence.source import EvidenceSource, Finding, from_points
from geoclip_core.text.reader import TextReader

_LONGEST_QUOTE = 80  # characters of a text that a message repeats


@functools.cache
def shared_reader() -> TextReader:
    """The reader of texts; its tables are loaded when a text is first read, and once for all sources."""
    return TextReader()


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

    def text(self, text: str) -> Finding:
        """The places that the text names or means, spread over their extents."""
        reading = self.reader.read(text)
        if not reading.recognised:
            return Finding(reason=f"no place recognised in “{text[:_LONGEST_QUOTE]}”: {reading.explanation}")
        spread = reading.spread()
        disks = tuple(Disk(d.name, d.latlon, d.extent_km, d.weight) for d in reading.disks())
        found = from_points("text", reading.explanation, spread.latlon, spread.weights, spread.spread_km, disks)
        return Finding((found,))

"""The formats that an answer can be taken along in; the page, the command line and the service offer all of them.

A new format is a function from an answer and its credible regions to text, and one line in ``FORMATS``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from geoclip_core.errors import GeoclipError, QueryError
from geoclip_core.export.csv import regions_to_csv, to_csv
from geoclip_core.export.geojson import to_geojson
from geoclip_core.export.kml import to_kml
from geoclip_core.files import atomic
from geoclip_core.locate.answer import Answer
from geoclip_core.locate.credible import CredibleRegion

Regions = Sequence[CredibleRegion]


@dataclass(frozen=True)
class Format:
    """A file format.

    Attributes:
        title: What people call it.
        file: Name of the file that is offered; its suffix tells the format.
        media_type: For HTTP and the browser.
        write: From an answer and credible regions, possibly none, to the file's text (UTF-8).
    """

    title: str
    file: str
    media_type: str
    write: Callable[[Answer, Regions], str]

    def data(self, answer: Answer, regions: Regions = ()) -> bytes:
        """The file: UTF-8; a table with other letters than ASCII begins with the mark that Excel knows UTF-8 by."""
        text = self.write(answer, regions)
        marked = self.media_type == "text/csv" and not text.isascii()
        return text.encode("utf-8-sig" if marked else "utf-8")


FORMATS: dict[str, Format] = {
    "geojson": Format(
        "GeoJSON",
        "places.geojson",
        "application/geo+json",
        lambda answer, regions: json.dumps(to_geojson(answer, regions), ensure_ascii=False),
    ),
    "kml": Format("KML", "places.kml", "application/vnd.google-earth.kml+xml", to_kml),
    "csv": Format("CSV", "places.csv", "text/csv", lambda answer, _: to_csv(answer)),
    "regions": Format("Regions, CSV", "regions.csv", "text/csv", lambda _, regions: regions_to_csv(regions)),
}
"""Every text format by its short name."""


def save(answer: Answer, path: Path, regions: Regions = ()) -> None:
    """Write an answer to a file in the format that its suffix names.

    Args:
        answer: The answer.
        path: Ends in the suffix of a format, such as ``.geojson``; an existing file is replaced.
        regions: Credible regions, for formats that hold them.

    Raises:
        QueryError: No format has this suffix.
        GeoclipError: The file cannot be written.
    """
    by_suffix = {Path(made.file).suffix: made for made in reversed(FORMATS.values())}  # the first of a suffix counts
    chosen = by_suffix.get(path.suffix.lower())
    if chosen is None:
        raise QueryError(f"{path} names no known format", allowed=", ".join(dict.fromkeys(reversed(by_suffix))))
    try:
        with atomic(path) as part:
            part.write_bytes(chosen.data(answer, regions))
    except OSError as error:
        raise GeoclipError(f"{path} cannot be written ({error})", hint="choose another path") from error

"""Answers as KML 2.2, for Google Earth and the like."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from typing import Any

import shapely

from geoclip_core.export.rows import Value, candidate_rows
from geoclip_core.locate.answer import Answer
from geoclip_core.locate.credible import CredibleRegion

KML = "http://www.opengis.net/kml/2.2"

_NOT_XML = {code: None for code in range(32) if chr(code) not in "\t\n\r"} | {0xFFFE: None, 0xFFFF: None}
_LINE_COLOUR = "ffb3367a"  # alpha, blue, green, red
_FILL_COLOUR = "40b3367a"


def to_kml(answer: Answer, regions: Sequence[CredibleRegion] = ()) -> str:
    """Candidates and credible regions as a KML 2.2 document, for Google Earth and the like.

    Args:
        answer: The answer.
        regions: Credible regions of it.

    Returns:
        XML with its declaration, in UTF-8 once it is written as such.
    """
    root = ET.Element("kml", xmlns=KML)
    document = ET.SubElement(root, "Document")
    add_text(document, "name", "Where is this?")
    about = [f"Answered by {answer.model}. {answer.calibration_text}"]
    if answer.region is not None:
        about.append(f"Searched in {answer.region}, where {answer.posterior.region_share:.3g} of the probability lay.")
    add_text(document, "description", " ".join([*about, *answer.warnings]))
    style = ET.SubElement(document, "Style", id="region")
    add_text(ET.SubElement(style, "LineStyle"), "color", _LINE_COLOUR)
    add_text(ET.SubElement(style, "PolyStyle"), "color", _FILL_COLOUR)
    for region in regions:
        mark = ET.SubElement(document, "Placemark")
        add_text(mark, "name", f"{100 * region.level:g} % credible region")
        add_text(mark, "styleUrl", "#region")
        add_data(mark, {"level": region.level, "probability": region.mass, "area_km2": region.area_km2})
        several = ET.SubElement(mark, "MultiGeometry")
        for polygon in shapely.get_parts(region.geometry):
            shape = ET.SubElement(several, "Polygon")
            _ring(ET.SubElement(shape, "outerBoundaryIs"), polygon.exterior)
            for hole in polygon.interiors:
                _ring(ET.SubElement(shape, "innerBoundaryIs"), hole)
    for candidate, row in zip(answer.candidates, candidate_rows(answer), strict=True):
        mark = ET.SubElement(document, "Placemark")
        add_text(mark, "name", f"{row['rank']}. {candidate.label}")
        add_data(mark, row)
        lat, lon = candidate.latlon
        add_text(ET.SubElement(mark, "Point"), "coordinates", f"{lon!r},{lat!r}")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode")


def add_text(parent: ET.Element, tag: str, text: str) -> None:
    """Add an element of text, without the characters that XML does not allow."""
    ET.SubElement(parent, tag).text = text.translate(_NOT_XML)


def add_data(parent: ET.Element, values: Mapping[str, Value]) -> None:
    """Add values by name as ``ExtendedData``; None is left out."""
    extended = ET.SubElement(parent, "ExtendedData")
    for name, value in values.items():
        if value is not None:
            add_text(
                ET.SubElement(extended, "Data", name=name), "value", value if isinstance(value, str) else repr(value)
            )


def _ring(parent: ET.Element, ring: Any) -> None:
    points = " ".join(f"{lon!r},{lat!r}" for lon, lat in ring.coords)
    add_text(ET.SubElement(parent, "LinearRing"), "coordinates", points)

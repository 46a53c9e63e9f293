"""Answers to take along: GeoJSON, KML, CSV and a picture. Longitude comes first here, and only here."""

from __future__ import annotations

import csv
import io
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Sequence
from typing import Any

import numpy.typing as npt
import shapely

from geoclip_core.earth.great_circle import great_circle_line
from geoclip_core.locate.answer import Answer
from geoclip_core.locate.credible import CredibleRegion
from geoclip_core.maps.poster import map_png

__all__ = ["line_geojson", "map_png", "regions_to_csv", "to_csv", "to_geojson", "to_kml"]

KML = "http://www.opengis.net/kml/2.2"
_COLUMNS = [
    *("rank", "latitude", "longitude", "probability", "radius_km", "next_km"),
    *("place", "country_code", "named", "model"),
]
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NOT_XML = {code: None for code in range(32) if chr(code) not in "\t\n\r"} | {0xFFFE: None, 0xFFFF: None}
_KML_LINE = "ffb3367a"  # alpha, blue, green, red
_KML_FILL = "40b3367a"


def to_geojson(answer: Answer, regions: Sequence[CredibleRegion] = ()) -> dict[str, Any]:
    """Candidates, then credible regions, as a GeoJSON FeatureCollection (RFC 7946).

    Args:
        answer: The answer.
        regions: Credible regions of it.

    Returns:
        Plain JSON types.
    """
    collection = answer.to_geojson()
    for feature, km in zip(collection["features"], answer.next_km, strict=True):
        feature["properties"]["next_km"] = km
    collection["features"] += [
        {
            "type": "Feature",
            "geometry": _lists(shapely.geometry.mapping(region.geometry)),
            "properties": {
                "level": region.level,
                "probability": region.mass,
                "area_km2": region.area_km2,
                "area_is_upper_bound": region.upper_bound,
                "model": answer.model,
            },
        }
        for region in regions
    ]
    return collection


def line_geojson(a: npt.ArrayLike, b: npt.ArrayLike) -> dict[str, Any]:
    """The great circle between two latlons as a GeoJSON MultiLineString, cut at the antimeridian."""
    lines = [[[float(lon), float(lat)] for lat, lon in line] for line in great_circle_line(a, b)]
    return {"type": "MultiLineString", "coordinates": lines}


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
    _text(document, "name", "Where is this?")
    _text(document, "description", f"Answered by {answer.model}. Probabilities are not calibrated.")
    style = ET.SubElement(document, "Style", id="region")
    _text(ET.SubElement(style, "LineStyle"), "color", _KML_LINE)
    _text(ET.SubElement(style, "PolyStyle"), "color", _KML_FILL)
    for region in regions:
        mark = ET.SubElement(document, "Placemark")
        _text(mark, "name", f"{100 * region.level:g} % credible region")
        _text(mark, "styleUrl", "#region")
        _data(mark, {"level": region.level, "probability": region.mass, "area_km2": region.area_km2})
        several = ET.SubElement(mark, "MultiGeometry")
        for polygon in shapely.get_parts(region.geometry):
            shape = ET.SubElement(several, "Polygon")
            _ring(ET.SubElement(shape, "outerBoundaryIs"), polygon.exterior)
            for hole in polygon.interiors:
                _ring(ET.SubElement(shape, "innerBoundaryIs"), hole)
    for rank, candidate in enumerate(answer.candidates, start=1):
        mark = ET.SubElement(document, "Placemark")
        _text(mark, "name", f"{rank}. {candidate.label}")
        _data(mark, {"rank": rank, "probability": candidate.probability, "radius_km": candidate.radius_km})
        lat, lon = candidate.latlon
        _text(ET.SubElement(mark, "Point"), "coordinates", f"{lon!r},{lat!r}")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode")


def to_csv(answer: Answer) -> str:
    """Candidates as CSV (RFC 4180), one row each.

    A cell of text that a spreadsheet would run as a formula starts with an apostrophe.
    """
    rows = [
        [
            rank,
            *(repr(degrees) for degrees in candidate.latlon),
            repr(candidate.probability),
            repr(candidate.radius_km),
            "" if km is None else repr(km),
            _cell(candidate.place.name),
            _cell(candidate.place.country_code),
            _cell(candidate.named),
            _cell(answer.model),
        ]
        for rank, (candidate, km) in enumerate(zip(answer.candidates, answer.next_km, strict=True), start=1)
    ]
    return _table(_COLUMNS, rows)


def regions_to_csv(regions: Sequence[CredibleRegion]) -> str:
    """Credible regions as CSV: level, probability, area, whether that is an upper bound, number of parts."""
    rows = [
        [r.level, repr(r.mass), repr(r.area_km2), str(r.upper_bound).lower(), len(shapely.get_parts(r.geometry))]
        for r in regions
    ]
    return _table(["level", "probability", "area_km2", "area_is_upper_bound", "parts"], rows)


def _table(head: list[str], rows: Iterable[list[Any]]) -> str:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow(head)
    writer.writerows(rows)
    return stream.getvalue()


def _cell(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def _text(parent: ET.Element, tag: str, text: str) -> None:
    ET.SubElement(parent, tag).text = text.translate(_NOT_XML)


def _data(parent: ET.Element, values: dict[str, float]) -> None:
    extended = ET.SubElement(parent, "ExtendedData")
    for name, value in values.items():
        _text(ET.SubElement(extended, "Data", name=name), "value", repr(value))


def _ring(parent: ET.Element, ring: Any) -> None:
    points = " ".join(f"{lon!r},{lat!r}" for lon, lat in ring.coords)
    _text(ET.SubElement(parent, "LinearRing"), "coordinates", points)


def _lists(shape: dict[str, Any]) -> dict[str, Any]:
    """Coordinates as lists, as a JSON reader would give them back."""

    def listed(value: Any) -> Any:
        return [listed(part) for part in value] if isinstance(value, tuple | list) else float(value)

    return {"type": shape["type"], "coordinates": listed(shape["coordinates"])}

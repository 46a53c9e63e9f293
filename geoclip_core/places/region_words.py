"""Regions in words: a box or a circle by the place it lies around, rather than by its numbers."""

from __future__ import annotations

import math

from geoclip_core.earth.arcs import arc_width
from geoclip_core.earth.country_names import country_name
from geoclip_core.earth.distance import EARTH_RADIUS_KM
from geoclip_core.earth.regions import BoxRegion, RadiusRegion, Region, UnionRegion
from geoclip_core.places.nearest import NearbyPlace, nearest_places

_KM_PER_DEG = math.radians(EARTH_RADIUS_KM)


def region_words(region: Region) -> str:
    """What to call a region.

    Args:
        region: Any; countries and continents have names of their own.

    Returns:
        Such as "France, Germany", "within 200 km of a point 12 km NE of Siwa, Egypt" or
        "box of 450 × 310 km around Siwa, Egypt" (its width in the middle, then its height). ``region.label``
        has the numbers.
    """
    if isinstance(region, UnionRegion):
        return " or ".join(region_words(part) for part in region.regions)
    if isinstance(region, RadiusRegion):
        centre = _nearest(region.latlon, region.radius_km)
        return f"within {region.radius_km:,g} km of {_point(centre)}"
    if isinstance(region, BoxRegion):
        middle, width_km, height_km = _middle(region)
        centre = _nearest(middle, min(width_km, height_km) / 2)
        inside = bool(region.contains(centre.place.latlon))
        return (
            f"box of {_rough(width_km)} × {_rough(height_km)} km around {_place(centre) if inside else _point(centre)}"
        )
    return region.label


def _middle(box: BoxRegion) -> tuple[tuple[float, float], float, float]:
    """Middle of a box in degrees, and its width there and its height in km."""
    lat, width_deg = (box.south + box.north) / 2, arc_width(box.west, box.east)
    lon = (box.west + width_deg / 2 + 180.0) % 360.0 - 180.0
    width_km = width_deg * _KM_PER_DEG * math.cos(math.radians(lat))
    return (lat, lon), width_km, (box.north - box.south) * _KM_PER_DEG


def _nearest(latlon: tuple[float, float], size_km: float) -> NearbyPlace:
    return nearest_places([latlon], [size_km])[0]


def _point(centre: NearbyPlace) -> str:
    return f"a point {centre.name}" if centre.direction else centre.name


def _place(centre: NearbyPlace) -> str:
    """The place itself, however far the centre lies from it."""
    name, code = centre.place.name, centre.place.country_code
    country = country_name(code) if code else ""
    return name if country in ("", name) else f"{name}, {country}"


def _rough(km: float) -> str:
    """Kilometres with two significant digits."""
    return f"{float(f'{km:.2g}'):,g}"

"""Answers as GeoJSON (RFC 7946), in which longitude comes first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import shapely

from geoclip_core.export.rows import candidate_rows
from geoclip_core.locate.answer import Answer
from geoclip_core.locate.credible import CredibleRegion


def to_geojson(answer: Answer, regions: Sequence[CredibleRegion] = ()) -> dict[str, Any]:
    """Candidates, then credible regions, as a FeatureCollection.

    Args:
        answer: The answer.
        regions: Credible regions of it.

    Returns:
        Plain JSON types.
    """
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [row.pop("longitude"), row.pop("latitude")]},
            "properties": row,
        }
        for row in candidate_rows(answer)
    ]
    features += [
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
    # Foreign members (RFC 7946, section 6.1): readers that do not know them pass them over.
    about = {"region": answer.region, "region_share": answer.posterior.region_share, "warnings": list(answer.warnings)}
    return {"type": "FeatureCollection", "features": features, **about}


def _lists(shape: dict[str, Any]) -> dict[str, Any]:
    """Coordinates as lists, as a JSON reader would give them back."""

    def listed(value: Any) -> Any:
        return [listed(part) for part in value] if isinstance(value, tuple | list) else float(value)

    return {"type": shape["type"], "coordinates": listed(shape["coordinates"])}

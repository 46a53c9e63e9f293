"""The reading of a text that holds coordinates: the point itself, or where it says to be relative to that point."""

from __future__ import annotations

import re

from geoclip_core.places.gazetteer import Gazetteer, Place
from geoclip_core.text import settings
from geoclip_core.text.position.point import Position
from geoclip_core.text.reading import Alternative, Reading
from geoclip_core.text.relations.statement import find_relation
from geoclip_core.text.relations.surroundings import related_place

_STARTS_WITH_COORDINATES = re.compile(r"[\[(]?\s*(?:[NSEW]\s*)?[-+]?\d", re.IGNORECASE)


def position_reading(text: str, position: Position, gazetteer: Gazetteer) -> Reading:
    """What a text with a position means.

    Args:
        text: Such as "48.86 N, 2.29 E" or "5 km north of 48.86, 2.29".
        position: The position that was read in it.
        gazetteer: For the reading.
    """
    name = f"{position.latlon[0]:.5f}, {position.latlon[1]:.5f}"
    disk = (*position.latlon, position.error_km)
    point = Place(name, "point", position.latlon, position.error_km, "", "", 0, (disk,), ("",))
    relation = find_relation(text)
    if relation is not None and _STARTS_WITH_COORDINATES.match(relation.anchor):
        place = related_place(relation, point, None, gazetteer)
        if place is not None:
            only = Alternative(place, 1.0, relation.words, "relation", 0.0)
            return Reading(text, (only,), f"“{relation.words}” is read from where {name} is (100%).", gazetteer)
    only = Alternative(point, 1.0, text, "coordinates", 0.0)
    within = f", within {position.error_km:.2g} km as written" if position.error_km > settings.COORDINATE_KM else ""
    return Reading(text, (only,), f"Read as {position.form}: {name}{within}.", gazetteer)

"""Where things are photographed: ``assets/scenes.csv`` and ``assets/scene_areas.csv``, written from general knowledge.

A row of the first names a class of ImageNet and, in per cent, the shares of photos of such things from countries and
areas; the rest of a hundred is spread as all photos are. The second says what the areas are.
"""

from __future__ import annotations

import csv
import functools
import re
from dataclasses import dataclass

from geoclip_core.earth.regions import CountryRegion, Region, parse_region
from geoclip_core.files import asset_path

_SHARE = re.compile(r"([A-Za-z][A-Za-z ]*?) (\d+(?:\.\d+)?)(?: |$)")


@dataclass(frozen=True)
class Scene:
    """A class that tells something of the place.

    Attributes:
        number: Of the class, 0 to 999.
        one: The class in words, such as "a castle".
        areas: Regions, and the share of such photos from each; the shares sum to at most 1.
    """

    number: int
    one: str
    areas: tuple[tuple[Region, float], ...]


@functools.cache
def scenes() -> dict[int, Scene]:
    """Every class that tells something, by its number."""
    areas = {row["area"]: parse_region(row["region"]) for row in _rows("scene_areas.csv")}
    found = {}
    for row in _rows("scenes.csv"):
        shares = tuple(
            (areas[name] if name in areas else CountryRegion((name,)), float(share) / 100)
            for name, share in _SHARE.findall(row["areas"])
        )
        found[int(row["class"])] = Scene(int(row["class"]), row["one"], shares)
    return found


def _rows(name: str) -> list[dict[str, str]]:
    with asset_path(name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))

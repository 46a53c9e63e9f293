"""Every named place the product knows: 235,000 cities, the countries, regions, landmarks and landscapes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
import numpy.typing as npt

from geoclip_core.earth.coordinates import Floats
from geoclip_core.earth.country_names import country_name
from geoclip_core.earth.distance import great_circle_km
from geoclip_core.files import Arrays, Progress, cached_arrays
from geoclip_core.places.index import NameIndex
from geoclip_core.places.sources import build_gazetteer, sources_key

_SETTLEMENTS = 512  # largest towns that stand for a country or region


@dataclass(frozen=True)
class Place:
    """A named place.

    Args:
        name: Its usual name.
        kind: "city", "country", "region", "landscape" or a kind of landmark such as "museum".
        latlon: Degrees, latitude first; of the first part where there are several; of a great city, rather in
            the middle than at the end, for a country.
        extent_km: Radius of a disk as large as the place.
        country_code: ISO 3166-1 alpha-2; empty where the place lies in none or in several countries.
        admin1: Name of the first-level region it lies in, or empty where that is not known.
        population: Inhabitants, 0 where there are none or it is not known.
        parts: Disks (latitude, longitude, radius in km) that together cover the place.
        part_names: What each part is called, such as "Sahara" for a part of "Desert"; "" where it has no name.
        row: Row in the gazetteer it came from; -1 for a place that is in no gazetteer.
    """

    name: str
    kind: str
    latlon: tuple[float, float]
    extent_km: float
    country_code: str
    admin1: str
    population: int
    parts: tuple[tuple[float, float, float], ...]
    part_names: tuple[str, ...]
    row: int = -1


class Gazetteer:
    """Places by row and by name, over memory-mapped arrays.

    Args:
        arrays: What :func:`geoclip_core.places.sources.build_gazetteer` made.
    """

    def __init__(self, arrays: Arrays) -> None:
        # Plain arrays over the same memory: a numpy.memmap costs several times as much at every look-up.
        self._arrays = arrays = {name: np.asarray(array) for name, array in arrays.items()}
        self.index = NameIndex(arrays)
        self.kinds = [str(kind) for kind in arrays["kinds"]]
        self.country_codes = [str(code) for code in arrays["countries"]]

    def __len__(self) -> int:
        return len(self._arrays["kind"])

    @property
    def latlon(self) -> Floats:
        """Position of every place, shape (n, 2), degrees."""
        return self._arrays["latlon"]

    @property
    def extent_km(self) -> npt.NDArray[np.float32]:
        """Extent of every place, shape (n,), km."""
        return self._arrays["extent_km"]

    @property
    def population(self) -> npt.NDArray[np.int64]:
        """Inhabitants of every place, shape (n,)."""
        return self._arrays["population"]

    @property
    def fame(self) -> npt.NDArray[np.float32]:
        """How well known every place is, as the population of an equally well-known city, shape (n,)."""
        return self._arrays["fame"]

    @property
    def kind(self) -> npt.NDArray[np.uint8]:
        """Index into ``kinds`` of every place, shape (n,)."""
        return self._arrays["kind"]

    @property
    def country(self) -> npt.NDArray[np.uint16]:
        """Index into ``country_codes`` of every place, shape (n,)."""
        return self._arrays["country"]

    @property
    def admin(self) -> npt.NDArray[np.uint16]:
        """Number of the first-level unit of every place (of a region: the one it is), 0 where unknown."""
        return self._arrays["admin"]

    def name(self, row: int) -> str:
        """Usual name of a place."""
        return self._string("name", row)

    def _string(self, table: str, row: int) -> str:
        start, stop = self._arrays[f"{table}_starts"][row : row + 2]
        return self._arrays[f"{table}_blob"][start:stop].tobytes().decode()

    def rows_of_kind(self, *kinds: str) -> npt.NDArray[np.int64]:
        """Rows of all places of some kinds."""
        wanted = [self.kinds.index(kind) for kind in kinds if kind in self.kinds]
        return np.flatnonzero(np.isin(self.kind, wanted))

    def parts(self, row: int) -> Floats:
        """Disks of a place, shape (parts, 3): latitude, longitude, radius in km."""
        start, stop = self._arrays["part_starts"][row : row + 2]
        return self._arrays["parts"][start:stop]

    def lies_in(self, rows: npt.NDArray[np.int64], country: int) -> npt.NDArray[np.bool_]:
        """Whether each place, or a part of it, lies in a country, given by its index into ``country_codes``."""
        starts = self._arrays["part_starts"]
        part_country = self._arrays["part_country"]
        return np.array([bool((part_country[starts[r] : starts[r + 1]] == country).any()) for r in rows], dtype=bool)

    def parts_in(self, row: int, frame: int) -> npt.NDArray[np.bool_]:
        """Which parts of a place lie in a country, or within the extent of another place, given by its row."""
        if self.kinds[self.kind[frame]] == "country":
            start, stop = self._arrays["part_starts"][row : row + 2]
            return np.asarray(self._arrays["part_country"][start:stop] == self.country[frame])
        away = great_circle_km(self.parts(row)[:, :2], self.latlon[frame])
        return np.asarray(away <= self.extent_km[frame])

    def place(self, row: int, frames: Sequence[int] = ()) -> Place:
        """A place by its row.

        Args:
            row: Of the gazetteer.
            frames: Rows of countries or regions: of a place with several parts only those inside one of them
                are kept, if there are any.
        """
        parts = self.parts(row)
        inside = np.zeros(len(parts), bool)
        for frame in frames:
            if len(parts) > 1 and frame != row:
                inside |= self.parts_in(row, frame)
        kept = np.flatnonzero(inside) if inside.any() else np.arange(len(parts))
        parts = parts[kept]
        first = int(self._arrays["part_starts"][row])
        kind = self.kinds[self.kind[row]]
        region = int(self._arrays["regions"][self.admin[row]])
        return Place(
            name=self.name(row),
            kind=kind,
            latlon=(float(parts[0, 0]), float(parts[0, 1])),
            extent_km=float(np.sqrt((parts[:, 2] ** 2).sum())),
            country_code=self.country_codes[self.country[row]],
            admin1=self.name(region) if region >= 0 else "",
            population=int(self.population[row]),
            parts=tuple((float(a), float(b), float(c)) for a, b, c in parts),
            part_names=tuple(self._string("part_name", first + int(i)) for i in kept),
            row=int(row),
        )

    @cached_property
    def _by_country(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """City rows sorted by country, then largest first, and where each country starts."""
        cities = self.rows_of_kind("city")
        order = cities[np.lexsort((-self.population[cities], self.country[cities]))]
        return order, np.searchsorted(self.country[order], np.arange(len(self.country_codes) + 1))

    def settlements(self, row: int) -> npt.NDArray[np.int64]:
        """Rows of the largest cities of a country or first-level region, largest first, at most 512."""
        order, starts = self._by_country
        country = int(self.country[row])
        cities = order[starts[country] : starts[country + 1]]
        if self.kinds[self.kind[row]] != "country":
            cities = cities[self.admin[cities] == self.admin[row]] if self.admin[row] else cities[:0]
        return cities[:_SETTLEMENTS]

    def label(self, place: Place) -> str:
        """A place with its region and country, such as "Boston, Massachusetts, United States"."""
        around = [place.admin1, country_name(place.country_code) if place.country_code else ""]
        return ", ".join([place.name, *(name for name in around if name and name != place.name)])

    def country_rows(self, codes: Sequence[str]) -> list[int]:
        """Rows of countries by their ISO code; unknown codes are left out."""
        rows = self._country_row
        return [rows[code] for code in codes if code in rows]

    @cached_property
    def _country_row(self) -> dict[str, int]:
        return {self.country_codes[self.country[row]]: int(row) for row in self.rows_of_kind("country")}


def prepare_gazetteer(progress: Progress | None = None) -> None:
    """Build the gazetteer where the cache folder does not hold it, which takes about half a minute, once.

    Args:
        progress: Told how many places are packed, and how many there are.
    """
    cached_arrays("gazetteer", sources_key(), lambda: build_gazetteer(progress))


@cache
def load_gazetteer() -> Gazetteer:
    """The gazetteer of this installation: built on first use, then memory-mapped from the cache folder."""
    return Gazetteer(cached_arrays("gazetteer", sources_key(), build_gazetteer))

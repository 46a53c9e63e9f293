"""Which places lie inside which: of the names of one text, each pair is compared once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geoclip_core.earth.coordinates import Floats
from geoclip_core.earth.country_names import SOVEREIGN
from geoclip_core.earth.distance import great_circle_km
from geoclip_core.places.gazetteer import Gazetteer
from geoclip_core.text import settings

Rows = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


def sovereigns(gazetteer: Gazetteer) -> npt.NDArray[np.int64]:
    """Which country each of the gazetteer's country codes is a territory of, by index; -1 for none."""
    index = {code: i for i, code in enumerate(gazetteer.country_codes)}
    return np.array([index.get(SOVEREIGN.get(code, "-"), -1) for code in gazetteer.country_codes])


@dataclass(frozen=True)
class _Places:
    """What is compared of several places, one value each."""

    kinds: npt.NDArray[np.str_]
    country: npt.NDArray[np.uint16]
    admin: npt.NDArray[np.uint16]
    extent_km: npt.NDArray[np.float32]


class Containment:
    """Compares the places of one text; repeated names cost nothing. Not shared between threads.

    Args:
        gazetteer: Where the places are.
        sovereign: From :func:`sovereigns`.
    """

    def __init__(self, gazetteer: Gazetteer, sovereign: npt.NDArray[np.int64]) -> None:
        self._gazetteer = gazetteer
        self._sovereign = sovereign
        self._kind_names = np.array(gazetteer.kinds)
        self._several = gazetteer.country_codes.index("")
        self._places: dict[bytes, _Places] = {}
        self._km: dict[tuple[bytes, int], Floats] = {}
        self._found: dict[tuple[bytes, int], tuple[Bools, Bools]] = {}

    def km(self, rows: Rows, row: int) -> Floats:
        """Distance of each place from another one, km."""
        key = (rows.tobytes(), row)
        if key not in self._km:
            self._km[key] = great_circle_km(self._gazetteer.latlon[rows], self._gazetteer.latlon[row])
        return self._km[key]

    def of(self, rows: Rows, row: int) -> tuple[Bools, Bools]:
        """Which rows lie inside a place, and which contain it; the arrays must not be changed."""
        key = (rows.tobytes(), row)
        if key not in self._found:
            self._found[key] = self._compared(rows, row)
        return self._found[key]

    def _of_rows(self, rows: Rows) -> _Places:
        key = rows.tobytes()
        if key not in self._places:
            g = self._gazetteer
            self._places[key] = _Places(
                self._kind_names[g.kind[rows]], g.country[rows], g.admin[rows], g.extent_km[rows]
            )
        return self._places[key]

    def _compared(self, rows: Rows, row: int) -> tuple[Bools, Bools]:
        g = self._gazetteer
        kind = g.kinds[g.kind[row]]
        own, kinds = self._of_rows(rows), self._of_rows(rows).kinds
        same_country = own.country == g.country[row]
        territory = self._sovereign[own.country] == g.country[row]  # of the country that the place lies in
        same_admin = (own.admin == g.admin[row]) & (g.admin[row] > 0)
        km = self.km(rows, row)
        smaller = (own.extent_km < g.extent_km[row]) & (kinds != "country")
        if kind == "country":
            inside = (same_country & (kinds != "country")) | territory
            several = np.flatnonzero(own.country == self._several)
            inside[several] = g.lies_in(rows[several], int(g.country[row]))
        elif kind == "region" and g.admin[row] > 0:
            inside = (
                (same_admin | ((own.admin == 0) & (km <= g.extent_km[row])))
                & (kinds != "region")
                & (kinds != "country")
            )
        else:
            inside = smaller & (km <= g.extent_km[row] + settings.NEAR_KM)
        if g.country_codes[g.country[row]] == "":  # it has parts in several countries
            holds = [
                kinds[i] == "country" and g.lies_in(np.array([row]), int(g.country[r]))[0] for i, r in enumerate(rows)
            ]
            same_country = same_country | np.array(holds, dtype=bool)
        is_region = (kinds == "region") & (own.admin > 0)
        contains = np.where(
            kinds == "country",
            (same_country & (kind != "country")) | (own.country == self._sovereign[g.country[row]]),
            np.where(
                is_region,
                same_admin,
                (own.extent_km > g.extent_km[row]) & (km <= own.extent_km + settings.NEAR_KM),
            )
            & (kind != "country"),
        )
        return np.asarray(inside), np.asarray(contains & ~inside)

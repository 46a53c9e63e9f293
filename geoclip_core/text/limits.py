"""Where the places of a text must lie, and where not: applied before names are ranked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from geoclip_core.earth.regions import Region
from geoclip_core.places.gazetteer import Gazetteer, Place
from geoclip_core.text.reading import How
from geoclip_core.text.spans import Span

Candidate = tuple[float, int, str, How]  # score, gazetteer row, words as written, how


class Limits:
    """A region that is searched, and places that a text leaves out.

    Args:
        gazetteer: Where the places come from.
        region: The region, or None for the whole Earth.
        excluded: Rows of the places left out.
    """

    def __init__(self, gazetteer: Gazetteer, region: Region | None = None, excluded: Sequence[int] = ()) -> None:
        self.region = region
        self._gazetteer = gazetteer
        self._excluded = tuple(excluded)

    def spans(self, spans: Sequence[Span]) -> list[Span]:
        """Spans with the places that are allowed only."""
        if self.region is None and not self._excluded:
            return list(spans)
        kept = []
        for span in spans:
            allowed = self._allowed(span.rows)
            if allowed.any():
                kept.append(replace(span, rows=span.rows[allowed], flags=span.flags[allowed]))
        return kept

    def candidates(self, candidates: Sequence[Candidate]) -> list[Candidate]:
        """Candidates whose places are allowed."""
        if self.region is None and not self._excluded:
            return list(candidates)
        allowed = self._allowed(np.array([row for _, row, *_ in candidates], np.int64))
        return [candidate for candidate, kept in zip(candidates, allowed.tolist(), strict=True) if kept]

    def place(self, row: int, frames: Sequence[int]) -> Place:
        """A place without the parts that lie in what is left out."""
        place = self._gazetteer.place(row, frames)
        if len(place.parts) == 1 or not self._excluded:
            return place
        points = [(lat, lon, extent) for lat, lon, extent in place.parts]
        all_parts = [tuple(part) for part in self._gazetteer.parts(row).tolist()]
        out = np.any([self._gazetteer.parts_in(row, frame) for frame in self._excluded], axis=0)
        left = [i for i, part in enumerate(points) if not out[all_parts.index(part)]]
        if not left:
            return place
        parts = tuple(place.parts[i] for i in left)
        names = tuple(place.part_names[i] for i in left)
        extent = float(np.sqrt(sum(radius**2 for *_, radius in parts)))
        return replace(place, latlon=parts[0][:2], parts=parts, part_names=names, extent_km=extent)

    def _allowed(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        return np.array([self._in_region(row) and not self._left_out(row) for row in rows.tolist()], dtype=bool)

    def _in_region(self, row: int) -> bool:
        if self.region is None:
            return True
        points = self._gazetteer.parts(row)[:, :2]
        if self._gazetteer.kinds[self._gazetteer.kind[row]] in ("country", "region"):
            towns = self._gazetteer.settlements(row)
            points = np.concatenate([points, self._gazetteer.latlon[towns]])
        return bool(self.region.contains(points).any())

    def _left_out(self, row: int) -> bool:
        g = self._gazetteer
        for excluded in self._excluded:
            if row == excluded:
                return True
            if g.kinds[g.kind[excluded]] == "region" and g.admin[excluded]:
                if g.admin[row] == g.admin[excluded]:
                    return True
            elif g.parts_in(row, excluded).all():
                return True
        return False

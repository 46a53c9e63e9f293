"""A question: independent pieces of evidence, multiplied, and the region that is searched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from torch import Tensor

from geoclip_core.earth.coordinates import Floats
from geoclip_core.earth.disk import Disk
from geoclip_core.earth.regions import Region
from geoclip_core.errors import QueryError
from geoclip_core.evidence.source import Evidence
from geoclip_core.files import digest


@dataclass(frozen=True)
class Query:
    """A question.

    Attributes:
        evidence: The pieces.
        region: Restriction, applied before probabilities are normalised; None for the whole Earth.

    Raises:
        QueryError: No piece has any weight.
    """

    evidence: tuple[Evidence, ...]
    region: Region | None = None

    def __post_init__(self) -> None:
        if not any(part.power > 0 for part in self.evidence):
            raise QueryError(
                "The question holds no evidence", allowed="a photo, a text, or both", hint="add one of them"
            )

    @property
    def key(self) -> str:
        """Digest of every field of the region and of all evidence, for caches: equal keys have equal answers."""
        parts = [repr(self.region).encode()]
        for piece in self.evidence:
            for field in fields(piece):
                value = getattr(piece, field.name)
                if isinstance(value, Tensor):
                    value = value.cpu().numpy()
                parts.append(field.name.encode())
                parts.append(digest(value).encode() if isinstance(value, np.ndarray) else repr(value).encode())
        return digest(*parts)

    @property
    def disks(self) -> tuple[Disk, ...]:
        """Every place that the evidence names."""
        return tuple(disk for part in self.evidence for disk in part.disks)

    def weighted(self, powers: Sequence[float]) -> Query:
        """The same evidence with other exponents, one per piece, such as a slider between photo and text.

        Raises:
            QueryError: Not one exponent per piece, or one out of range.
        """
        if len(powers) != len(self.evidence):
            raise QueryError(
                f"{len(powers)} weights were given for {len(self.evidence)} pieces of evidence", allowed="one for each"
            )
        parts = zip(self.evidence, powers, strict=True)
        return replace(self, evidence=tuple(replace(part, power=float(power)) for part, power in parts))

    def within(self, region: Region | None) -> Query:
        """The same question, asked of a region only, or of the whole Earth again."""
        return replace(self, region=region)

    def named_points(self) -> tuple[Floats, Floats]:
        """Points that the evidence itself names, beyond any gallery.

        Returns:
            (k, 2) degrees, and (k,) radius in km that each point stands for; k may be 0.
        """
        named = [part for part in self.evidence if part.points is not None and part.power > 0]
        points = [part.points for part in named if part.points is not None]
        spread = [part.spread_km for part in named if part.spread_km is not None]
        return np.concatenate([np.zeros((0, 2)), *points]), np.concatenate([np.zeros(0), *spread])

"""Questions as weighted sets of vectors.

Alternatives mix: a text that may mean three places is a sum of three probabilities. Independent evidence
multiplies: a photo and a text, or several photos of one place, are a product. Ten crops of a photo, a
text with many meanings, and five photos of one place are therefore all the same code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from geoclip_core.earth.regions import Region
from geoclip_core.errors import QueryError
from geoclip_core.files import digest

Kind = Literal["visual", "text", "exif"]


@dataclass(frozen=True)
class Anchor:
    """A disk on Earth that a question names: a candidate of its own, however large.

    Attributes:
        name: What it is called.
        latlon: Its centre, degrees.
        extent_km: Its radius.
        weight: Share of the evidence that means it.
    """

    name: str
    latlon: tuple[float, float]
    extent_km: float
    weight: float = 1.0


@dataclass(frozen=True)
class Evidence:
    """One piece of evidence: alternatives of which one is true.

    Attributes:
        kind: Where it comes from.
        label: One plain sentence for people.
        vectors: (k, d) float32 of length 1, one per alternative.
        weights: (k,) float64, summing to 1.
        points: (k, 2) degrees, where each alternative is itself a point of the Earth; else None.
        spread_km: (k,) radius that each such point speaks for.
        anchors: The places it names.
        power: Exponent in the product; 1 for a full, independent witness.
    """

    kind: Kind
    label: str
    vectors: Tensor
    weights: npt.NDArray[np.float64]
    points: npt.NDArray[np.float64] | None = None
    spread_km: npt.NDArray[np.float64] | None = None
    anchors: tuple[Anchor, ...] = ()
    power: float = 1.0

    def __post_init__(self) -> None:
        if self.vectors.ndim != 2 or len(self.vectors) != len(self.weights) or not len(self.weights):
            raise QueryError(
                f"Evidence needs one weight per vector, got vectors {tuple(self.vectors.shape)} "
                f"and {len(self.weights)} weights"
            )
        if not (np.isfinite(self.power) and self.power >= 0):
            raise QueryError(f"The weight of evidence is {self.power}", allowed="a finite number, 0 or more")


@dataclass(frozen=True)
class Query:
    """A question: independent pieces of evidence, multiplied, and the region that is looked at.

    Attributes:
        evidence: The pieces.
        region: Restriction, applied before probabilities are normalised; None for the whole Earth.
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
        """Digest of everything that the answer depends on, for caches."""
        parts: list[str | npt.NDArray[np.float64]] = [repr(self.region)]
        for part in self.evidence:
            parts += [str(part.power), part.weights, part.vectors.double().cpu().numpy()]
        return digest(*parts)

    @property
    def anchors(self) -> tuple[Anchor, ...]:
        """Every place that the evidence names."""
        return tuple(anchor for part in self.evidence for anchor in part.anchors)

    def weighted(self, powers: Sequence[float]) -> Query:
        """The same evidence with other exponents, one per piece, such as a slider between photo and text."""
        if len(powers) != len(self.evidence):
            raise QueryError(f"{len(powers)} weights were given for {len(self.evidence)} pieces of evidence")
        parts = zip(self.evidence, powers, strict=True)
        return replace(self, evidence=tuple(replace(part, power=float(power)) for part, power in parts))

    def within(self, region: Region | None) -> Query:
        """The same question, asked of a region only, or of the whole Earth again."""
        return replace(self, region=region)


def from_vectors(kind: Kind, label: str, vectors: Tensor) -> tuple[Evidence, ...]:
    """Evidence of one witness seen several times, such as ten crops of one photo.

    The views are not independent, so together they weigh as much as one: their logits are averaged, as in
    the paper's ten-crop evaluation.

    Args:
        kind: Where it comes from.
        label: One plain sentence.
        vectors: (n, d), one per view.
    """
    unit = F.normalize(vectors.float(), dim=1)
    return tuple(Evidence(kind, label, unit[i : i + 1], np.ones(1), power=1 / len(unit)) for i in range(len(unit)))


def from_points(
    kind: Kind,
    label: str,
    vectors: Tensor,
    points: npt.NDArray[np.float64],
    weights: npt.NDArray[np.float64],
    spread_km: npt.NDArray[np.float64],
    anchors: tuple[Anchor, ...] = (),
) -> Evidence:
    """Evidence that says: it is at one of these points.

    Args:
        kind: Where it comes from.
        label: One plain sentence.
        vectors: (k, d) vectors of the points under the location encoder.
        points: (k, 2) degrees.
        weights: (k,) not negative; scaled here to sum to 1.
        spread_km: (k,) radius that each point speaks for.
        anchors: The places that the points were spread over.
    """
    total = float(weights.sum())
    if not total > 0:
        raise QueryError("The weights of the alternatives sum to nothing", allowed="at least one weight above 0")
    unit = F.normalize(vectors.float(), dim=1)
    return Evidence(kind, label, unit, weights / total, points, spread_km, anchors)


def own_points(query: Query) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], Tensor]:
    """Points that the question itself names, beyond any gallery.

    Returns:
        (k, 2) degrees, (k,) spread in km, (k, d) vectors; k may be 0.
    """
    named = [part for part in query.evidence if part.points is not None and part.power > 0]
    dim = query.evidence[0].vectors.shape[1]
    if not named:
        return np.zeros((0, 2)), np.zeros(0), torch.zeros(0, dim)
    points = np.concatenate([part.points for part in named if part.points is not None])
    spread = [np.zeros(len(p.weights)) if p.spread_km is None else p.spread_km for p in named]
    return points, np.concatenate(spread), torch.cat([part.vectors for part in named])

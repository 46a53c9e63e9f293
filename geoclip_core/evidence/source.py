"""What a source of evidence is: it looks at a photo or a text, and says where on Earth that may be.

A new source is a class here in ``evidence/`` with one or two methods, and one line in ``evidence/registry.py``.
A piece of evidence is a set of alternatives of one of two kinds: vectors, which are compared with those of points under
the location encoder, or points of the Earth, which are compared by distance. Alternatives add up: a text that may mean
three places is a sum of three probabilities. Independent pieces multiply: a photo and a text, or several photos of one
place. Pieces that exclude each other are put into different groups, and groups add up (``locate/fusion/conflict.py``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch.nn.functional as F
from torch import Tensor

from geoclip_core.earth.coordinates import Floats
from geoclip_core.earth.disk import Disk
from geoclip_core.errors import QueryError
from geoclip_core.model.image_encoder import ImageEncoder
from geoclip_core.photo.decode import Photo
from geoclip_core.photo.preprocess import Preprocess


@dataclass(frozen=True)
class Evidence:
    """One piece of evidence: alternatives of which one is true.

    Attributes:
        kind: What it is, such as visual, text or exif; any word that a source chooses.
        label: One plain sentence for people.
        weights: (k,) float64, one per alternative, summing to 1.
        vectors: (k, d) float32 of length 1, one per alternative; None where the alternatives are points.
        points: (k, 2) degrees, one per alternative; None where the alternatives are vectors.
        spread_km: (k,) how far off each point may be: the standard deviation along each axis, km, above 0.
        disks: The places it names.
        power: Exponent in the product of all evidence, 0 or more; 1 for a full, independent witness.
        stated_latlon: A position that the evidence states outright, as a photo's file does, degrees.
        witness: What it comes from, such as "photo 2" or "the text"; pieces of one witness are never in conflict.
            A source names a part of a photo, such as "the words in its file", where that may disagree with the rest.
        group: Pieces of the same group multiply, groups add up.

    Raises:
        QueryError: Not one weight per alternative, no alternative, both kinds of them or none, or a power out of range.
    """

    kind: str
    label: str
    weights: Floats
    vectors: Tensor | None = None
    points: Floats | None = None
    spread_km: Floats | None = None
    disks: tuple[Disk, ...] = ()
    power: float = 1.0
    stated_latlon: tuple[float, float] | None = None
    witness: str = ""
    group: int = 0

    def __post_init__(self) -> None:
        if (self.vectors is None) == (self.points is None):
            raise QueryError("Evidence holds vectors or points", allowed="one of the two")
        alternatives = self.vectors if self.vectors is not None else self.points
        assert alternatives is not None
        if alternatives.ndim != 2 or len(alternatives) != len(self.weights) or not len(self.weights):
            raise QueryError(
                f"The evidence has alternatives of shape {tuple(alternatives.shape)} and {len(self.weights)} weights",
                allowed="one weight per alternative, at least one",
            )
        if self.points is not None and (self.spread_km is None or not (self.spread_km > 0).all()):
            raise QueryError("A point of the evidence has no spread", allowed="kilometres above 0 for every point")
        if not (np.isfinite(self.power) and self.power >= 0):
            raise QueryError(f"The weight of evidence is {self.power}", allowed="a finite number, 0 or more")


@dataclass(frozen=True)
class EvidenceNote:
    """One piece of evidence in words.

    Attributes:
        kind: As :attr:`Evidence.kind`.
        label: One plain sentence.
        used: Whether the answer rests on it; False where it is only shown beside the answer.
        latlon: A position that it states by itself, degrees.
    """

    kind: str
    label: str
    used: bool = True
    latlon: tuple[float, float] | None = None

    @classmethod
    def of(cls, part: Evidence, *, used: bool = True) -> EvidenceNote:
        """The note on a piece of evidence."""
        return cls(part.kind, part.label, used, part.stated_latlon)


@dataclass(frozen=True)
class Finding:
    """What a source found in one photo or one text.

    Attributes:
        evidence: Pieces of evidence; none where it has nothing to go by.
        reason: A few words on why there is none, to follow "no evidence in this photo: "; "" where the source
            does not look at such things at all.
        warnings: What makes the evidence doubtful, whole sentences.
    """

    evidence: tuple[Evidence, ...] = ()
    reason: str = ""
    warnings: tuple[str, ...] = ()


class EvidenceSource:
    """Base of all sources; a source overrides what it can look at.

    Attributes:
        name: What ``locate(without=...)`` and the registry call it.
        fallback: Whether it is asked only where no source before it had evidence.
    """

    name: str = ""
    fallback: bool = False

    def photo(self, photo: Photo, crops: int = 1) -> Finding:  # noqa: ARG002 - for those that look at photos
        """Evidence in one photo.

        Args:
            photo: The decoded photo.
            crops: 1, or 10 for the paper's ten-crop evaluation; sources with views of their own ignore it.
        """
        return Finding()

    def text(self, text: str) -> Finding:  # noqa: ARG002 - for those that read texts
        """Evidence in one text, cleaned by ``text.cleaning.clean_text``."""
        return Finding()

    @property
    def image_encoder(self) -> tuple[ImageEncoder, Preprocess] | None:
        """The network that looks at pixels in the locator's own space, and what photos go through before it.

        None where there is none, or none whose patches can be told apart; see ``locate.explain``.
        """
        return None


def from_vectors(kind: str, label: str, vectors: Tensor) -> tuple[Evidence, ...]:
    """Evidence of one thing seen several times, such as ten crops of one photo.

    The views are not independent, so together they weigh as much as one: their logits are averaged, as in the
    paper's ten-crop evaluation.

    Args:
        kind: As :attr:`Evidence.kind`.
        label: One plain sentence.
        vectors: (n, d), one per view, of any length.
    """
    unit = F.normalize(vectors.float(), dim=1)
    return tuple(Evidence(kind, label, np.ones(1), unit[i : i + 1], power=1 / len(unit)) for i in range(len(unit)))


def from_points(
    kind: str,
    label: str,
    points: Floats,
    weights: Floats,
    spread_km: Floats,
    disks: tuple[Disk, ...] = (),
) -> Evidence:
    """Evidence that says: it is at one of these points.

    Args:
        kind: As :attr:`Evidence.kind`.
        label: One plain sentence.
        points: (k, 2) degrees.
        weights: (k,) not negative; scaled here to sum to 1.
        spread_km: (k,) how far off each point may be; see :class:`Evidence`.
        disks: The places that the points were spread over.

    Raises:
        QueryError: The weights sum to nothing.
    """
    total = float(weights.sum())
    if not total > 0:
        raise QueryError("The weights of the alternatives sum to nothing", allowed="at least one weight above 0")
    return Evidence(kind, label, weights / total, None, points, spread_km, disks)

"""What a source of evidence is: it looks at a photo or a text, and says where on Earth that may be.

A new source is a class here in ``evidence/`` with one or two methods, and one line in ``evidence/registry.py``.
Alternatives within one piece of evidence add up: a text that may mean three places is a sum of three
probabilities. Independent pieces multiply: a photo and a text, or several photos of one place. Ten crops of a
photo, a text with many meanings, and five photos of one place are therefore all the same code.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
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
        vectors: (k, d) float32 of length 1, one per alternative.
        weights: (k,) float64, summing to 1.
        points: (k, 2) degrees, where each alternative is itself a point of the Earth; else None.
        spread_km: (k,) radius around each such point that it stands for; None where there are no points.
        disks: The places it names.
        power: Exponent in the product of all evidence, 0 or more; 1 for a full, independent witness.
        stated_latlon: A position that the evidence states outright, as a photo's file does, degrees.

    Raises:
        QueryError: Not one weight per vector, no alternative, or a power out of range.
    """

    kind: str
    label: str
    vectors: Tensor
    weights: Floats
    points: Floats | None = None
    spread_km: Floats | None = None
    disks: tuple[Disk, ...] = ()
    power: float = 1.0
    stated_latlon: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if self.vectors.ndim != 2 or len(self.vectors) != len(self.weights) or not len(self.weights):
            raise QueryError(
                f"The evidence has vectors of shape {tuple(self.vectors.shape)} and {len(self.weights)} weights",
                allowed="one weight per vector, at least one",
            )
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
    """

    evidence: tuple[Evidence, ...] = ()
    reason: str = ""


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
    return tuple(Evidence(kind, label, unit[i : i + 1], np.ones(1), power=1 / len(unit)) for i in range(len(unit)))


def from_points(
    kind: str,
    label: str,
    vectors: Tensor,
    points: Floats,
    weights: npt.NDArray[np.float64],
    spread_km: Floats,
    disks: tuple[Disk, ...] = (),
) -> Evidence:
    """Evidence that says: it is at one of these points.

    Args:
        kind: As :attr:`Evidence.kind`.
        label: One plain sentence.
        vectors: (k, d) vectors of the points under the location encoder, of any length.
        points: (k, 2) degrees.
        weights: (k,) not negative; scaled here to sum to 1.
        spread_km: (k,) radius around each point that it stands for.
        disks: The places that the points were spread over.

    Raises:
        QueryError: The weights sum to nothing.
    """
    total = float(weights.sum())
    if not total > 0:
        raise QueryError("The weights of the alternatives sum to nothing", allowed="at least one weight above 0")
    unit = F.normalize(vectors.float(), dim=1)
    return Evidence(kind, label, unit, weights / total, points, spread_km, disks)

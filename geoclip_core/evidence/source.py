"""What a source of evidence is: it looks at a photo or a text, and says where on Earth that may be.

A new source is a class here in ``evidence/`` with one or two methods, and one line in ``evidence/registry.py``.
A piece of evidence is a set of alternatives of one of three kinds: vectors, which are compared with those of points
under the location encoder, points of the Earth, which are compared by distance, or regions of the Earth, in each of
which it may be wherever people take photos. Alternatives add up: a text that may mean three places is a sum of three
probabilities. Independent pieces multiply: a photo and a text, or several photos of one
place. Pieces that exclude each other are put into different groups, and groups add up (``locate/fusion/conflict.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch.nn.functional as F
from torch import Tensor

from geoclip_core.earth.coordinates import Floats
from geoclip_core.earth.disk import Disk
from geoclip_core.earth.regions import Region
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
        vectors: (k, d) float32 of length 1, one per alternative; None where the alternatives are of another kind.
        points: (k, 2) degrees, one per alternative; None where the alternatives are of another kind.
        spread_km: (k,) how far off each point may be: the standard deviation along each axis, km, above 0.
        disks: The places it names.
        power: Exponent in the product of all evidence, 0 or more; 1 for a full, independent witness.
        stated_latlon: A position that the evidence states outright, as a photo's file does, degrees.
        witness: What it comes from, such as "photo 2" or "the text"; pieces of one witness are never in conflict.
            A source names a part of a photo, such as "the words in its file", where that may disagree with the rest.
        group: Pieces of the same group multiply, groups add up.
        region_share: Share of belief that lay in the region before the source looked there only, in (0, 1]; 1 where
            it looked at the whole Earth.
        alternative: (k,) number of the alternative that each point belongs to, where several points stand for one
            place; None where each is one by itself.
        calibrated_as: The name in a calibration, where it is not ``kind``, such as ``text: exact``; None for a position
            that is stated, which is not recalibrated.
        prior_share: Probability, in [0, 1), that it says nothing at all: what a calibration found.
        regions: (k,) regions, one per alternative; None where the alternatives are of another kind.
        reliability: Probability r that the evidence speaks of this place at all, above 0, up to 1: else it says
            nothing, so that its density is ``r f + (1 - r) prior`` and cannot beat everything else.
        band: Name of the confidence band, in ``assets/reliability.json``, that the reliability comes from.

    Raises:
        QueryError: Not one weight per alternative, no alternative, several kinds of them or none, or a power or a
            reliability out of range.
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
    region_share: float = 1.0
    alternative: npt.NDArray[np.int64] | None = None
    calibrated_as: str | None = ""
    prior_share: float = 0.0
    regions: tuple[Region, ...] | None = None
    reliability: float = 1.0
    band: str = ""

    @property
    def family(self) -> str:
        """Name in a calibration; "" where it is never recalibrated."""
        return "" if self.calibrated_as is None else self.calibrated_as or self.kind

    def __post_init__(self) -> None:
        kinds = [kind for kind in (self.vectors, self.points, self.regions) if kind is not None]
        if len(kinds) != 1:
            raise QueryError("Evidence holds vectors, points or regions", allowed="one of the three")
        shape = (len(kinds[0]),) if isinstance(kinds[0], tuple) else tuple(kinds[0].shape)
        if len(shape) != (1 if self.regions is not None else 2) or shape[0] != len(self.weights) or not shape[0]:
            raise QueryError(
                f"The evidence has alternatives of shape {shape} and {len(self.weights)} weights",
                allowed="one weight per alternative, at least one",
            )
        if self.points is not None and (self.spread_km is None or not (self.spread_km > 0).all()):
            raise QueryError("A point of the evidence has no spread", allowed="kilometres above 0 for every point")
        if not (np.isfinite(self.power) and self.power >= 0):
            raise QueryError(f"The weight of evidence is {self.power}", allowed="a finite number, 0 or more")
        if not 0 < self.reliability <= 1:
            raise QueryError(f"The reliability of evidence is {self.reliability}", allowed="above 0, up to 1")


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
class Offer:
    """Words that a source read in a photo, which a person can make a clue by asking them as text.

    Attributes:
        text: The words as read.
        box: Four corners around them in pixels of the upright photo, (x, y) from its upper left.
        score: How surely they were read, 0 to 1.
        names: What they may name, likeliest first; none where nothing is known by that name.
        used: Whether the answer rests on them already.
    """

    text: str
    box: tuple[tuple[float, float], ...]
    score: float
    names: tuple[str, ...] = ()
    used: bool = False


@dataclass(frozen=True)
class Finding:
    """What a source found in one photo or one text.

    Attributes:
        evidence: Pieces of evidence; none where it has nothing to go by.
        reason: A few words on why there is none, to follow "no evidence in this photo: "; "" where the source
            does not look at such things at all.
        warnings: What makes the evidence doubtful, whole sentences.
        offers: What it read, for a person to judge.
        notes: What a careful reader should know of it, whole sentences.
    """

    evidence: tuple[Evidence, ...] = ()
    reason: str = ""
    warnings: tuple[str, ...] = ()
    offers: tuple[Offer, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Report:
    """That a source was asked about a photo or a text, and what came of it.

    Attributes:
        source: Its name.
        about: What it was asked about, such as "photo 2" or "the text".
        outcome: "used", "shown" beside the answer, "nothing", "unneeded" where a stronger source had spoken, or "left
            out" by the caller.
        reason: A few words on why it had nothing to say.
        offers: What it read.
        best_latlon: Where it would be by this source alone, degrees; None where it said nothing.
    """

    source: str
    about: str
    outcome: str
    reason: str = ""
    offers: tuple[Offer, ...] = ()
    best_latlon: tuple[float, float] | None = None


class EvidenceSource:
    """Base of all sources; a source overrides what it can look at.

    Of many photos, each is asked about in a thread of its own. A source that is much faster on many at a time
    overrides ``view`` and ``look`` instead of ``photo``.

    Attributes:
        name: What ``locate(without=...)`` and the registry call it.
        fallback: Whether it is asked only where no source before it had evidence.
        reads_file: Whether it goes by what a photo's file says of itself, which is no evidence for just that claim.
        beside: Names of sources whose evidence does not make a fallback unneeded.
    """

    name: str = ""
    fallback: bool = False
    reads_file: bool = False
    beside: frozenset[str] = frozenset()

    def photo(self, photo: Photo, crops: int = 1) -> Finding:
        """Evidence in one photo.

        Args:
            photo: The decoded photo.
            crops: 1, or 10 for the paper's ten-crop evaluation; sources with views of their own ignore it.
        """
        seen = self.view(photo, crops)
        return seen if isinstance(seen, Finding) else self.look([seen])[0]

    def view(self, photo: Photo, crops: int = 1) -> Any:
        """What of a photo this source looks at, small enough to be held for many photos; or what it found at once.

        Several threads call this at a time, each for another photo.

        Args:
            photo: As for :meth:`photo`.
            crops: As for :meth:`photo`.

        Returns:
            A view, for :meth:`look`, from which evidence will come: a fallback is then not asked. Or a finding.
        """
        return self.photo(photo, crops) if type(self).photo is not EvidenceSource.photo else Finding()

    def look(self, views: Sequence[Any]) -> list[Finding]:
        """What is found in the views of several photos, each as if it were alone.

        Args:
            views: What :meth:`view` returned, at least one.
        """
        raise NotImplementedError

    def text(self, text: str, region: Region | None = None) -> Finding:  # noqa: ARG002 - for those that read texts
        """Evidence in one text.

        Args:
            text: Cleaned by ``text.cleaning.clean_text``.
            region: Where the search is restricted to. The answer is restricted afterwards in any case; a source that
                ranks names looks there first, and says so by :attr:`Evidence.region_share`.
        """
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
    alternative: npt.NDArray[np.int64] | None = None,
) -> Evidence:
    """Evidence that says: it is at one of these points.

    Args:
        kind: As :attr:`Evidence.kind`.
        label: One plain sentence.
        points: (k, 2) degrees.
        weights: (k,) not negative; scaled here to sum to 1.
        spread_km: (k,) how far off each point may be; see :class:`Evidence`.
        disks: The places that the points were spread over.
        alternative: (k,) number of the place that each point belongs to; see :class:`Evidence`.

    Raises:
        QueryError: The weights sum to nothing.
    """
    total = float(weights.sum())
    if not total > 0:
        raise QueryError("The weights of the alternatives sum to nothing", allowed="at least one weight above 0")
    return Evidence(kind, label, weights / total, None, points, spread_km, disks, alternative=alternative)


def from_regions(
    kind: str, label: str, regions: Sequence[Region], weights: Sequence[float], reliability: float
) -> Evidence:
    """Evidence that says: it is in one of these regions, wherever people take photos there.

    Args:
        kind: As :attr:`Evidence.kind`.
        label: One plain sentence.
        regions: One or more; they may overlap.
        weights: One per region, not negative; scaled here to sum to 1.
        reliability: As :attr:`Evidence.reliability`.

    Raises:
        QueryError: The weights sum to nothing, or the reliability is out of range.
    """
    total = float(sum(weights))
    if not total > 0:
        raise QueryError("The weights of the alternatives sum to nothing", allowed="at least one weight above 0")
    return Evidence(kind, label, np.array(weights, float) / total, regions=tuple(regions), reliability=reliability)

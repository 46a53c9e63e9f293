"""How a gallery of many million points takes part in an answer: its most similar points, and a sample of the rest.

A probability sums to 1 over all N points of the gallery, and nobody compares a question with a hundred million of
them. The k points that a search finds, the head, count one each. The others are estimated from a random sample of the
gallery, drawn once: those of its S points that are not in the head stand for the N - k others in equal parts. As the
head is chosen without looking at the sample, what is left of the sample is a uniform sample of the rest, and the sum
over it is unbiased whatever the search has missed (Rastogi and Van Durme 2015,
Sublinear Partition Estimation).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from geoclip_core.earth.coordinates import Floats
from geoclip_core.locate.large.search import PointSearch, Rows
from geoclip_core.locate.query import Query

SAMPLE_POINTS = 100_000
"""As many as the released gallery has rows."""

HEAD_POINTS = 1000
"""Most similar points of each vector that is asked about."""

_SEED = 0  # the same sample every time


@dataclass(frozen=True)
class Head:
    """The points of a large gallery that a question is compared with one by one.

    Attributes:
        latlon: (m, 2) float64 degrees, distinct.
        weights: (m,) how many points of the gallery each stands for, in units of N / S points.
        rest: (n,) weight of each point of the sample, in the same units; all weights sum to S.
    """

    latlon: Floats
    weights: Floats
    rest: Floats


@dataclass(frozen=True, eq=False)
class LargerGallery:
    """The large gallery that a small one is a sample of.

    Attributes:
        key: Tells it from other galleries.
        latlon: (N, 2) float32 degrees.
        search: Finds points by vectors.
        rows: (S,) of the sample.
        places: (S,) point of the small gallery that each became; equal ones are one point.
        count: Points of the small gallery.
    """

    key: str
    latlon: npt.NDArray[np.float32]
    search: PointSearch
    rows: Rows
    places: Rows
    count: int

    def __len__(self) -> int:
        return len(self.latlon)

    def head(self, query: Query, k: int = HEAD_POINTS) -> Head | None:
        """The points most similar to a question, with what the sample then stands for.

        Args:
            query: The question.
            k: Points for each vector of it.

        Returns:
            None where no evidence is compared by vectors.
        """
        vectors = asked_vectors(query)
        if vectors is None:
            return None
        found = np.unique(self.search.search(vectors, k).rows)
        left = ~np.isin(self.rows, found)
        unit = len(self.rows) / len(self)
        share = (len(self) - len(found)) / max(int(left.sum()), 1) * unit
        latlon, counts = np.unique(self.latlon[found].astype(np.float64), axis=0, return_counts=True)
        rest = np.bincount(self.places[left], minlength=self.count)
        return Head(latlon, counts.astype(np.float64) * unit, rest.astype(np.float64) * share)


def sample_rows(count: int) -> Rows:
    """Rows of the sample of a gallery, rising: all of a small gallery."""
    drawn = np.random.default_rng(_SEED).choice(count, min(count, SAMPLE_POINTS), replace=False, shuffle=False)
    return np.sort(drawn.astype(np.int64))


def asked_vectors(query: Query) -> Tensor | None:
    """Directions in which the density of a question rises: (m, d) of length 1, or None where it has no vectors.

    Vectors that multiply, such as ten crops or a photo and a sentence, are one direction: the sum of their cosines,
    each times its power, is the product with the sum of the vectors.
    """
    found: list[Tensor] = []
    for group in sorted({part.group for part in query.evidence}):
        own = [part for part in query.evidence if part.group == group and part.vectors is not None and part.power > 0]
        single = [part.power * part.vectors for part in own if part.vectors is not None and len(part.vectors) == 1]
        if single:
            found.append(torch.stack(single).sum(dim=0))
        found += [part.vectors for part in own if part.vectors is not None and len(part.vectors) > 1]
    return F.normalize(torch.cat(found).float(), dim=1) if found else None

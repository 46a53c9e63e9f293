"""CPlaNet's sets of classes: neighbouring cells merged, the least heavy first, until so many classes are left."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from geoclip_core.earth.cells import Partition
from geoclip_core.earth.coordinates import Floats, unit_vectors
from geoclip_core.rivals.contract import Features

NEIGHBOURS = 6  # cells that a cell may be merged with at first, besides those it is such a neighbour of


@dataclass(frozen=True)
class Merge:
    """How one set is made; CPlaNet, section 3 (all recalled: the paper's text was not at hand).

    Attributes:
        classes: How many are left, in multiples of the cells of PlaNet's partition.
        images: Share of the number of photos in a class's weight.
        cells: Share of the number of squares with photos; the rest is the share of its area.
        visual: Share of the visual distance in the length of an edge; the rest is the distance on the ground.
    """

    classes: float
    images: float
    cells: float
    visual: float


# Sizes in proportion to 9,969, 9,969, 12,977, 12,333 and 11,262 classes; shares varied. All recalled.
PAPER_SETS = (
    Merge(1.0, 0.7, 0.3, 0.5),
    Merge(1.0, 1.0, 0.0, 0.5),
    Merge(1.3, 0.3, 0.7, 0.5),
    Merge(1.24, 0.1, 0.1, 0.0),
    Merge(1.13, 0.0, 1.0, 0.0),
)


def merged_classes(
    base: Partition, latlon: Floats, features: Features, merge: Merge, count: int
) -> npt.NDArray[np.int64]:
    """Merge the squares of a base partition into classes that hang together.

    Again and again the class of the lowest weight is merged with the neighbour at the end of its shortest edge. Weight
    and edge are as :class:`Merge` says, each part divided by its mean over the squares; where classes are merged, their
    photos, squares and areas add up, and their mean feature and mean place are those of all their photos.

    Args:
        base: b squares.
        latlon: (n, 2) degrees, the places of training.
        features: (n, d), for the visual distance: 1 minus the cosine of mean features.
        merge: How.
        count: Classes to be left, at least 1; more are left where the graph falls apart into more pieces.

    Returns:
        (b,) class of each square, 0 and up without gaps.
    """
    square = base.locate(latlon)
    inside = square >= 0
    places, looks = np.zeros((len(base), 3)), np.zeros((len(base), features.shape[1]))
    np.add.at(places, square[inside], unit_vectors(latlon)[inside])
    np.add.at(looks, square[inside], features[inside].astype(np.float64))
    images, cells, areas = base.counts.astype(np.float64), np.ones(len(base)), base.areas_sr.copy()
    scales = images.mean(), 1.0, areas.mean()
    neighbours = _graph(places)

    def length(a: int, b: int) -> float:
        ground = float(np.arccos(np.clip(_cosine(places[a], places[b]), -1, 1)))
        return (1 - merge.visual) * ground / usual[0] + merge.visual * (1 - _cosine(looks[a], looks[b])) / usual[1]

    def weight(a: int) -> float:
        rest = 1 - merge.images - merge.cells
        parts = merge.images * images[a] / scales[0], merge.cells * cells[a] / scales[1], rest * areas[a] / scales[2]
        return float(sum(parts))

    pairs = [(a, b) for a, others in enumerate(neighbours) for b in others if a < b]
    usual = (
        max(
            1e-12, float(np.mean([np.arccos(np.clip(_cosine(places[a], places[b]), -1, 1)) for a, b in pairs] or [1.0]))
        ),
        max(1e-12, float(np.mean([1 - _cosine(looks[a], looks[b]) for a, b in pairs] or [1.0]))),
    )
    owner = np.arange(len(base))  # the class that a class was merged into
    version = np.zeros(len(base), dtype=np.int64)
    heap = [(weight(a), a, 0) for a in range(len(base))]
    heapq.heapify(heap)
    left = len(base)
    while left > count and heap:
        _, a, seen = heapq.heappop(heap)
        if owner[a] != a or seen != version[a] or not neighbours[a]:
            continue  # merged or changed since, or alone in its piece of the graph
        b = min(neighbours[a], key=lambda other: (length(a, other), other))
        for totals in (places, looks, images, cells, areas):
            totals[b] += totals[a]
        for other in neighbours.pop_all(a):
            neighbours.join(b, other)
        owner[a] = b
        version[b] += 1
        heapq.heappush(heap, (weight(b), b, int(version[b])))
        left -= 1
    return np.unique([_root(owner, a) for a in range(len(base))], return_inverse=True)[1].astype(np.int64)


class _Neighbours(list[set[int]]):
    """Neighbours of each class, both ways."""

    def pop_all(self, a: int) -> list[int]:
        """Take a class out of the graph, and return its neighbours."""
        others = sorted(self[a])
        for other in others:
            self[other].discard(a)
        self[a] = set()
        return others

    def join(self, a: int, b: int) -> None:
        if a != b:
            self[a].add(b)
            self[b].add(a)


def _graph(places: Floats) -> _Neighbours:
    """The nearest cells of each, both ways."""
    unit = places / np.linalg.norm(places, axis=1, keepdims=True)
    _, near = cKDTree(unit).query(unit, k=min(NEIGHBOURS + 1, len(unit)))
    graph = _Neighbours(set() for _ in range(len(unit)))
    for a, others in enumerate(near.reshape(len(unit), -1).tolist()):
        for b in others:
            graph.join(a, b)
    return graph


def _cosine(a: Floats, b: Floats) -> float:
    return float(a @ b / max(1e-12, float(np.sqrt((a @ a) * (b @ b)))))


def _root(owner: npt.NDArray[np.int64], a: int) -> int:
    while owner[a] != a:
        a = int(owner[a])
    return a

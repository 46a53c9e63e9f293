"""Systems of classes: the hierarchy's product, overlapping sets, and CPlaNet's merging."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from geoclip_core.earth.cells import adaptive_partition
from geoclip_core.earth.coordinates import unit_vectors
from geoclip_core.rivals.cells.cplanet import CPlaNet
from geoclip_core.rivals.cells.merging import NEIGHBOURS, PAPER_SETS, merged_classes
from geoclip_core.rivals.cells.system import CellSystem, nested_system
from geoclip_core.rivals.contract import Photos
from tests.rivals.conftest import fitted, smooth_photos


@pytest.fixture(scope="module")
def nested() -> CellSystem:
    return nested_system(smooth_photos(500, 1)[1], (50, 20, 10), 2)


def random_logs(system: CellSystem) -> list[torch.Tensor]:
    chance = torch.Generator().manual_seed(0)
    return [torch.log_softmax(torch.randn(4, size, generator=chance).double(), 1) for size in system.sizes]


def test_the_hierarchy_is_the_product_of_a_cell_and_its_ancestors(nested: CellSystem) -> None:
    logs = random_logs(nested)
    found = nested.product(logs).exp()
    assert found.sum(1) == pytest.approx(1)
    coarse, middle, fine = (each.exp().numpy() for each in logs)
    slow = np.array([[fine[m, c] * middle[m, b] * coarse[m, a] for a, b, c in nested.parents.T] for m in range(4)])
    assert found.numpy() == pytest.approx(slow / slow.sum(axis=1, keepdims=True))


def test_even_ancestors_change_nothing_and_an_impossible_one_excludes_its_cells(nested: CellSystem) -> None:
    coarse, middle, fine = random_logs(nested)
    even = [torch.full_like(each, -np.log(each.shape[1])) for each in (coarse, middle)]
    assert nested.product([*even, fine]) == pytest.approx(fine[:, nested.parents[2]])
    coarse[:, 0] = -torch.inf
    excluded = nested.parents[0] == 0
    found = nested.product([coarse, middle, fine]).exp()
    assert excluded.any()
    assert (found[:, excluded] == 0).all()
    assert found.sum(1) == pytest.approx(1)


def test_nested_sets_make_no_finer_classes_and_overlapping_ones_do(nested: CellSystem) -> None:
    assert nested.parents.shape[1] == max(nested.sizes)
    rival = fitted("cplanet")
    assert isinstance(rival, CPlaNet)
    count = rival.system.parents.shape[1]
    assert max(rival.system.sizes) < count <= min(len(rival.system.base), np.prod(rival.system.sizes))
    assert rival.system.classes.shape == (len(rival.system.sizes), len(rival.system.base))  # one class each
    assert rival.system.classes.min() == 0
    assert rival.system.areas_sr.sum() == pytest.approx(rival.system.base.areas_sr.sum(), abs=1e-12)


def test_a_fine_class_collects_the_votes_of_all_classes_that_hold_it(nested: CellSystem) -> None:
    logs = random_logs(nested)
    votes = sum(each.exp().numpy()[:, parent] for each, parent in zip(logs, nested.parents, strict=True))
    assert nested.vote(logs).exp().numpy() == pytest.approx(votes / votes.sum(axis=1, keepdims=True))


@pytest.mark.parametrize("merge", PAPER_SETS)
def test_merged_classes_hang_together(merge: object) -> None:
    features, latlon = smooth_photos(300, 1)
    base = adaptive_partition(latlon, 3)
    classes = merged_classes(base, latlon, features, merge, 20)  # type: ignore[arg-type]
    assert len(np.unique(classes)) == 20
    assert classes.shape == (len(base),)
    places = unit_vectors(base.centroids(latlon))
    near = cKDTree(places).query(places, k=NEIGHBOURS + 1)[1][:, 1:]
    edges = [(a, b) for a, others in enumerate(near) for b in others if classes[a] == classes[b]]
    rows, columns = np.array(edges).T
    graph = coo_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(base),) * 2)
    assert connected_components(graph, directed=False)[0] == 20


def test_a_fine_answer_lies_within_all_of_its_classes() -> None:
    rival = fitted("cplanet")
    assert isinstance(rival, CPlaNet)
    features, _ = smooth_photos(20, 3)
    best = rival.fine_log_probability(Photos.checked(features)).argmax(axis=1)
    square = np.array([np.flatnonzero(rival.system.fine == class_)[0] for class_ in best])
    assert np.array_equal(rival.system.classes[:, square], rival.system.parents[:, best])

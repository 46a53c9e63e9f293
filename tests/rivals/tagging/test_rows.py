"""Rows of the NUS-WIDE table: their properties, and that each learns what a position tells."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from geoclip_core.earth.distance import destination, great_circle_km
from geoclip_core.errors import DataError
from geoclip_core.evaluation.downstream.photos import TaggedPhotos, tag_matrix
from geoclip_core.evaluation.downstream.scores import chance_precision, mean_average_precision
from geoclip_core.rivals.encoders import build_encoder
from geoclip_core.rivals.tagging.classifier import Schooling, TagClassifier
from geoclip_core.rivals.tagging.gps2vec import ZoneNetworks, ZoneTraining, known_zones, tag_context
from geoclip_core.rivals.tagging.neighbours import NEAREST, hashtags, nearest_photos, tag_features
from geoclip_core.rivals.tagging.rows import PUBLISHED, WITH_V_ONLY, gps2vec_onehot, one_hot, score_row
from tests.rivals.tagging.tasks import TOWNS, town_task

SCHOOL = Schooling(hidden=32, epochs=25, dropout=0.0)


@pytest.fixture(scope="module")
def towns() -> TaggedPhotos:
    return town_task()


@pytest.mark.parametrize("visual", [False, True])
@pytest.mark.parametrize("row", PUBLISHED)
def test_every_row_learns_what_a_position_tells(towns: TaggedPhotos, row: str, visual: bool) -> None:
    encoder = build_encoder("geoclip_random", rows=16, width=32, dim=16)
    if row in WITH_V_ONLY and not visual:
        with pytest.raises(DataError, match="defined with visual features only"):
            score_row(row, towns, 0, visual=visual, schooling=SCHOOL)
        return
    scores = score_row(row, towns, 0, visual=visual, encoder=encoder, schooling=SCHOOL)
    reached = mean_average_precision(scores, towns.labels[towns.test])[0]
    assert scores.shape == (60, 4)
    assert np.isfinite(scores).all()
    assert chance_precision(towns.labels[towns.test]) == pytest.approx(0.25)
    # Pixels alone tell two pairs of towns apart, a zone does not tell the two French towns apart.
    least = {("V", True): 0.4, ("OneHot", False): 0.65, ("GPS2Vec onehot", False): 0.55, ("GPS2Vec onehot", True): 0.6}
    assert reached > least.get((row, visual), 0.9)


def test_rows_that_need_what_a_task_lacks_say_so(towns: TaggedPhotos) -> None:
    plain = replace(towns, visual=None)
    for row in ("GPS2Vec+", "V"):
        with pytest.raises(DataError, match=f"row {row.replace('+', '.')} needs visual features"):
            score_row(row, plain, 0, visual=row == "V")
    with pytest.raises(DataError, match=r"no row 'GPS3Vec'\. Allowed: V, OneHot"):
        score_row("GPS3Vec", plain, 0, visual=False)


@pytest.mark.slow
def test_no_label_or_tag_of_a_test_photo_is_read(towns: TaggedPhotos) -> None:
    words = towns.tags.tolil(copy=True)
    words[towns.test] = 0
    labels = towns.labels.copy()
    labels[towns.test] = False
    blind = replace(towns, tags=words.tocsr(), labels=labels)
    encoder = build_encoder("sphere_c_plus")
    for row in PUBLISHED:
        a, b = (score_row(row, task, 1, visual=True, encoder=encoder, schooling=SCHOOL) for task in (towns, blind))
        assert np.array_equal(a, b), row


def test_a_photo_does_not_see_its_own_tag_nor_that_of_its_copies() -> None:
    latlon = destination((10.0, 10.0), np.arange(40) * 9.0, np.linspace(0, 20, 40))
    words = [["common"] for _ in range(40)]
    words[3] = words[4] = ["unique", "common"]
    groups = np.arange(40)
    groups[4] = 3
    train, test = np.arange(30), np.arange(30, 40)
    task = TaggedPhotos(
        "x", latlon, np.zeros((40, 1), bool), ("a",), tag_matrix(words, train, least=1), train, test, groups
    )
    unique = 1  # the rarer of two tags
    assert task.tags[:, unique].sum() == 2
    for found in (hashtags(task).reshape(40, 4, 2)[:, :, unique], tag_features(task, 25.0)[:, unique][:, None]):
        assert not found[[3, 4]].any()
        assert found[5:].any()


def test_neighbours_are_the_nearest_across_the_antimeridian_and_an_isolated_place_has_some() -> None:
    task = town_task()
    latlon = task.latlon.copy()
    latlon[0], latlon[1], latlon[159] = [0.0, 179.9], [0.0, -179.9], [-80.0, 0.0]
    task = replace(task, latlon=latlon)
    rows, km = nearest_photos(task, 5)
    assert task.train[rows[0, 0]] == 1
    assert km[0, 0] == pytest.approx(great_circle_km(latlon[0], latlon[1]))
    whole = great_circle_km(latlon[:, None], latlon[task.train])
    whole[task.train, np.arange(len(task.train))] = np.inf
    assert np.allclose(np.sort(whole, axis=1)[:, :5], km)
    for found in (hashtags(task), tag_features(task, 25.0)):
        assert np.isfinite(found).all()
        assert found[159].any()
    assert nearest_photos(task, NEAREST)[0].shape == (160, 100)


def test_one_hot_rows_change_with_the_cell_only(towns: TaggedPhotos) -> None:
    moved = replace(towns, latlon=destination(towns.latlon, 90.0, np.full(160, 1.0)))
    (before,), (after,) = one_hot(towns, 0), one_hot(moved, 0)
    assert np.array_equal(before, after)
    assert before.shape == (160, 3)
    far = towns.latlon.copy()
    far[159] = [10.0, 10.0]
    assert not one_hot(replace(towns, latlon=far), 0)[0][159].any()
    cells = gps2vec_onehot(towns, 0)[0]
    assert set(cells.sum(axis=1)) <= {0.0, 1.0}
    assert (cells[towns.train].sum(axis=1) == 1).all()


def test_gps2vec_changes_smoothly_and_zones_share_nothing(towns: TaggedPhotos) -> None:
    training = ZoneTraining(steps=60)
    found = tag_context(towns, training)
    assert np.allclose(found.sum(axis=1), 1, atol=1e-5)
    zones, use, elsewhere = known_zones(towns)
    assert (len(zones), elsewhere) == (3, 0)
    latlon = towns.latlon.copy()
    latlon[towns.test] = destination(latlon[towns.test], 90.0, np.full(60, 0.1))
    step = np.abs(tag_context(replace(towns, latlon=latlon), training) - found)[towns.test].max()
    assert 0 < step < 0.05
    nets = ZoneNetworks(3, 400, 8, 5)
    nets(torch.rand(3, 2, 400))[1].sum().backward()
    for part in nets.parameters():
        assert part.grad[1].any()
        assert not part.grad[[0, 2]].any()
    lonely = towns.latlon.copy()
    lonely[159] = TOWNS[2] + [0, 12.0]
    zones, use, elsewhere = known_zones(replace(towns, latlon=lonely))
    assert elsewhere == 1
    assert use[159] == use[2]


@pytest.mark.parametrize(("town_of_its_own", "networks"), [(24, 1), (20, 9)])
def test_a_zone_needs_photos_unless_such_zones_hold_less_than_half(town_of_its_own: int, networks: int) -> None:
    """One zone has most of 48 training photos, or less than half; the others have 4 or less each."""
    apart = np.array([[-60.0, 3.0], [-60, 33], [-60, 63], [-60, 93], [60, 3], [60, 33], [60, 63], [60, 93]])
    latlon = np.concatenate([np.tile([[1.0, 1.0]], (town_of_its_own, 1)), apart[np.arange(48 - town_of_its_own) % 8]])
    rows = np.arange(49)
    latlon, train = np.concatenate([latlon, latlon[:1]]), rows[:48]
    words = tag_matrix([["t"]] * 49, train)
    task = TaggedPhotos("x", latlon, np.ones((49, 1), bool), ("a",), words, train, rows[48:], rows)
    zones, use, elsewhere = known_zones(task)
    assert len(zones) == networks
    assert elsewhere == (48 - town_of_its_own if networks == 1 else 0)
    assert len(set(use.tolist())) == networks


def test_attention_weighs_two_contexts_and_blocks_are_standardised_by_themselves() -> None:
    torch.manual_seed(0)
    net = TagClassifier((3, 5, 2), 4, 32, 0.0, attention=True)
    blocks = [torch.randn(50, 3) * 1000 + 7, torch.randn(50, 5) * 1e-3, torch.randn(50, 2)]
    net(*blocks)
    for norm in net.norms:
        norm.eval()
    assert net(*blocks).shape == (50, 4)
    again = net(blocks[0] * 1, blocks[1], blocks[2] + 0.0)
    torch.testing.assert_close(again, net(*blocks))
    assert net.norms[0](blocks[0]).std(dim=0).tolist() == pytest.approx([1, 1, 1], abs=0.05)

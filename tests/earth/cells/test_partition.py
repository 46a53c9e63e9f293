"""Adaptive partitions: bounds, uniqueness, nesting, and the published numbers of cells in proportion."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from geoclip_core.earth.cells import adaptive_partition
from geoclip_core.earth.cells.partition import PAPER_LEAST, PAPER_MOST
from geoclip_core.earth.distance import destination, great_circle_km
from geoclip_core.errors import CoordinateError


@pytest.fixture(scope="module")
def photos() -> np.ndarray:
    """Many in two towns, some everywhere."""
    chance = np.random.default_rng(0)
    towns = [
        destination(town, chance.uniform(0, 360, 800), 300 * chance.uniform(0, 1, 800) ** 2)
        for town in ((48.9, 2.4), (-16.5, 179.9))
    ]
    everywhere = np.stack([np.degrees(np.arcsin(chance.uniform(-1, 1, 400))), chance.uniform(-180, 180, 400)], axis=1)
    return np.concatenate([*towns, everywhere])


@pytest.mark.parametrize(("most", "least"), [(100, 5), (20, 0), (1, 0), (5000, 50)])
def test_counts_are_within_their_bounds_and_true(photos: np.ndarray, most: int, least: int) -> None:
    partition = adaptive_partition(photos, most, least)
    assert partition.counts.max() <= most
    assert partition.counts.min() > least
    cell = partition.locate(photos)
    assert np.array_equal(np.bincount(cell[cell >= 0], minlength=len(partition)), partition.counts)
    if not least:
        assert (cell >= 0).all()


def test_every_point_of_the_earth_is_in_one_cell_where_none_is_dropped(photos: np.ndarray) -> None:
    everywhere = np.concatenate([photos, destination((0.0, 0.0), np.arange(3600) / 10, np.arange(3600) * 5.56)])
    partition = adaptive_partition(everywhere, 30)
    assert (partition.locate(everywhere) >= 0).all()
    assert partition.areas_sr.sum() <= 4 * np.pi + 1e-12


def test_finer_partitions_nest_in_coarser_ones(photos: np.ndarray) -> None:
    coarse, fine = adaptive_partition(photos, 100, 3), adaptive_partition(photos, 20, 3)
    parents = fine.parents_in(coarse)
    assert (parents >= 0).all()
    assert np.array_equal(
        parents[fine.locate(photos)[fine.locate(photos) >= 0]], coarse.locate(photos)[fine.locate(photos) >= 0]
    )
    assert (np.bincount(parents, fine.areas_sr, len(coarse)) <= coarse.areas_sr + 1e-12).all()
    assert (coarse.parents_in(fine) == -1).any()


def test_allowing_more_photos_never_makes_more_cells(photos: np.ndarray) -> None:
    sizes = [len(adaptive_partition(photos, 2**power)) for power in range(10)]
    assert sizes == sorted(sizes, reverse=True)


def test_crowded_places_have_small_cells(photos: np.ndarray) -> None:
    partition = adaptive_partition(photos, 20)
    areas = partition.areas_sr[partition.locate(photos)]
    assert np.median(areas[:1600]) < np.median(areas[1600:]) / 100


def test_photos_of_one_spot_stay_together_and_centroids_cross_the_antimeridian() -> None:
    spot = np.repeat([[10.0, 20.0]], 30, axis=0)
    assert len(adaptive_partition(spot, 1)) == 1
    pair = np.array([[0.0, 179.999995], [0.0, -179.999995]])  # a metre apart
    partition = adaptive_partition(pair, 5, start_level=0)
    assert len(partition) == 1
    assert great_circle_km(partition.centroids(pair)[0], (0.0, 180.0)) < 0.001


@pytest.mark.parametrize("turn", [90.0, 180.0, 270.0])
def test_the_antimeridian_is_a_meridian_like_any_other(photos: np.ndarray, turn: float) -> None:
    """The cube of the squares turns into itself by quarters, so that places turned with it are divided alike."""
    turned = np.stack([photos[:, 0], (photos[:, 1] + turn + 180) % 360 - 180], axis=1)
    plain, other = adaptive_partition(photos, 20, 2), adaptive_partition(turned, 20, 2)
    where, there = plain.locate(photos), other.locate(turned)
    assert len(plain) == len(other)
    assert np.array_equal(where >= 0, there >= 0)
    kept = where >= 0
    assert len(np.unique(np.stack([where[kept], there[kept]]), axis=1).T) == len(plain)  # the same photos together
    assert plain.areas_sr[where[kept]] == pytest.approx(other.areas_sr[there[kept]], rel=1e-9)


def test_nonsense_is_refused() -> None:
    with pytest.raises(CoordinateError, match="5 to 5 points"):
        adaptive_partition([[0, 0]], 5, 5)
    with pytest.raises(CoordinateError, match="holds more than 2"):
        adaptive_partition([[0, 0]], 5, 2)


@pytest.mark.slow
def test_the_published_numbers_of_cells_are_approached(shared_data: Path) -> None:
    """A sample of MP-16, and limits in proportion to it: 3,298, 7,202 and 12,893 cells of 4,723,695 photos."""
    latlon = np.load(shared_data / "coordinates" / "mp16_gallery_500k.npy")
    share = len(latlon) / 4_723_695
    found = [len(adaptive_partition(latlon, round(most * share), round(PAPER_LEAST * share))) for most in PAPER_MOST]
    assert found == pytest.approx([3_298, 7_202, 12_893], rel=0.05), found

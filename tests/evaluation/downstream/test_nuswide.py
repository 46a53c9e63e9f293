"""The loader on a synthetic tree of NUS-WIDE's layout: 12 photos, 3 concepts, one damaged line, Windows line ends."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from geoclip_core.errors import DataError
from geoclip_core.evaluation.downstream.nuswide import read_nuswide
from tests.evaluation.downstream.nuswide_tree import CONCEPTS, write_tree


def test_the_split_labels_tags_and_positions_are_those_of_the_tree(tmp_path: Path) -> None:
    task = read_nuswide(tmp_path, write_tree(tmp_path), tmp_path / "bow.dat")
    assert (len(task.latlon), task.label_names) == (11, CONCEPTS)
    assert (task.train.tolist(), task.test.tolist()) == (list(range(8)), [8, 9, 10])
    assert task.visual.shape == (11, 6)
    assert np.array_equal(task.labels[:, 0], task.latlon[:, 0] > 20)
    assert np.array_equal(task.labels[:, 2], task.latlon[:, 0] < 20)
    assert task.tags.shape == (11, 5)  # ice, cold, palm, hot, photo
    assert any("Labels_lake_Train.txt, line 3 holds '-1130179'" in note for note in task.notes)
    assert any("11 of 12 photos have a position" in note for note in task.notes)


def test_damage_without_the_other_file_is_told_with_its_line(tmp_path: Path) -> None:
    positions = write_tree(tmp_path, everything=False)
    with pytest.raises(DataError, match=r"lake_Train.txt, line 3 holds '-1130179'.*Allowed: 0 or 1.*AllLabels"):
        read_nuswide(tmp_path, positions)


def test_without_tags_labels_of_photos_stand_in_and_it_is_said(tmp_path: Path) -> None:
    positions = write_tree(tmp_path)
    (tmp_path / "NUS_WID_Tags" / "All_Tags.txt").unlink()
    task = read_nuswide(tmp_path, positions)
    assert task.tags.shape[1] <= 3
    assert any("labels of training photos stand in" in note for note in task.notes)
    assert task.visual is None


def test_photos_listed_twice_are_counted_and_no_neighbours_of_each_other(tmp_path: Path) -> None:
    positions = write_tree(tmp_path)
    path = tmp_path / "ImageList" / "TestImagelist.txt"
    train = (tmp_path / "ImageList" / "TrainImagelist.txt").read_text().splitlines()
    path.write_text("\n".join([train[0], *path.read_text().split()[1:]]))
    task = read_nuswide(tmp_path, positions)
    assert any("1 photos are listed more than once" in note for note in task.notes)
    assert task.groups[0] == task.groups[8]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda root: (root / "ConceptsList" / "Concepts81.txt").unlink(), "name the folder that holds Groundtruth"),
        (lambda root: (root / "geo.csv").write_text("latitude,longitude\n1,2\n"), "no column photo_id"),
        (lambda root: (root / "geo.csv").write_text("photo_id,lat,lon\n7,1,2\n"), "one side of the split has none"),
        (lambda root: (root / "bow.dat").write_text("1 2\n"), "shape .*Allowed: 12 rows"),
    ],
)
def test_bad_copies_are_refused_with_what_to_do(tmp_path: Path, change, says: str) -> None:
    positions = write_tree(tmp_path)
    change(tmp_path)
    with pytest.raises(DataError, match=says):
        read_nuswide(tmp_path, positions, tmp_path / "bow.dat")

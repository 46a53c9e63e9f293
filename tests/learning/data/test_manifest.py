"""The manifest of a resumable folder: what a kill leaves of a part does not stay."""

from __future__ import annotations

from pathlib import Path

import pytest

from geoclip_core.learning.data.manifest import Manifest


def test_what_a_killed_process_left_of_a_part_is_removed_when_the_part_is_made_again(tmp_path: Path) -> None:
    manifest = Manifest(tmp_path, {"parts": 2})
    left, other = tmp_path / ".part-00001.txt.0123456789ab.part", tmp_path / ".part-00000.txt.0123456789ab.part"
    for file in (left, other):
        file.write_bytes(b"half")
    with manifest.writing(1, ".txt") as file:
        file.write_bytes(b"complete")
    assert not manifest.has(1)
    manifest.add(1, (".txt",), rows=7)
    assert manifest.has(1)
    assert manifest.record(1)["rows"] == 7
    assert not left.exists()
    assert other.exists()  # another process may be writing part 0
    assert not manifest.has(0)


def test_a_part_that_fails_leaves_nothing(tmp_path: Path) -> None:
    manifest = Manifest(tmp_path, {"parts": 1})
    with pytest.raises(ZeroDivisionError), manifest.writing(0, ".txt") as file:
        file.write_bytes(bytes([1 // 0]))
    assert [file.name for file in tmp_path.iterdir()] == ["settings.json"]

"""A batch on a disk that fills up: it says so, and goes on when there is room again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from geoclip_core.errors import GeoclipError
from geoclip_core.locate.locator import Locator
from geoclip_core.serve.batch import locate_batch
from geoclip_core.serve.photo_list import list_photos
from tests.serve.batches import write_photos


@contextmanager
def no_file_above(limit: int) -> Iterator[None]:
    """A disk with so many bytes left for each file."""
    resource = pytest.importorskip("resource", reason="this system cannot limit the size of files")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_batch_on_a_full_disk_goes_on_when_there_is_room(embedded_locator: Locator, tmp_path: Path) -> None:
    photos = list_photos(write_photos(tmp_path / "photos", 20))
    whole, out = tmp_path / "whole.parquet", tmp_path / "out.parquet"
    counts = locate_batch(embedded_locator, photos, whole, top_k=1)
    for limit in (500, 3_000):  # in the first group, and in a later one
        with no_file_above(limit), pytest.raises(GeoclipError, match=r"cannot be written.*make room and run the same"):
            locate_batch(embedded_locator, photos, out, top_k=1)
        assert not out.exists()
    assert locate_batch(embedded_locator, photos, out, top_k=1) == counts
    assert out.read_bytes() == whole.read_bytes()

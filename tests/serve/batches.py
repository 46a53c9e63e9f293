"""Batches that tests stop and go on with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from geoclip_core.files import Progress
from tests.photo_files import jpeg, placed_photo


def write_photos(folder: Path, count: int, plain: int = 7) -> Path:
    """Photos on a line from (40, 10) northwards, every ``plain``-th without evidence, every eleventh no photo.

    One without evidence takes as long as fifty others: all of the model's sources look for some.
    """
    folder.mkdir()
    for number in range(count):
        data = placed_photo((40.0 + number / 10, 10.0))
        data = jpeg() if number % plain == plain - 1 else b"no photo" if number % 11 == 10 else data
        (folder / f"{number:04d}.jpg").write_bytes(data)
    return folder


@contextmanager
def stopped_after(photos: int) -> Iterator[Progress]:
    """A progress that stops the work once so many photos are done."""

    def stop(done: int, total: int) -> None:
        if done >= photos:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        yield stop

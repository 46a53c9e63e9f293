"""The table of ``make bench``, and the parts that it adds up."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from geoclip_core.locate.locator import Locator
from training.benchmarks.speed import many
from training.benchmarks.speed.limits import matrix_rate, photo_flops, points_flops, text_flops
from training.benchmarks.speed.table import LINES, markdown


def test_each_figure_stands_beside_the_reference_and_the_limit() -> None:
    figures = {
        "machine": "a machine, 2 cores",
        "geoclip float32: one photo": 1.0,
        "reference: one photo": 16.0,
        "limit: one photo, float32": 0.5,
        "limit: rate of matrix products, float32": 3e11,
        "embedded: memory MB": 512.3,
    }
    lines = markdown(figures).splitlines()
    assert lines[2] == "| one photo, float32 | 1 s | 16 s | 1 / 16 | 0.5 s | 50% |"
    assert lines[3] == "| memory, embedded model | 512 MB |  |  |  |  |"
    assert lines[-1] == "a machine, 2 cores; rate of matrix products, float32 300 GFLOP/s"


def test_every_figure_of_the_table_is_measured_somewhere() -> None:
    """A name that no benchmark writes would leave its line out for ever."""
    folder = Path(many.__file__).parents[2]
    written = "\n".join(path.read_text(encoding="utf-8") for path in folder.rglob("*.py") if path.name != "table.py")
    for line in LINES:
        for name in filter(None, (line.here, line.reference, line.limit)):
            for precision in ("float32", "bfloat16"):
                name = name.replace(f" {precision}:", " {precision}:").replace(f", {precision}", ", {precision}")
            name = name.replace("from 4 to 512", "from {photos} to {batch_size}")
            assert name in written, name


def test_operations_are_those_that_are_counted_in_the_network() -> None:
    assert photo_flops() == pytest.approx(162e9, rel=0.01)
    assert text_flops() == pytest.approx(13.3e9, rel=0.01)
    assert points_flops(1) == 3 * 2 * (512 * 1024 + 1024 * 1024 * 2 + 1024 * 512)
    assert matrix_rate(torch.float32, 1, (8, 8, 8)) > 0


def test_a_batch_is_measured_on_photos_that_are_answered(embedded_locator: Locator, tmp_path: Path) -> None:
    assert many.each_of_a_batch(embedded_locator, tmp_path, 2) > 0
    assert many.each_of_many(embedded_locator, tmp_path / "batch" / "0000.jpg", photos=2, times=1) > 0
    assert embedded_locator.locate(tmp_path / "batch" / "0001.jpg").candidates[0].latlon[0] == pytest.approx(
        40.02, abs=0.1
    )

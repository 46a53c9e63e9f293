"""The benchmark for GPUs runs its real parts, here on the processor with small sizes."""

from __future__ import annotations

import pytest
import torch
import typer

from geoclip_core.learning.settings import LocationConfig
from geoclip_core.model.clip import ClipShape
from training.benchmarks import gpu, learning

SHAPE = ClipShape(dim=64, image_size=28, patch=14, image_width=64, image_layers=1, text_width=64, text_layers=1)


@pytest.mark.slow
def test_every_part_gives_its_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(learning.PEAK_FLOPS, "cpu", 1e15)
    tower = gpu.bench_tower("cpu", 1, 2, SHAPE)
    for name in ("bfloat16", "float16"):
        rate, share = (tower[f"features: {what}, {name}"] for what in ("views per second", "share of the chip's peak"))
        assert share == pytest.approx(rate * learning.view_flops(SHAPE) / 1e15)
    assert all(rate > 0 for rate in gpu.bench_make_features("cpu", 4, SHAPE).values())
    steps = gpu.bench_steps("cpu", 2, (16, 32), LocationConfig((1.0,), rows=8, width=8, dim=8), 64, 12)
    assert sum(name.startswith("steps: per second") for name in steps) == 6
    apart = {name: value for name, value in steps.items() if "difference" in name}
    assert len(apart) == 4
    assert all(value < 0.05 for value in apart.values())  # half precision learns what full precision learns


def test_without_a_gpu_it_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(typer.Exit):
        gpu.main()
    assert "There is no GPU here" in capsys.readouterr().err

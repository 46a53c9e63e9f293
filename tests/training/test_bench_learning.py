"""The benchmark of training runs the real parts, and its figures hang together; no figure is asserted."""

from __future__ import annotations

import numpy as np
import pytest

from geoclip_core.learning.data.features import CachedFeatures
from geoclip_core.model.clip import ClipShape
from training import bench_learning

SHAPE = ClipShape(dim=64, image_size=28, patch=14, image_width=64, image_layers=1, text_width=64, text_layers=1)


def test_its_features_are_what_training_reads(tmp_path) -> None:
    bench_learning.write_features(tmp_path, rows=5000, width=8)
    source = CachedFeatures(str(tmp_path))
    assert len(source) == 5000
    batch = source.training_batch(np.array([4999, 0]), 0, 0)
    assert batch.inputs.shape == (2, 1, 8)
    assert np.array_equal(batch.latlon.numpy(), source.latlon[[4999, 0]])


def test_the_ratio_is_the_quotient_of_the_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_learning, "ROWS", 256)
    found = bench_learning.bench_learning(batch_size=16, photos=2, times=1, shape=SHAPE)
    step = found["learning: step from cached features"]
    assert found["learning: steps per second from cached features"] == pytest.approx(1 / step)
    reference = next(value for name, value in found.items() if "the reference's step" in name)
    ratio = next(value for name, value in found.items() if name.startswith("ratio"))
    assert ratio == pytest.approx(reference / step)
    assert bench_learning.bench_features(1, SHAPE)["learning: views per second, features made in bfloat16"] > 0
    assert bench_learning.view_flops(ClipShape()) == pytest.approx(162e9, rel=0.01)  # 81 thousand million products
    assert reference > 16 * found["learning: CLIP ViT-L/14 on one photo, float32"]

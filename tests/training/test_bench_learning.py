"""The benchmark of training runs the real parts, and computes its figures from their times."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from geoclip_core.learning.data.features import CachedFeatures
from geoclip_core.learning.settings import LocationConfig
from geoclip_core.model.clip import ClipShape
from training.benchmarks import learning as bench_learning

SHAPE = ClipShape(dim=64, image_size=28, patch=14, image_width=64, image_layers=1, text_width=64, text_layers=1)


def test_its_features_are_what_training_reads(tmp_path) -> None:
    bench_learning.write_features(tmp_path, rows=5000, width=8)
    source = CachedFeatures(str(tmp_path))
    assert len(source) == 5000
    batch = source.training_batch(np.array([4999, 0]), 0, 0)
    assert batch.inputs.shape == (2, 1, 8)
    assert np.array_equal(batch.latlon.numpy(), source.latlon[[4999, 0]])


@pytest.mark.slow
def test_times_that_are_known_give_figures_that_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """The parts run; then each is said to take a time of its own: reading 1, computing 2, a step 4, two photos 6 s."""
    monkeypatch.setattr(bench_learning, "ROWS", 256)
    times = iter((1.0, 2.0, 4.0, 6.0))

    def known_s(what, repeats):
        assert repeats >= 1
        what()
        return next(times)

    monkeypatch.setattr(bench_learning, "median_s", known_s)
    found = bench_learning.bench_learning(
        batch_size=16, photos=2, times=1, shape=SHAPE, location=LocationConfig((1.0,), 8, 8, 8)
    )
    assert found == {
        "learning: step from cached features": 4.0,
        "learning: steps per second from cached features": 0.25,
        "learning: CLIP ViT-L/14 on one photo, float32": 3.0,
        "learning: the reference's step, CLIP scaled from 2 to 16 photos": 50.0,
        "ratio: training steps, cached features over CLIP in every step": 12.5,
        "learning: share of a step that reads data": 0.25,
    }


def test_views_per_second_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_learning, "median_s", lambda what, times: what() is None or 0.5)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    found = bench_learning.bench_features(1, SHAPE)
    assert found == {"learning: views per second, features made in bfloat16": bench_learning.PHOTOS / 0.5}
    assert bench_learning.view_flops(ClipShape()) == pytest.approx(162e9, rel=0.01)  # 81 thousand million products


def test_photos_are_augmented_with_one_thread_and_with_all(monkeypatch: pytest.MonkeyPatch) -> None:
    used = []

    def known_s(what, repeats):
        what()
        return float(len(used))

    def seen(self, image, *key):
        used.append(torch.get_num_threads())
        return torch.zeros(2, 3, 8, 8)

    monkeypatch.setattr(bench_learning, "median_s", known_s)
    monkeypatch.setattr(bench_learning.augment.PhotoViews, "random", seen)
    assert list(bench_learning.bench_photos(1, 3).values()) == [3.0, 6.0]

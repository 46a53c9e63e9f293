"""Accuracy counts as the definition says, over batches and processes alike."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from geoclip_core.earth.distance import destination
from geoclip_core.learning.run.validation import GalleryRetrieval, LocationAccuracy
from geoclip_core.model.location_encoder import LocationEncoder


def test_thresholds_are_inclusive_and_batches_add_up() -> None:
    truth = torch.zeros(8, 2)
    km = np.array([0.0, 0.9999, 1.001, 24.99, 199.0, 740.0, 2499.0, 9000.0])
    predicted = torch.from_numpy(destination(truth.numpy(), 77.0, km))
    whole, parts = LocationAccuracy(), LocationAccuracy()
    whole.update(predicted, truth)
    for rows in torch.split(torch.arange(8), 3):
        parts.update(predicted[rows], truth[rows])
    expected = {1: 2 / 8, 25: 4 / 8, 200: 5 / 8, 750: 6 / 8, 2500: 7 / 8}
    for metric in (whole, parts):
        values = metric.compute()
        for limit, share in expected.items():
            assert float(values[f"accuracy_{limit}km"]) == pytest.approx(share)
        assert float(values["median_km"]) == pytest.approx((24.99 + 199) / 2, rel=1e-5)


def test_what_several_processes_counted_adds_up_also_where_one_counted_nothing() -> None:
    rng = np.random.default_rng(3)
    truth = torch.from_numpy(rng.uniform(-60, 60, (30, 2)))
    predicted = truth + torch.from_numpy(rng.normal(0, 3, (30, 2)))
    whole, processes = LocationAccuracy(), [LocationAccuracy() for _ in range(3)]
    whole.update(predicted, truth)
    for process, rows in zip(processes, torch.split(torch.arange(30), [19, 11]), strict=False):
        for batch in torch.split(rows, 7):
            process.update(predicted[batch], truth[batch])
    first, second, idle = processes
    first.merge_state(idle)
    first.merge_state(second)
    expected = whole.compute()
    assert 0 < expected["accuracy_200km"] < 1
    assert {name: float(value) for name, value in first.compute().items()} == {
        name: pytest.approx(float(value), rel=1e-6) for name, value in expected.items()
    }


def test_the_answer_is_the_best_point_by_the_mean_over_views() -> None:
    torch.manual_seed(0)
    encoder = LocationEncoder((1.0, 4.0), rows=8, width=16, dim=12)
    gallery = torch.rand(50, 2) * 90
    images = torch.randn(7, 3, 12)
    with torch.no_grad():
        slow = torch.stack([F.cosine_similarity(view, encoder(gallery)) for i in images for view in i])
    expected = gallery[slow.reshape(7, 3, 50).mean(1).argmax(1)]
    retrieval = GalleryRetrieval(encoder, gallery)
    assert torch.equal(retrieval.locate(images), expected)
    with torch.autocast("cpu", torch.bfloat16):
        near = GalleryRetrieval(encoder, gallery.expand(40, -1, -1).reshape(-1, 2) + 0.001 * torch.randn(2000, 2))
        coarse = near.locate(images)
    assert torch.equal(coarse, near.locate(images))

"""Geocells: how the Earth is divided, and the loss over the cells against a slow reading."""

from __future__ import annotations

import csv
import math

import numpy as np
import pytest
import torch

from geoclip_core.earth.cells.squares import ancestors, leaf_squares
from geoclip_core.earth.distance import destination, great_circle_km
from geoclip_core.learning.objective.geocells import geocell_centres, geocell_loss
from tests.learning.conftest import Fit


def test_cells_are_fine_where_many_places_lie() -> None:
    chance = np.random.default_rng(0)
    crowd = destination((48.86, 2.35), chance.uniform(0, 360, 900), chance.uniform(0, 60, 900))
    alone = np.array([[-54.8, -68.3], [71.2, -156.8], [0.0, 179.99], [0.0, -179.99]])
    centres = geocell_centres(np.concatenate([crowd, alone]), most=50)
    near = great_circle_km((48.86, 2.35), centres) < 100
    assert 900 / 50 <= near.sum() < 200
    assert all(great_circle_km(place, centres).min() < 1 for place in alone[:2])  # the only ones of their cells
    assert great_circle_km((0.0, 180.0), centres).min() < 5  # a cell across the antimeridian has its centre there


def test_no_cell_holds_more_than_it_may() -> None:
    chance = np.random.default_rng(1)
    places = destination((10.0, 20.0), chance.uniform(0, 360, 500), chance.uniform(0, 3000, 500))
    assert len(geocell_centres(places, most=10_000)) == len(np.unique(ancestors(leaf_squares(places), 2)))
    for most in (1, 7, 40):
        assert 500 / most <= len(geocell_centres(places, most)) <= 500
    assert len(geocell_centres(places, 1)) == 500
    assert len(geocell_centres(np.repeat(places[:3], 20, axis=0), 1)) == 3  # 20 photos of one spot stay together


@pytest.fixture
def given() -> tuple[torch.Tensor, ...]:
    chance = torch.Generator().manual_seed(0)
    images = torch.randn(4, 2, 8, generator=chance)
    cells = torch.randn(6, 8, generator=chance)
    latlon = torch.tensor([[10.0, 20.0], [10.5, 20.0], [-80.0, 179.5], [60.0, 0.0]])
    centres = torch.tensor([[10.0, 20.5], [11.0, 20.0], [-80.0, -179.5], [59.0, 0.0], [61.0, 1.0], [0.0, -90.0]])
    return images, latlon, cells, centres


def slow_loss(images: torch.Tensor, latlon: torch.Tensor, cells: torch.Tensor, centres: torch.Tensor) -> float:
    """One photo, one view, one cell at a time, in Python floats."""
    total = 0.0
    for views, place in zip(images, latlon.numpy(), strict=True):
        away = great_circle_km(place, centres.numpy())
        label = [math.exp(-(d - min(away)) / 75.0) for d in away]
        for view in views:
            logits = [9.0 * float(torch.cosine_similarity(view, cell, dim=0)) for cell in cells]
            norm = math.log(sum(math.exp(logit) for logit in logits))
            total -= sum(y * (logit - norm) for y, logit in zip(label, logits, strict=True)) / sum(label)
    return total / (images.shape[0] * images.shape[1])


def test_the_loss_is_a_cross_entropy_with_labels_that_fade_with_distance(given: tuple[torch.Tensor, ...]) -> None:
    images, latlon, cells, centres = given
    loss = geocell_loss(images, latlon, cells, centres, torch.tensor(9.0), 75.0)
    assert float(loss) == pytest.approx(slow_loss(*given), rel=1e-4)


def test_its_gradient_leads_to_the_right_cells(given: tuple[torch.Tensor, ...]) -> None:
    images, latlon, cells, centres = given
    images, cells = images.requires_grad_(), cells.requires_grad_()
    optimizer = torch.optim.Adam([images, cells], 0.05)
    for _ in range(200):
        optimizer.zero_grad()
        geocell_loss(images, latlon, cells, centres, torch.tensor(20.0), 1.0).backward()
        optimizer.step()
    found = torch.einsum("npd,kd->npk", images, cells / cells.norm(dim=1, keepdim=True)).argmax(2)
    nearest = [int(great_circle_km(place, centres.numpy()).argmin()) for place in latlon.numpy()]
    assert found.tolist() == [[cell, cell] for cell in nearest]
    last = geocell_loss(1e4 * images, latlon, cells, centres, torch.tensor(100.0), 1e-3)
    assert torch.isfinite(last)


@pytest.mark.slow
def test_a_run_is_validated_by_the_loss_that_it_learns_by(fit: Fit) -> None:
    """Which takes no notice of the queue."""
    found = []
    for size in (48, 7):
        more = ("--model.recipe.geocell_photos=20", f"--model.recipe.queue_size={size}", "--trainer.max_epochs=1")
        with (fit(f"queue {size}", *more) / "csv" / "version_0" / "metrics.csv").open() as stream:
            found += [row["validation/loss"] for row in csv.DictReader(stream) if row["validation/loss"]]
    assert len(found) == 2
    assert found[0] == found[1]

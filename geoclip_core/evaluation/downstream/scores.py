"""Scores of multi-label tagging and of probes, in float64 numpy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def average_precision(scores: npt.ArrayLike, positive: npt.ArrayLike) -> float:
    """``AP = sum over k of P(k) (R(k) - R(k - 1))`` along the list by falling score; equal scores count as one step.

    Args:
        scores: (n,) any finite numbers.
        positive: (n,) bool.

    Returns:
        In [0, 1]; NaN where nothing is positive.
    """
    values, right = np.asarray(scores, dtype=np.float64), np.asarray(positive, dtype=bool)
    if not right.any():
        return float("nan")
    order = np.argsort(-values, kind="stable")
    ends = np.r_[np.flatnonzero(np.diff(values[order])), len(values) - 1]  # the last of each run of equal scores
    hits = np.cumsum(right[order])[ends]
    return float(np.sum(hits / (ends + 1) * np.diff(hits, prepend=0)) / right.sum())


def mean_average_precision(scores: npt.ArrayLike, labels: npt.ArrayLike) -> tuple[float, int]:
    """Mean of the average precisions of the classes.

    Args:
        scores: (n, c).
        labels: (n, c) bool.

    Returns:
        The mean in [0, 1] over the classes that have a positive, NaN without any, and how many have none.
    """
    values, right = np.asarray(scores, dtype=np.float64), np.asarray(labels, dtype=bool)
    each = np.array([average_precision(values[:, c], right[:, c]) for c in range(right.shape[1])])
    known = each[~np.isnan(each)]
    return (float(known.mean()) if len(known) else float("nan")), int(len(each) - len(known))


def chance_precision(labels: npt.ArrayLike) -> float:
    """What random scores reach in the mean: the mean share of positives over the classes that have one."""
    shares = np.asarray(labels, dtype=bool).mean(axis=0)
    return float(shares[shares > 0].mean()) if (shares > 0).any() else float("nan")


def balanced_accuracy(found: npt.ArrayLike, truth: npt.ArrayLike) -> float:
    """Mean over the classes of the truth of the share that was found; (n,) class numbers each."""
    guessed, right = np.asarray(found), np.asarray(truth)
    return float(np.mean([(guessed[right == one] == one).mean() for one in np.unique(right)]))


def r_squared(found: npt.ArrayLike, truth: npt.ArrayLike) -> float:
    """``1 - sum (y - f)^2 / sum (y - mean y)^2`` of (n,) numbers; at most 1, and NaN where the truth is constant."""
    guessed, right = np.asarray(found, dtype=np.float64), np.asarray(truth, dtype=np.float64)
    spread = float(((right - right.mean()) ** 2).sum())
    return 1.0 - float(((right - guessed) ** 2).sum()) / spread if spread > 0 else float("nan")


def roc_auc(scores: npt.ArrayLike, positive: npt.ArrayLike) -> float:
    """Chance that a positive has a higher score than a negative, ties counted half; NaN where one kind is missing."""
    values, right = np.asarray(scores, dtype=np.float64), np.asarray(positive, dtype=bool)
    above, below = int(right.sum()), int((~right).sum())
    if not above or not below:
        return float("nan")
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    return float((ranks[right].sum() - above * (above + 1) / 2) / (above * below))

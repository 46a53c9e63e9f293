"""Risk against coverage: how often a system is wrong if it answers only the questions it is surest of."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def risk_coverage(confidence: npt.ArrayLike, right: npt.ArrayLike) -> tuple[Floats, Floats]:
    """The curve, from the surest question to all of them.

    Questions of equal confidence are answered together: each takes their common share of wrong answers.

    Args:
        confidence: (n,) any number that is larger the surer the system is.
        right: (n,) whether each answer is right.

    Returns:
        (n,) coverage, the share of questions that are answered, rising to 1; (n,) risk, the share of those that are
        wrong.

    Raises:
        ValueError: No questions, a NaN, or arrays of different length.
    """
    sure, hit = np.asarray(confidence, dtype=np.float64).reshape(-1), np.asarray(right, dtype=np.float64).reshape(-1)
    if not len(sure) or len(sure) != len(hit) or np.isnan(sure).any() or np.isnan(hit).any():
        raise ValueError("There are no questions, one is NaN, or not every question says whether it is right")
    _, level = np.unique(-sure, return_inverse=True)
    wrong = np.bincount(level, 1 - hit) / np.bincount(level)
    order = np.argsort(-sure, kind="stable")
    asked = np.arange(1, len(sure) + 1)
    return asked / len(sure), np.cumsum(wrong[level[order]]) / asked


def area_under_risk(confidence: npt.ArrayLike, right: npt.ArrayLike) -> float:
    """Mean risk over all coverages: 0 is never wrong; without any order it is the share of wrong answers.

    Raises:
        ValueError: As :func:`risk_coverage`.
    """
    return float(risk_coverage(confidence, right)[1].mean())

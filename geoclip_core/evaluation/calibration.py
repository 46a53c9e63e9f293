"""Whether a system is right as often as it says: reliability, calibration error, and what its regions hold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

BINS = 10
_DRAWS = 1000
_DIGITS = 6  # confidences that agree so far are equal


@dataclass(frozen=True)
class Bin:
    """Answers of about the same confidence.

    Attributes:
        count: How many.
        said: Their mean confidence, in [0, 1].
        right: Share of them that is right, in [0, 1].
    """

    count: int
    said: float
    right: float


def reliability(confidence: npt.ArrayLike, right: npt.ArrayLike, bins: int = BINS) -> tuple[Bin, ...]:
    """Said against true, in bins of about the same number of answers; those of equal confidence share a bin.

    Args:
        confidence: (n,) probability that each answer is right, in [0, 1].
        right: (n,) whether it is.
        bins: How many; fewer where there are fewer answers.

    Returns:
        By rising confidence.

    Raises:
        ValueError: No answers, or a confidence that is NaN or out of range.
    """
    said, hit = _checked(confidence, right)
    return tuple(Bin(len(rows), float(said[rows].mean()), float(hit[rows].mean())) for rows in _bins(said, bins))


def calibration_error(confidence: npt.ArrayLike, right: npt.ArrayLike, bins: int = BINS) -> float:
    """Expected calibration error, ``sum_b n_b / n |right_b - said_b|`` (Naeini et al. 2015), in [0, 1].

    Never 0 for a finite number of answers: compare it with :func:`calibration_error_by_chance`.

    Raises:
        ValueError: As :func:`reliability`.
    """
    table = reliability(confidence, right, bins)
    return sum(b.count * abs(b.right - b.said) for b in table) / sum(b.count for b in table)


def calibration_error_by_chance(confidence: npt.ArrayLike, bins: int = BINS, seed: int = 0) -> tuple[float, float]:
    """The calibration error that a perfectly calibrated system shows at this number of answers.

    Args:
        confidence: (n,) as in :func:`reliability`.
        bins: As there.
        seed: Of the simulated answers, each right with the probability that was said.

    Returns:
        Its mean, and the value that 95 % of the simulations stay below.

    Raises:
        ValueError: As :func:`reliability`.
    """
    said, _ = _checked(confidence, np.zeros(np.shape(confidence)))
    rng = np.random.default_rng(seed)
    found = np.zeros(_DRAWS)
    for part in (said[rows] for rows in _bins(said, bins)):
        hits = np.array([(rng.random(len(part)) < part).mean() for _ in range(_DRAWS)])
        found += len(part) / len(said) * np.abs(hits - part.mean())
    return float(found.mean()), float(np.quantile(found, 0.95))


def coverage(mass_before: npt.ArrayLike, level: float) -> tuple[float, float]:
    """Share of truths that lie in the smallest region of a level, and its standard error if that were the level.

    Args:
        mass_before: (n,) of :func:`areas.mass_before`, in [0, 1].
        level: Of the region, such as 0.9.

    Raises:
        ValueError: No questions, a NaN, or a level out of range.
    """
    before = np.asarray(mass_before, dtype=np.float64).reshape(-1)
    if not len(before) or np.isnan(before).any() or not 0 < level < 1:
        raise ValueError(f"There are no questions, one is NaN, or the level {level} is not between 0 and 1")
    return float((before < level).mean()), float(np.sqrt(level * (1 - level) / len(before)))


def _bins(said: Floats, bins: int) -> list[npt.NDArray[np.intp]]:
    """Rows by rising confidence, in parts of about the same number; a part ends where the confidence changes."""
    order = np.argsort(said, kind="stable")
    level = said[order].round(_DIGITS)
    ends = np.cumsum([len(part) for part in np.array_split(order, bins)])[:-1]
    later = np.searchsorted(level, level[np.minimum(ends, len(order) - 1)], side="left")
    return [rows for rows in np.split(order, np.unique(later)) if len(rows)]


def _checked(confidence: npt.ArrayLike, right: npt.ArrayLike) -> tuple[Floats, Floats]:
    said, hit = np.asarray(confidence, dtype=np.float64).reshape(-1), np.asarray(right, dtype=np.float64).reshape(-1)
    if not len(said) or len(said) != len(hit):
        raise ValueError(f"There are {len(said)} confidences for {len(hit)} answers, and there must be some")
    if not ((said >= 0) & (said <= 1 + 1e-9)).all() or np.isnan(hit).any():
        raise ValueError("A confidence is NaN or not within 0 and 1")
    return said, hit

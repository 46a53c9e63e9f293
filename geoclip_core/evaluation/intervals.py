"""How sure a number is: bootstrap intervals that resample whole groups, such as all photos of one photographer.

Photos of one person are often of one trip, so they are right or wrong together, and an interval that resamples single
photos is too narrow: Im2GPS3k's 2,997 photos are of 198 people.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import norm, t

Floats = npt.NDArray[np.float64]
Statistic = Callable[[Floats], float]

SAMPLES = 2000
LEVEL = 0.95

_FEWEST = 1.5  # groups, as if all were equally large, below which there is nothing to draw from
_MOST_LEFT_OUT = 500  # groups that are left out one by one, for statistics other than the mean
_BIAS = (0.1, 0.9)  # share of samples below the result, beyond which a bias is not believed


def clustered_interval(
    values: npt.ArrayLike,
    groups: npt.ArrayLike,
    statistic: Callable[..., object] = np.mean,
    samples: int = SAMPLES,
    level: float = LEVEL,
    seed: int = 0,
) -> tuple[float, float]:
    """Bootstrap interval of a statistic, with whole groups drawn again.

    As many groups as there are are drawn with replacement, each with all its values (Davison and Hinkley 1997,
    Bootstrap Methods, section 3.8). The percentiles are corrected for bias and skewness (Efron 1987, "Better bootstrap
    confidence intervals") and moved outwards as Student's t asks for where groups are few (Hesterberg 2015, "What
    teachers should know about the bootstrap"), with as many groups as there would be if all were equally large,
    ``(sum n_g)^2 / sum n_g^2``.

    Args:
        values: (n,) numbers, one per question.
        groups: (n,) names or numbers; values of one group are drawn together. All different: the usual bootstrap.
        statistic: From (m,) values to a number.
        samples: How often groups are drawn.
        level: Share of intervals that should hold the truth, between 0 and 1.
        seed: Of the draws; the same seed gives the same interval.

    Returns:
        The lower and the upper end.

    Raises:
        ValueError: No values, a NaN, not one group per value, or a level or number of samples out of range.
    """
    numbers, owners = np.asarray(values, dtype=np.float64), np.asarray(groups)
    if numbers.ndim != 1 or owners.shape != numbers.shape:
        raise ValueError(
            f"Values of shape {numbers.shape} and groups of shape {owners.shape}; each value needs one group"
        )
    if not len(numbers) or np.isnan(numbers).any():
        raise ValueError("There are no values, or one is NaN")
    if not 0 < level < 1 or samples < 1:
        raise ValueError(f"The level is {level} and there are {samples} samples; a level lies between 0 and 1")
    _, owner = np.unique(owners, return_inverse=True)
    counts = np.bincount(owner)
    drawn = np.random.default_rng(seed).integers(0, len(counts), (samples, len(counts)))
    if statistic is np.mean:
        sums = np.bincount(owner, numbers)
        found = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
        whole = float(numbers.mean())
        without = (sums.sum() - sums) / np.maximum(counts.sum() - counts, 1)
    else:
        rows = np.split(np.argsort(owner, kind="stable"), np.cumsum(counts)[:-1])
        found = np.array([statistic(numbers[np.concatenate([rows[g] for g in draw])]) for draw in drawn], np.float64)
        whole = float(statistic(numbers))  # type: ignore[arg-type]
        few = 1 < len(counts) <= _MOST_LEFT_OUT
        without = np.array([statistic(numbers[owner != g]) for g in range(len(counts))] if few else [whole], np.float64)
    low, high = np.quantile(found, _ends(found, whole, without, counts, level))
    return float(low), float(high)


def _ends(
    found: Floats, whole: float, without: Floats, counts: npt.NDArray[np.int64], level: float
) -> tuple[float, float]:
    """Shares of the bootstrap's results below either end of the interval.

    Args:
        found: Results of the samples.
        whole: Result of the data themselves.
        without: Results without one group each, for the skewness.
        counts: Sizes of the groups.
        level: Of the interval.
    """
    effective = float(counts.sum() ** 2 / (counts.astype(np.float64) ** 2).sum())
    if (
        effective < _FEWEST or (found == found[0]).all()
    ):  # one group says nothing about others: everything that was seen
        return 0.0, 1.0
    wide = float(t.ppf((1 + level) / 2, effective - 1) * np.sqrt(effective / (effective - 1)))
    below = np.clip(((found < whole).mean() + (found <= whole).mean()) / 2, *_BIAS)
    bias = float(norm.ppf(below))
    apart = without.mean() - without
    spread = float((apart**2).sum())
    skew = float((apart**3).sum() / (6 * spread**1.5)) if spread > 0 else 0.0

    def share(z: float) -> float:
        return float(norm.cdf(bias + (bias + z) / max(1 - skew * (bias + z), 0.1)))

    return share(-wide), share(wide)


@dataclass(frozen=True)
class Difference:
    """How much one system exceeds another on the same questions.

    Attributes:
        mean: Mean of the differences.
        low: Lower end of the interval.
        high: Upper end of the interval.
    """

    mean: float
    low: float
    high: float

    @property
    def decided(self) -> bool:
        """Whether the interval excludes 0, so that one of the two may be called better."""
        return self.low > 0 or self.high < 0


def paired_difference(
    one: npt.ArrayLike,
    other: npt.ArrayLike,
    groups: npt.ArrayLike,
    samples: int = SAMPLES,
    level: float = LEVEL,
    seed: int = 0,
) -> Difference:
    """Mean difference of two systems on the same questions, with its clustered interval.

    Much tighter than the intervals of the two: questions that are hard for both cancel out.

    Args:
        one: (n,) scores of one system, such as whether each answer is within 25 km.
        other: (n,) scores of the other, of the same questions in the same order.
        groups: (n,) as in :func:`clustered_interval`.
        samples: How often groups are drawn.
        level: Share of intervals that should hold the truth.
        seed: Of the draws.

    Raises:
        ValueError: As :func:`clustered_interval`, or not as many scores of the one as of the other.
    """
    a, b = (np.asarray(scores, dtype=np.float64) for scores in (one, other))
    if a.shape != b.shape:
        raise ValueError(f"Scores of shapes {a.shape} and {b.shape} cannot be paired")
    low, high = clustered_interval(a - b, groups, np.mean, samples, level, seed)
    return Difference(float((a - b).mean()), low, high)

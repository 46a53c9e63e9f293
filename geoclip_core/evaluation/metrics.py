"""How far off: distances, shares within thresholds, the median, the mean and the GeoGuessr score.

:func:`within` is the one definition of a threshold, for training, validation and evaluation: a distance that equals it
counts. Im2GPS, GeoEstimation and most papers since include it; PIGEON and OSV-5M leave it out, which changes a score
only where a distance is equal to the last bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geoclip_core.earth.distance import great_circle_km

THRESHOLDS_KM = (1.0, 25.0, 200.0, 750.0, 2500.0)  # street to continent: Vo et al. 2017, Revisiting IM2GPS
GEOGUESSR_KM = 1492.7  # length in the score of a world map: Haas et al. 2023, PIGEON, section 3
GEOGUESSR_BEST = 5000.0

Floats = npt.NDArray[np.float64]


def error_km(predicted: npt.ArrayLike, truth: npt.ArrayLike) -> Floats:
    """Great-circle distance from answers to the truth.

    Args:
        predicted: latlon of shape (n, 2), degrees; a row of NaN is a question that was not answered.
        truth: latlon of shape (n, 2), degrees.

    Returns:
        (n,) float64 km, infinite where there was no answer.

    Raises:
        CoordinateError: Not points on Earth.
        ValueError: The two do not have the same number of rows.
    """
    answers = np.asarray(predicted, dtype=np.float64).reshape(-1, 2)
    right = np.asarray(truth, dtype=np.float64).reshape(-1, 2)
    if len(answers) != len(right):
        raise ValueError(f"There are {len(answers)} answers for {len(right)} true positions")
    answered = ~np.isnan(answers).all(axis=1)
    errors = np.full(len(answers), np.inf)
    errors[answered] = great_circle_km(answers[answered], right[answered])
    return errors


def within(errors_km: npt.ArrayLike, thresholds_km: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Whether each error is at most each threshold.

    Args:
        errors_km: (n,) km; infinite for a question that was not answered.
        thresholds_km: (k,) km.

    Returns:
        (n, k).

    Raises:
        ValueError: No errors, or one that is NaN or negative.
    """
    return np.asarray(_errors(errors_km)[:, None] <= np.asarray(thresholds_km, np.float64).reshape(-1))


def shares_within(errors_km: npt.ArrayLike, thresholds_km: Sequence[float] = THRESHOLDS_KM) -> Floats:
    """Share of all questions answered within each distance, thresholds included.

    Args:
        errors_km: (n,) km; infinite for a question that was not answered, which counts as a miss.
        thresholds_km: (k,) km.

    Returns:
        (k,) float64 in [0, 1].

    Raises:
        ValueError: No errors, or one that is NaN or negative.
    """
    return np.asarray(within(errors_km, thresholds_km).mean(axis=0))


def median_km(errors_km: npt.ArrayLike) -> float:
    """Median error over all questions, km; infinite when at least half were not answered.

    Raises:
        ValueError: No errors, or one that is NaN or negative.
    """
    errors = np.sort(_errors(errors_km))
    low, high = errors[(len(errors) - 1) // 2], errors[len(errors) // 2]
    return float(high if low == high else (low + high) / 2)  # two infinities have no mean


def mean_km(errors_km: npt.ArrayLike) -> float:
    """Mean error over the questions that were answered, km; infinite where none was.

    Raises:
        ValueError: No errors, or one that is NaN or negative.
    """
    errors = _errors(errors_km)
    answered = errors[np.isfinite(errors)]
    return float(answered.mean()) if len(answered) else float("inf")


def geoguessr_score(errors_km: npt.ArrayLike) -> Floats:
    """Points per question, 5000 exp(-d / 1492.7 km) as in Haas et al. 2023; 0 without an answer.

    GeoGuessr publishes no formula: the length was fitted by its players to scores on the world map. The scores are not
    rounded, as in OSV-5M; Haas et al. round each.

    Raises:
        ValueError: No errors, or one that is NaN or negative.
    """
    return np.asarray(GEOGUESSR_BEST * np.exp(-_errors(errors_km) / GEOGUESSR_KM))


def _errors(errors_km: npt.ArrayLike) -> Floats:
    errors = np.asarray(errors_km, dtype=np.float64).reshape(-1)
    if not len(errors):
        raise ValueError("There are no errors to measure")
    if np.isnan(errors).any() or (errors < 0).any():
        raise ValueError("An error is NaN or negative; a question that was not answered has an infinite error")
    return errors


@dataclass(frozen=True)
class Accuracy:
    """Results over a set of questions.

    Args:
        questions: How many were asked.
        answered: Share that was answered, in [0, 1].
        thresholds_km: Distances, km.
        shares: Share of all questions within each distance, in [0, 1].
        median_km: Median error over all questions, km.
        mean_km: Mean error over the questions that were answered, km.
        score: Mean GeoGuessr score over all questions, in [0, 5000].
    """

    questions: int
    answered: float
    thresholds_km: tuple[float, ...]
    shares: tuple[float, ...]
    median_km: float
    mean_km: float
    score: float

    @classmethod
    def of(cls, errors_km: npt.ArrayLike, thresholds_km: Sequence[float] = THRESHOLDS_KM) -> Accuracy:
        """Accuracy of (n,) errors in km; infinite ones were not answered.

        Raises:
            ValueError: No errors, or one that is NaN or negative.
        """
        errors = _errors(errors_km)
        return cls(
            questions=len(errors),
            answered=float(np.isfinite(errors).mean()),
            thresholds_km=tuple(float(t) for t in thresholds_km),
            shares=tuple(float(share) for share in shares_within(errors, thresholds_km)),
            median_km=median_km(errors),
            mean_km=mean_km(errors),
            score=float(geoguessr_score(errors).mean()),
        )

    def table(self) -> str:
        """Two aligned lines of plain text: what is measured, and the values."""
        heads = ["questions", "answered", *(f"<={t:g} km" for t in self.thresholds_km), "median", "score"]
        values = [
            f"{self.questions}",
            f"{self.answered:.1%}",
            *(f"{share:.1%}" for share in self.shares),
            f"{self.median_km:.0f} km",
            f"{self.score:.0f}",
        ]
        widths = [max(len(head), len(value)) for head, value in zip(heads, values, strict=True)]
        lines = ("  ".join(c.rjust(w) for c, w in zip(row, widths, strict=True)) for row in (heads, values))
        return "\n".join(lines)

"""All numbers about one set of answers, with intervals, as plain values for JSON."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from geoclip_core.evaluation.areas import area_under_recall, disc_area_km2, recall_at
from geoclip_core.evaluation.intervals import clustered_interval
from geoclip_core.evaluation.metrics import THRESHOLDS_KM, Accuracy, error_km, geoguessr_score, median_km, within
from geoclip_core.evaluation.selective import area_under_risk

LEAST_KM2 = math.pi  # a disc of 1 km, the least of the usual thresholds
RECALL_KM2 = (1e2, 1e4, 1e6, 1e8)
_MEDIAN_SAMPLES = 500


def score_answers(
    predicted: npt.ArrayLike,
    truth: npt.ArrayLike,
    groups: npt.ArrayLike | None = None,
    confidence: npt.ArrayLike | None = None,
) -> dict[str, Any]:
    """Accuracy, median, mean, GeoScore and area under the recall curve, each with its 95 % interval.

    Args:
        predicted: (n, 2) degrees; a row of NaN is a question that was not answered, and counts as a miss.
        truth: (n, 2) degrees.
        groups: (n,) names of photographers, say, by which the intervals are clustered; each question by itself where
            absent.
        confidence: (n,) how sure each answer is; then the area under the curve of risk against coverage is told as
            well.

    Returns:
        ``questions``, ``answered`` (how many), ``accuracy`` (share in [0, 1] by threshold in km, as text),
        ``median_km``, ``mean_km`` (over the answered), ``geoscore``, ``area_under_recall``, ``recall_at_km2``,
        ``groups`` and ``intervals``, which has the same names. Infinite numbers are None.

    Raises:
        CoordinateError: Not points on Earth.
        ValueError: No questions, or not as many answers as truths.
    """
    errors = error_km(predicted, truth)
    found = Accuracy.of(errors)
    owners = np.arange(len(errors)) if groups is None else np.asarray(groups)
    hits = within(errors, THRESHOLDS_KM)
    names = [f"{threshold:g}" for threshold in THRESHOLDS_KM]
    score = geoguessr_score(errors)
    areas = disc_area_km2(errors)
    told: dict[str, Any] = {
        "questions": found.questions,
        "answered": int(np.isfinite(errors).sum()),
        "accuracy": dict(zip(names, found.shares, strict=True)),
        "median_km": finite(found.median_km),
        "mean_km": finite(found.mean_km),
        "geoscore": found.score,
        "area_under_recall": area_under_recall(areas, LEAST_KM2),
        "recall_at_km2": {
            f"{at:.0f}": float(share) for at, share in zip(RECALL_KM2, recall_at(areas, RECALL_KM2), strict=True)
        },
        "groups": len(np.unique(owners)),
        "intervals": {
            "accuracy": {name: list(clustered_interval(hits[:, i], owners)) for i, name in enumerate(names)},
            "median_km": _median_interval(errors, owners),
            "geoscore": list(clustered_interval(score, owners)),
        },
    }
    if confidence is not None:
        told["area_under_risk"] = {name: area_under_risk(confidence, hits[:, i]) for i, name in enumerate(names)}
    return told


def _median_interval(errors: npt.NDArray[np.float64], owners: npt.NDArray[Any]) -> list[float | None]:
    ends = clustered_interval(np.minimum(errors, 1e9), owners, median_km, samples=_MEDIAN_SAMPLES)
    return [end if end < 1e8 else None for end in ends]


def finite(value: float) -> float | None:
    """A number that JSON can hold: None where it is infinite or NaN."""
    return float(value) if math.isfinite(value) else None


def score_lines(scores: dict[str, Any]) -> list[str]:
    """The scores as aligned lines of plain text, each with its interval."""
    ends = scores["intervals"]

    def share(value: float | None) -> str:
        return f"{100 * value:.2f} %" if value is not None else "-"

    def number(value: float | None) -> str:
        return f"{value:,.0f}" if value is not None else "infinite"

    rows = [("questions", number(scores["questions"]), f"{scores['answered']} answered, {scores['groups']} groups")]
    rows += [
        (f"within {name} km", share(value), " to ".join(map(share, ends["accuracy"][name])))
        for name, value in scores["accuracy"].items()
    ]
    rows += [("median error, km", number(scores["median_km"]), " to ".join(map(number, ends["median_km"])))]
    rows += [("mean error, km", number(scores["mean_km"]), "of those answered")]
    rows += [("GeoScore", number(scores["geoscore"]), " to ".join(map(number, ends["geoscore"])))]
    rows += [("area under recall", f"{scores['area_under_recall']:.3f}", "from 3.14 km2 to the whole Earth")]
    return [f"{name:20} {value:>10}   {note}" for name, value, note in rows]

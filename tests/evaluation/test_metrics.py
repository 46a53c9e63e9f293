from __future__ import annotations

import math

import numpy as np
import pytest

from geoclip_core.evaluation.metrics import (
    Accuracy,
    error_km,
    geoguessr_score,
    mean_km,
    median_km,
    shares_within,
    within,
)

HALF_TURN = 20015.114


def test_errors_are_great_circles_and_no_answer_is_infinitely_far():
    predicted = [[0, 0], [0, 179.5], [np.nan, np.nan], [10, 20]]
    truth = [[0, 180], [0, -179.5], [5, 5], [10, 20]]
    assert error_km(predicted, truth) == pytest.approx([HALF_TURN, 111.195, np.inf, 0], abs=1e-3)


def test_answers_and_truths_must_pair_up():
    with pytest.raises(ValueError, match="1 answers for 2"):
        error_km([[0, 0]], [[0, 0], [1, 1]])


def test_thresholds_are_inclusive_and_misses_count():
    errors = [1.0, 25.0, 25.000001, 750.0, np.inf]
    assert shares_within(errors).tolist() == [0.2, 0.4, 0.6, 0.8, 0.8]
    assert shares_within(errors, [25]).tolist() == [0.4]
    assert within([25.0, 25.000001], [25, 200]).tolist() == [[True, True], [False, True]]


@pytest.mark.parametrize(
    ("errors", "median"), [([3, 1, 2], 2), ([1, 2, 3, 10], 2.5), ([1, np.inf], np.inf), ([np.inf, np.inf], np.inf)]
)
def test_the_median_is_over_all_questions(errors, median):
    assert median_km(errors) == median


def test_the_mean_is_over_what_was_answered():
    assert mean_km([1, 3, np.inf]) == 2
    assert mean_km([np.inf]) == np.inf


def test_no_questions_are_refused():
    for measure in (shares_within, median_km, mean_km, geoguessr_score, Accuracy.of):
        with pytest.raises(ValueError, match="no errors to measure"):
            measure([])


def test_everything_agrees_with_a_slow_reference_and_parts_add_up():
    rng = np.random.default_rng(1)
    predicted, truth = (np.stack([rng.uniform(-90, 90, 60), rng.uniform(-180, 180, 60)], 1) for _ in range(2))
    predicted[:20] = truth[:20] + rng.normal(0, 0.3, (20, 2))
    predicted[:, 0] = predicted[:, 0].clip(-90, 90)
    slow = []
    for (a, b), (c, d) in zip(np.radians(predicted).tolist(), np.radians(truth).tolist(), strict=True):
        h = math.sin((c - a) / 2) ** 2 + math.cos(a) * math.cos(c) * math.sin((d - b) / 2) ** 2
        slow.append(2 * 6371.0088 * math.asin(min(1.0, math.sqrt(h))))
    found = Accuracy.of(error_km(predicted, truth))
    assert found.shares == tuple(sum(km <= limit for km in slow) / 60 for limit in found.thresholds_km)
    assert found.median_km == pytest.approx(sum(sorted(slow)[29:31]) / 2)
    assert found.mean_km == pytest.approx(sum(slow) / 60)
    assert found.score == pytest.approx(sum(5000 * math.exp(-km / 1492.7) for km in slow) / 60)
    parts = [Accuracy.of(error_km(predicted[rows], truth[rows])) for rows in np.split(np.arange(60), [7, 31])]
    weighted = np.average([part.shares for part in parts], axis=0, weights=[part.questions for part in parts])
    assert weighted == pytest.approx(found.shares)


def test_the_score_falls_by_e_every_1492_km():
    assert geoguessr_score([0, 1492.7, np.inf]) == pytest.approx([5000, 5000 / math.e, 0])


@pytest.mark.parametrize("errors", [[np.nan], [-1.0]])
def test_errors_that_are_none_are_refused(errors):
    for measure in (shares_within, median_km, geoguessr_score, Accuracy.of):
        with pytest.raises(ValueError, match="NaN or negative"):
            measure(errors)


def test_accuracy_holds_what_its_table_shows():
    accuracy = Accuracy.of([0.5, 30.0, np.inf, 300.0])
    assert (accuracy.questions, accuracy.answered, accuracy.median_km) == (4, 0.75, 165.0)
    assert accuracy.shares == (0.25, 0.25, 0.5, 0.75, 0.75)
    heads, values = accuracy.table().splitlines()
    assert heads.split()[:2] == ["questions", "answered"]
    assert values.split()[:4] == ["4", "75.0%", "25.0%", "25.0%"]
    assert len(heads) == len(values)

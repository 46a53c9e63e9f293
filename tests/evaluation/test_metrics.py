from __future__ import annotations

import math

import numpy as np
import pytest

from geoclip_core.evaluation.metrics import Accuracy, error_km, geoguessr_score, median_km, shares_within

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
    assert np.isnan(shares_within([])).all()


@pytest.mark.parametrize(
    ("errors", "median"), [([3, 1, 2], 2), ([1, 2, 3, 10], 2.5), ([1, np.inf], np.inf), ([np.inf, np.inf], np.inf)]
)
def test_the_median_is_over_all_questions(errors, median):
    assert median_km(errors) == median


def test_no_questions_have_no_median():
    assert math.isnan(median_km([]))


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

"""Calibration: a known temperature is found again, a good system left alone, a file read as it was written."""

from __future__ import annotations

import numpy as np
import pytest

from geoclip_core.errors import DataError
from geoclip_core.evaluation.calibration import (
    Bin,
    calibration_error,
    calibration_error_by_chance,
    coverage,
    reliability,
)
from geoclip_core.evaluation.calibration_file import (
    Calibration,
    KindCalibration,
    Part,
    read_calibration,
    write_calibration,
)
from geoclip_core.evaluation.tempering import (
    LEAST_KEPT,
    Alternatives,
    Places,
    Tempering,
    cross_fit,
    fit_tempering,
    halves,
)

CELLS = 40


def questions(temperature: float, share: float, count: int = 4000, seed: int = 0) -> tuple[Alternatives, np.ndarray]:
    """Logits over cells, with truths drawn from their tempered softmax, or anywhere in a share of cases."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 3, (count, CELLS))
    kernel = np.exp(logits / temperature)
    chance = kernel / kernel.sum(1, keepdims=True)
    truth = (chance.cumsum(1) > rng.random((count, 1))).argmax(1)
    lost = rng.random(count) < share
    truth[lost] = rng.integers(0, CELLS, int(lost.sum()))
    seen = np.eye(CELLS)[truth]
    return Alternatives(list(logits), list(seen)), np.full(count, -np.log(CELLS))


@pytest.mark.parametrize(("temperature", "share"), [(1.0, 0.0), (2.0, 0.2), (0.5, 0.1)])
def test_a_known_temperature_is_recovered_within_five_percent(temperature, share):
    found = fit_tempering(*questions(temperature, share))
    assert found.temperature == pytest.approx(temperature, rel=0.05)
    assert found.prior_share == pytest.approx(share, abs=0.03)


def test_of_hand_made_scores_a_share_is_kept_and_found_again():
    rng = np.random.default_rng(4)
    logits = rng.normal(0, 1, (3000, 6))
    sharp, plain = (np.exp(logits / t) / np.exp(logits / t).sum(1, keepdims=True) for t in (0.2, 1.0))
    chance = 0.7 * sharp + 0.3 * plain
    truth = (chance.cumsum(1) > rng.random((3000, 1))).argmax(1)
    asked = Alternatives(list(logits), list(np.eye(6)[truth])), np.full(3000, -np.log(6))
    found = fit_tempering(*asked, hand_made=True)
    assert found.temperature == pytest.approx(0.2, rel=0.2)
    assert found.kept == pytest.approx(0.3, abs=0.05)
    expected = (1 - found.prior_share) * ((1 - found.kept) * sharp + found.kept * plain) + found.prior_share / 6
    told = found.log_likelihood(*asked)
    assert told.mean() == pytest.approx(np.log(expected[np.arange(3000), truth]).mean(), abs=0.01)
    assert told.mean() > fit_tempering(*asked).log_likelihood(*asked).mean()
    # Where the first is always meant, others keep what they must.
    best = Alternatives(list(logits), list(np.eye(6)[logits.argmax(1)]))
    assert fit_tempering(best, asked[1], hand_made=True).kept == pytest.approx(LEAST_KEPT, abs=1e-3)


def test_likelihood_is_the_slow_sum_over_alternatives_of_any_number():
    rng = np.random.default_rng(2)
    sizes = (1, 5, 3)
    weights, truth, bases = ([rng.normal(size=n) for n in sizes] for _ in range(3))
    truth = [np.abs(part) for part in truth]
    found = Alternatives(weights, truth, bases)(1.7)
    for i in range(3):
        kernel = np.exp(bases[i] + weights[i] / 1.7)
        assert found[i] == pytest.approx(np.log((kernel * truth[i]).sum() / kernel.sum()))
    with pytest.raises(ValueError, match="alternatives"):
        Alternatives([], [])


def test_held_out_likelihood_never_gets_worse():
    for seed in range(4):
        alternatives, prior = questions(1.0, 0.0, count=60, seed=seed)
        fit = cross_fit(alternatives.of, prior, halves(np.arange(60)))
        assert fit.after >= fit.before
    alternatives, prior = questions(3.0, 0.3, count=600)
    fit = cross_fit(alternatives.of, prior, halves(np.arange(600)))
    assert fit.after > fit.before
    assert fit.tempering.temperature > 2


def test_halves_keep_groups_together_and_are_about_equal():
    groups = np.repeat(np.arange(30), np.random.default_rng(0).integers(1, 20, 30))
    first = halves(groups)
    assert all(len(set(first[groups == g])) == 1 for g in range(30))
    assert first.mean() == pytest.approx(0.5, abs=0.1)
    with pytest.raises(ValueError, match="empty"):
        cross_fit(questions(1, 0, 4)[0].of, np.zeros(4), np.ones(4, bool))


def test_places_count_as_long_as_what_is_right_is_told_no_worse():
    alternatives, prior = questions(1.5, 0.02, count=600)
    first = halves(np.arange(600))
    alone = cross_fit(alternatives.of, prior, first)

    def places(lost: float) -> Places:
        """Truths of which a share lies where the system puts nothing."""
        at = np.where(np.random.default_rng(1).random(600) < lost, -500.0, -5.0)
        return Places(lambda rows: lambda _: at[rows], np.full(600, -12.0))

    found = cross_fit(alternatives.of, prior, first, places(0.5))
    assert found.tempering.prior_share > alone.tempering.prior_share + 0.02
    assert found.after > found.before
    assert found.places[1] > found.places[0]
    # Where any change makes the truths less likely, nothing is changed.
    hurt = Places(lambda rows: lambda t: np.full(len(rows), -10.0 * (t != 1)), np.full(600, -10.0))
    dropped = cross_fit(alternatives.of, prior, first, hurt)
    assert (dropped.tempering, dropped.after) == (Tempering(), dropped.before)


def test_truths_of_the_systems_own_density_fill_its_regions_and_its_error_is_that_of_chance():
    rng = np.random.default_rng(5)
    said = rng.random(3000)
    right = rng.random(3000) < said
    mean, most = calibration_error_by_chance(said)
    assert 0 < mean < most
    assert calibration_error(said, right) < most
    assert calibration_error(np.minimum(1, said + 0.2), right) > most
    before = rng.random(3000)  # the mass that is denser than a truth drawn from the density is uniform
    for level in (0.5, 0.9):
        share, error = coverage(before, level)
        assert abs(share - level) < 2 * error


def test_reliability_has_bins_of_equal_count():
    table = reliability([0.1, 0.9, 0.2, 0.8], [0, 1, 1, 1], bins=2)
    assert table == (Bin(2, pytest.approx(0.15), 0.5), Bin(2, pytest.approx(0.85), 1.0))
    assert [row.count for row in reliability([0.5] * 6 + [0.9], [1, 0] * 3 + [1], bins=7)] == [6, 1]
    assert calibration_error([0.1, 0.9, 0.2, 0.8], [0, 1, 1, 1], bins=2) == pytest.approx((0.35 + 0.15) / 2)
    for said in ([], [np.nan], [1.5]):
        with pytest.raises(ValueError, match="confidence"):
            reliability(said, [1] * len(said))
    with pytest.raises(ValueError, match="level"):
        coverage([0.5], 1.0)


def kind(**changes) -> KindCalibration:
    values = {
        "temperature": 2.0,
        "prior_share": 0.1,
        "of": "photos",
        "data": "holiday",
        "questions": 1200,
        "groups": 40,
        "date": "2026-01-01",
        "right": "within 25 km",
        "table": (Bin(600, 0.3, 0.31), Bin(600, 0.8, 0.78)),
        "ece": 0.02,
        "ece_before": 0.2,
        "ece_by_chance": (0.01, 0.03),
        "coverage": {"50": 0.51, "90": 0.88},
        "log_likelihood": (-12.0, -10.0),
    }
    return KindCalibration(**(values | changes))


def test_a_file_is_read_as_it_was_written_and_says_what_a_confidence_meant(tmp_path):
    path = tmp_path / "calibration.json"
    parts = {"continent": (Part("Africa", 90, 0.3, 0.28, 0.05, 0.04),)}
    written = Calibration("meadow", {"visual": kind(parts=parts), "text": kind(of="texts", kept=0.3)})
    write_calibration(path, written)
    found = read_calibration(path)
    assert found == written
    assert found.of("visual").sentence(0.75) == "This is calibrated: on 1,200 photos, 80 % meant right in 78 %"
    assert found.of("text: exact").of == "texts"
    assert found.of("scenes") is None


@pytest.mark.parametrize(
    "content",
    ["{", "{}", '{"format": 2, "model": "m", "kinds": {}}', '{"format": 1, "model": "m", "kinds": {"a": {}}}'],
)
def test_a_damaged_file_is_named(tmp_path, content):
    path = tmp_path / "calibration.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=r"calibration\.json"):
        read_calibration(path)


def test_impossible_numbers_are_refused(tmp_path):
    path = tmp_path / "calibration.json"
    for wrong in ({"temperature": -1.0}, {"prior_share": 1.0}, {"kept": 1.5}):
        write_calibration(path, Calibration("m", {"visual": kind(**wrong)}))
        with pytest.raises(DataError, match="temperature"):
            read_calibration(path)


def test_no_tempering_changes_nothing():
    logs = np.array([-3.0, -800.0])
    assert Tempering().log_likelihood(lambda _: logs, [0.0, 0.0]).tolist() == [-3.0, -690.0]

"""Calibrated answers: less sure, in the same order, and never where a position is stated."""

from __future__ import annotations

import numpy as np
import pytest

from geoclip_core.earth.disk import Disk
from geoclip_core.evaluation.calibration import Bin
from geoclip_core.evaluation.calibration_file import Calibration, KindCalibration, write_calibration
from geoclip_core.evidence.calibrated import temper
from geoclip_core.evidence.source import from_points
from geoclip_core.locate.load import load_locator
from geoclip_core.locate.locator import Locator
from geoclip_core.weights.calibration import find_calibration, own_file
from tests.photo_files import placed_photo


def kind(temperature: float = 2.0, share: float = 0.2) -> KindCalibration:
    table = (Bin(60, 0.4, 0.42), Bin(60, 0.8, 0.78))
    return KindCalibration(
        temperature, share, "texts", "made up", 120, 120, "2026-01-01", "within 25 km", table, 0.02, 0.1, (0.01, 0.03),
        {"50": 0.5, "90": 0.9}, (-2.0, -1.0),
    )  # fmt: skip


def with_calibration(locator: Locator, calibration: Calibration | None) -> Locator:
    parts = (locator.sources, locator.encoder, locator.gallery, locator.scale)
    return Locator("embedded", *parts, shown=locator.shown, calibration=calibration)


@pytest.fixture(scope="module")
def bare(embedded_locator) -> Locator:
    return with_calibration(embedded_locator, None)


@pytest.fixture(scope="module")
def sober(embedded_locator) -> Locator:
    return with_calibration(embedded_locator, Calibration("embedded", {"text": kind()}))


@pytest.mark.parametrize("text", ["Springfield", "Paris", "Desert"])
def test_the_order_of_candidates_stays_and_what_is_left_could_be_anywhere(bare, sober, text):
    before, after = bare.locate(text=text), sober.locate(text=text)
    assert [c.label for c in after.candidates] == [c.label for c in before.candidates]
    assert sum(c.probability for c in after.candidates) <= 0.8 + 1e-9
    assert after.candidates[0].probability < before.candidates[0].probability
    assert after.posterior.probability.sum() == pytest.approx(1)
    assert after.posterior.named.sum() == pytest.approx(0.8)
    assert (after.posterior.named <= after.posterior.probability + 1e-15).all()
    rest = after.posterior.probability - after.posterior.named
    own = after.posterior.latlon[: len(sober.gallery)]
    assert own.shape[0] == len(sober.gallery)
    spread = sober.gallery.weights / sober.gallery.weights.sum()
    assert rest[: len(sober.gallery)] == pytest.approx(0.2 * spread, rel=0.1)


def test_an_answer_says_what_its_confidence_meant(bare, sober):
    told, silent = sober.locate(text="Paris"), bare.locate(text="Paris")
    assert told.calibrated
    assert told.to_dict()["calibrated"] is True
    assert "on 120 texts, " in told.confidence_text()
    assert "% meant right in" in told.to_dict()["calibration"]
    assert not silent.calibrated
    assert silent.to_dict()["calibrated"] is False
    assert "not calibrated" in silent.confidence_text()


def test_stated_positions_and_what_was_not_measured_stay_as_they_are(bare, sober):
    stated = sober.locate(text="48.8584, 2.2945")
    assert stated.candidates[0].probability == bare.locate(text="48.8584, 2.2945").candidates[0].probability
    assert not stated.calibrated
    placed = sober.locate(placed_photo((10.5, 20.25)))
    assert placed.candidates[0].probability == pytest.approx(1)
    assert not placed.calibrated
    assert not sober.locate(text="Paris", region="FR").calibrated
    assert not sober.locate(placed_photo((48.85, 2.35)), text="Paris").calibrated


def test_witnesses_that_disagree_are_still_found(sober):
    told = sober.locate(placed_photo((-33.86, 151.2)), text="Reykjavik")
    assert any("different places" in warning for warning in told.warnings)


def test_no_temperature_changes_nothing():
    rng = np.random.default_rng(0)
    points, weights = rng.uniform(-60, 60, (6, 2)), rng.random(6)
    part = from_points("text", "made up", points, weights, np.full(6, 10.0), alternative=np.array([0, 0, 0, 1, 1, 2]))
    assert temper(part, 1.0, 0.0).weights == pytest.approx(part.weights)
    flat = temper(part, 1e9, 0.0)
    assert np.bincount(part.alternative, flat.weights) == pytest.approx([1 / 3] * 3)
    assert flat.weights[0] / flat.weights[1] == pytest.approx(part.weights[0] / part.weights[1])


def test_each_alternative_keeps_a_share_of_what_its_score_gave_it():
    rng = np.random.default_rng(0)
    points, weights = rng.uniform(-60, 60, (6, 2)), rng.random(6)
    disks = tuple(Disk(str(i), (0.0, float(i)), 10.0, w) for i, w in enumerate((0.6, 0.3, 0.1)))
    part = from_points("text", "made up", points, weights, np.full(6, 10.0), disks, np.array([0, 0, 0, 1, 1, 2]))
    sharp, kept = temper(part, 0.1, 0.0), temper(part, 0.1, 0.0, 0.25)
    assert kept.weights == pytest.approx(0.75 * sharp.weights + 0.25 * part.weights)
    assert sharp.disks[2].weight < 1e-7
    assert kept.disks[2].weight == pytest.approx(0.025)
    assert sum(disk.weight for disk in kept.disks) == pytest.approx(1)


@pytest.mark.parametrize(
    ("text", "needed"), [("Paris", {"FR", "US"}), ("Cambridge", {"GB", "US"}), ("Santiago", {"CL", "DO", "PH"})]
)
def test_the_shipped_calibration_leaves_all_readings_of_a_name_in_the_answer(embedded_locator, text, needed):
    found = embedded_locator.locate(text=text, top_k=10)
    assert found.calibrated
    assert needed <= {candidate.place.country_code for candidate in found.candidates}
    # However sure the first is, the others are not nothing.
    assert sum(candidate.probability for candidate in found.candidates[1:]) > 0.01


def test_a_model_is_loaded_with_the_users_own_calibration(tmp_path, monkeypatch):
    monkeypatch.setenv("GEOCLIP_MODELS", str(tmp_path))
    write_calibration(own_file("embedded"), Calibration("embedded", {"text": kind(3.0, 0.5)}))
    locator = load_locator("embedded")
    assert locator.calibration is not None
    assert locator.calibration.kinds["text"].prior_share == 0.5
    assert find_calibration("geoclip") is None

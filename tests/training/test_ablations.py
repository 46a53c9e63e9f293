"""The ablations: every row of the table can be trained, and each is what its name says."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import typer
from typer.testing import CliRunner

from geoclip_core.errors import GeoclipError
from geoclip_core.learning.overhead import ablations as overhead_ablations
from geoclip_core.learning.overhead.ablations import MEASURED, VARIANTS, ViewFeatures, measure
from geoclip_core.learning.overhead.sampling import land_cells
from geoclip_core.model.location_encoders import MlpLocationEncoder
from training import ablations


@pytest.fixture
def features() -> tuple[ViewFeatures, ViewFeatures]:
    """Features that state the place plainly, with noise."""
    rng = np.random.default_rng(0)
    latlon = np.stack([rng.uniform(-70, 70, 260), rng.uniform(-180, 180, 260)], 1)
    angles = np.radians(latlon)
    clean = np.concatenate([np.sin(k * angles) for k in (1, 2, 3)] + [np.cos(k * angles) for k in (1, 2, 3)], 1)
    values = torch.from_numpy(clean[:, None] + rng.normal(0, 0.02, (260, 4, 12))).float()
    return ViewFeatures(latlon[:200], values[:200]), ViewFeatures(latlon[200:], values[200:, :1])


@pytest.mark.slow
def test_every_variant_trains_and_is_measured(features, monkeypatch: pytest.MonkeyPatch) -> None:
    gallery = land_cells(4_000)
    monkeypatch.setattr(overhead_ablations, "land_cells", lambda: gallery)  # a full one only takes longer
    built = []
    learner = overhead_ablations.GeoLearner
    monkeypatch.setattr(overhead_ablations, "GeoLearner", lambda *args: built.append(learner(*args)) or built[-1])
    for variant in VARIANTS:
        found = measure(variant, 0, 2, 16, features)
        assert set(found) == set(MEASURED)
        assert np.isfinite(list(found.values())).all()
    by_name = dict(zip(VARIANTS, built, strict=True))
    assert isinstance(by_name["no Fourier features"].location_encoder, MlpLocationEncoder)
    assert not by_name["no Equal Earth"].location_encoder.projection
    assert len(by_name["no queue"].queue) == 0
    assert by_name["sigmas 1, 16, 256 (paper)"].location_encoder.sigmas == (1.0, 16.0, 256.0)


def test_views_of_a_place_are_drawn_without_repeating(features) -> None:
    source = ViewFeatures(features[0].latlon, features[0].features, 3)
    rows = np.array([5, 0])
    batch = source.training_batch(rows, 0, 1)
    same = (batch.inputs[:, :, None] == features[0].features[rows][:, None]).all(-1)
    assert (same.sum(2) == 1).all()
    assert (same.sum(1) <= 1).all()
    assert torch.equal(batch.inputs, source.training_batch(rows, 0, 1).inputs)
    assert torch.equal(source.validation_batch(rows).inputs[:, 0], features[0].features[rows, 0])


def test_the_table_holds_mean_and_spread_and_a_run_goes_on(features, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ablations, "precompute_features", lambda *_: features)
    measured = []
    monkeypatch.setattr(
        ablations,
        "measure",
        lambda variant, seed, *_: measured.append((variant, seed)) or dict.fromkeys(MEASURED, 0.1 * (seed + 1)),
    )
    command = typer.Typer()
    command.command()(ablations.main)
    arguments = ["baseline", "no queue", "--out", str(tmp_path), "--table", str(tmp_path / "t.md"), "--seeds"]
    for seeds in ("2", "3"):
        done = CliRunner().invoke(command, [*arguments, seeds], catch_exceptions=False)
        assert done.exit_code == 0, done.output
    assert measured == [(v, s) for s in range(3) for v in ("baseline", "no queue")]
    assert "| no queue | 3 | 20.0 ± 10.0 |" in (tmp_path / "t.md").read_text()
    assert "no queue" in done.output
    with pytest.raises(GeoclipError, match=r"There is no variant 'no que'\. Allowed: baseline, no Equal Earth"):
        ablations.main(["no que"], out=tmp_path)

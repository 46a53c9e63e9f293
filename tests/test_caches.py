"""What is remembered has bounds: memory does not grow with the number of questions."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest
import torch

from geoclip_core.earth.regions import parse_region
from geoclip_core.locate.gallery import load_gallery
from geoclip_core.model.location_encoder import LocationEncoder

PACKAGE = Path(__file__).resolve().parents[1] / "geoclip_core"

FEW_VALUES = {
    "_phrases": "roles of a table",
    "_towns_of": "countries",
    "continent_region": "continents",
    "ramp": "dark or light",
    "words_of": "roles of a table",
}
"""Functions whose results are all remembered, and what few things they are asked about."""


def is_unbounded(decorator: ast.expr) -> bool:
    written = ast.unparse(decorator).removeprefix("functools.")
    return written in ("cache", "lru_cache(None)", "lru_cache(maxsize=None)")


def test_caches_without_a_bound_are_of_few_values() -> None:
    found = {
        node.name
        for path in PACKAGE.rglob("*.py")
        if "cache" in (text := path.read_text(encoding="utf-8"))
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef) and node.args.args and any(map(is_unbounded, node.decorator_list))
    }
    assert found == set(FEW_VALUES)


def test_a_gallery_remembers_some_regions_and_answers_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geoclip_core.locate.gallery._REGIONS_KEPT", 8)
    with torch.random.fork_rng():
        encoder = LocationEncoder((1.0,), rows=2, width=4, dim=4)
    points = np.random.default_rng(0).uniform((-80, -180), (80, 180), (50, 2))
    gallery = load_gallery(encoder, points)
    regions = [parse_region(f"{lat / 10},0,{3000 + lat}") for lat in range(20)]
    for region in regions:
        assert np.array_equal(gallery.inside(region), region.contains(gallery.latlon))
    assert gallery._inside.cache_info().currsize == 8  # type: ignore[attr-defined]
    assert np.array_equal(gallery.inside(regions[0]), regions[0].contains(gallery.latlon))

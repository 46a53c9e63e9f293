"""The table that the project's authors wrote: its form, and its positions against public data."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from geoclip_core.earth.coordinates import check_latlon
from geoclip_core.earth.countries import country_at
from geoclip_core.earth.distance import great_circle_km
from geoclip_core.files import asset_path
from geoclip_core.places.names import normalise

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"


@pytest.fixture(scope="module")
def rows():
    with asset_path("landmarks.csv").open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def points(rows):
    return np.array([(float(r["latitude"]), float(r["longitude"])) for r in rows])


def test_the_table_is_well_formed(rows):
    assert list(rows[0]) == ["name", "kind", "part", "latitude", "longitude", "extent_km", "country_code", "aliases"]
    check_latlon(points(rows))
    assert all(0 < float(r["extent_km"]) <= 5000 for r in rows)
    assert all(len(r["country_code"]) in (0, 2) and r["country_code"] == r["country_code"].upper() for r in rows)
    keys = [(r["name"], r["kind"], r["part"], r["latitude"], r["longitude"]) for r in rows]
    assert len(set(keys)) == len(keys)
    assert not [r for r in rows if r["name"] != r["name"].strip() or not r["name"]]


def test_there_are_enough_of_each(rows):
    kinds = defaultdict(set)
    for row in rows:
        kinds[row["kind"]].add(row["name"])
    parts = defaultdict(int)
    for row in rows:
        if row["kind"] == "landscape":
            parts[row["name"]] += 1
    assert len(kinds["landscape"]) >= 150
    assert min(parts.values()) >= 3, "a kind of landscape occurs in several regions"
    administrative = {"landscape", "region", "historical region", "macro region", "continent"}
    assert sum(len(names) for kind, names in kinds.items() if kind not in administrative) >= 1000


def test_country_codes_agree_with_the_map(rows):
    coded = [r for r in rows if r["country_code"] and r["kind"] not in ("landscape", "macro region", "continent")]
    found = country_at(points(coded), tolerance_km=20)
    wrong = [
        r["name"]
        for r, code in zip(coded, found, strict=True)
        # Overseas parts that Natural Earth draws as one with their country.
        if code not in ("", r["country_code"]) and float(r["extent_km"]) < 10
    ]
    assert len(wrong) <= 0.01 * len(coded), wrong


@pytest.mark.parametrize("file", ["unesco_sites.csv", "wikidata_places_dev.csv"])
def test_positions_agree_with_public_data(rows, file):
    """Same name, same place: off by more than its extent and 5 km are homonyms and coarse references only."""
    source = DATA / "text" / file
    if not source.is_file():
        pytest.skip(f"{source} is not here")
    ours = defaultdict(list)
    for row in rows:
        ours[normalise(row["name"])].append(row)
    checked, off = 0, []
    with source.open(newline="", encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            same = ours.get(normalise(row["name"]))
            if same:
                checked += 1
                truth = (float(row["latitude"]), float(row["longitude"]))
                away = great_circle_km(truth, points(same)) - [float(r["extent_km"]) for r in same]
                if away.min() > 5:
                    off.append((row["name"], round(float(away.min()))))
    assert checked >= 20
    assert len(off) <= 0.2 * checked, off

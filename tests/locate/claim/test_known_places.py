"""Claims held against photos whose places are known: the truth lies inside as often as stated, another country outside.

The photos are the public ones of ``../shared/data``, which no part of the model was fitted to.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from geoclip_core.earth.distance import great_circle_km
from geoclip_core.errors import NoEvidenceError
from geoclip_core.locate.claim.check import ClaimCheck
from geoclip_core.locate.locator import Locator

pytestmark = pytest.mark.slow

EVERY = 21  # of 874 photos: 42
FAR = {"Argentina": (-34.6, -58.4), "Japan": (35.7, 139.7), "Norway": (59.9, 10.7), "South Africa": (-26.2, 28.0)}


def rows(folder: Path) -> list[tuple[Path, tuple[float, float]]]:
    with (folder / "photos.csv").open(encoding="utf-8", newline="") as stream:
        return [
            (folder / "photos" / row["image"], (float(row["latitude"]), float(row["longitude"])))
            for row in csv.DictReader(stream)
        ]


def test_the_true_place_is_inside_as_often_as_stated(embedded_locator: Locator, shared_data: Path) -> None:
    checks: list[ClaimCheck] = []
    for photo, place in rows(shared_data / "im2gps3k_cc")[::EVERY]:
        try:
            checks.append(embedded_locator.check(photo, place))
        except NoEvidenceError:  # and so no verdict
            continue
    assert len(checks) >= 30
    for level in (0.5, 0.9):
        inside = sum(check.level < level for check in checks) / len(checks)
        spread = (level * (1 - level) / len(checks)) ** 0.5
        assert abs(inside - level) <= 3 * spread, f"{inside:.2f} of the true places are inside the {level:.0%} region"
    assert sum(check.verdict == "contradicted" for check in checks) <= 0.1 * len(checks)


def test_another_country_than_the_files_position_is_outside(embedded_locator: Locator, shared_data: Path) -> None:
    told = 0
    for photo, place in rows(shared_data / "exif")[::4]:
        away = max(FAR, key=lambda name: float(great_circle_km(FAR[name], place)))
        found = embedded_locator.check(photo, away)
        assert (found.verdict, found.inside) == ("contradicted", None), photo.name
        assert embedded_locator.check(photo, place).verdict == "not contradicted", photo.name
        told += 1
    assert told >= 6

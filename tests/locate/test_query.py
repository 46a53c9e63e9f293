"""What makes two questions the same one."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
import torch

from geoclip_core.earth.disk import Disk
from geoclip_core.earth.regions import parse_region
from geoclip_core.evidence.source import Evidence, from_points
from geoclip_core.locate.query import Query
from tests.photo_files import placed_photo

POINT = np.array([[10.0, 20.0]])


def stated(error_km: float) -> Evidence:
    disk = Disk("", (10.0, 20.0), error_km)
    return from_points("exif", "a position", POINT, np.ones(1), np.array([error_km]), (disk,))


OTHER = {
    "kind": "text",
    "label": "another",
    "vectors": torch.eye(4)[:1],
    "weights": np.array([0.5]),
    "points": POINT + 1,
    "spread_km": np.array([7.0]),
    "disks": (),
    "power": 0.5,
    "stated_latlon": (1.0, 2.0),
    "witness": "photo 2",
    "group": 1,
    "region_share": 0.5,
    "alternative": np.array([1]),
    "calibrated_as": "text: exact",
    "prior_share": 0.1,
    "regions": (parse_region("FR"),),
    "reliability": 0.5,
    "band": "long name",
}


@pytest.mark.parametrize("name", [field.name for field in fields(Evidence)])
def test_the_key_covers_every_field_of_the_evidence(name):
    before = stated(0.005)
    if name == "vectors":
        before = Evidence("visual", "a photo", np.ones(1), torch.eye(4)[1:2])
    if name == "regions":
        before = Evidence("scenes", "a castle", np.ones(1), regions=(parse_region("DE"),))
    query = Query((before,))
    assert Query((replace(before),)).key == query.key
    assert Query((replace(before, **{name: OTHER[name]}),)).key != query.key


def test_the_key_covers_the_region_and_the_order():
    query = Query((stated(0.005), stated(3.0)))
    assert query.within(parse_region("FR")).key != query.key
    assert Query(query.evidence[::-1]).key != query.key
    assert {field.name for field in fields(Query)} == {"evidence", "region"}


def test_two_errors_of_one_position_are_two_questions(embedded_locator):
    """A photo once got another one's radius: the key left the spread out."""
    radii = [
        embedded_locator.locate(placed_photo((10.123456, 20.654321), error_m=error_m)).candidates[0].radius_km
        for error_m in (5.0, 3000.0)
    ]
    assert radii[0] == pytest.approx(0.005)
    assert radii[1] == pytest.approx(3.0 * 0.5**0.5, rel=0.1)  # half of a disk
